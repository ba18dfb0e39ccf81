# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_again" wrong="took the kept answers for kept pictures"
prediction = "a"

# %% answer="predict_again" wrong="forgot that answers are kept"
prediction = "c"

# %% answer="predict_again" wrong="wrote the number of pictures"
prediction = 6

# %% answer="pause" wrong="took the answer 0 for no answer"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries >= most:
        return None
    seconds = int(retry_after or 0)
    if not seconds:
        return 2 ** (tries - 1)
    return seconds if seconds <= ceiling else None

# %% answer="pause" wrong="gave the header's text back"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries >= most:
        return None
    if retry_after is None:
        return 2 ** (tries - 1)
    return retry_after if int(retry_after) <= ceiling else None

# %% answer="pause" wrong="waited the ceiling instead of giving up"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries >= most:
        return None
    if retry_after is None:
        return 2 ** (tries - 1)
    return min(int(retry_after), ceiling)

# %% answer="pause" wrong="gave up at the ceiling itself"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries >= most:
        return None
    if retry_after is None:
        return 2 ** (tries - 1)
    return int(retry_after) if int(retry_after) < ceiling else None

# %% answer="pause" wrong="began the backoff at two seconds"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries >= most:
        return None
    if retry_after is None:
        return 2**tries
    return int(retry_after) if int(retry_after) <= ceiling else None

# %% answer="pause" wrong="obeyed the header even after the last try"
def pause(retry_after, tries, ceiling=60, most=4):
    if retry_after is not None:
        return int(retry_after) if int(retry_after) <= ceiling else None
    return 2 ** (tries - 1) if tries < most else None

# %% answer="pause" wrong="held the backoff under the ceiling, too"
def pause(retry_after, tries, ceiling=60, most=4):
    seconds = 2 ** (tries - 1) if retry_after is None else int(retry_after)
    return seconds if tries < most and seconds <= ceiling else None

# %% answer="pause" wrong="added backoff to what the server asked for"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries >= most:
        return None
    backoff = 2 ** (tries - 1)
    if retry_after is None:
        return backoff
    seconds = int(retry_after) * (backoff if tries > 2 else 1)
    return seconds if seconds <= ceiling else None

# %% answer="pause" wrong="gave up only in the very try called most"
def pause(retry_after, tries, ceiling=60, most=4):
    if tries == most:
        return None
    if retry_after is None:
        return 2 ** (tries - 1)
    return int(retry_after) if int(retry_after) <= ceiling else None

# %% answer="pause" right="one condition after the other, by bit shifts"
def pause(retry_after, tries, ceiling=60, most=4):
    seconds = None
    if tries < most and retry_after is None:
        seconds = 1 << (tries - 1)
    elif tries < most and float(retry_after) <= ceiling:
        seconds = float(retry_after)
    return seconds

# %% answer="spans" wrong="every year a span of its own"
def spans(first, last, count, most=1010):
    return [(year, year) for year in range(first, last + 1)]

# %% answer="spans" wrong="halved the years until they fitted"
def spans(first, last, count, most=1010):
    if first == last or count(first, last) <= most:
        return [(first, last)]
    middle = (first + last) // 2
    return spans(first, middle, count, most) + spans(middle + 1, last, count, most)

# %% answer="spans" wrong="forgot the last span"
def spans(first, last, count, most=1010):
    found, begin = [], first
    for year in range(first, last):
        if count(begin, year + 1) > most:
            found.append((begin, year))
            begin = year + 1
    return found

# %% answer="spans" wrong="let the next span begin where the last one ended"
def spans(first, last, count, most=1010):
    found = []
    while first < last:
        end = first + 1
        while end < last and count(first, end + 1) <= most:
            end += 1
        found.append((first, end))
        first = end
    return found

# %% answer="spans" wrong="took fewer than most for at most"
def spans(first, last, count, most=1010):
    found = []
    while first <= last:
        end = first
        while end < last and count(first, end + 1) < most:
            end += 1
        found.append((first, end))
        first = end + 1
    return found

# %% answer="spans" wrong="ignored most"
def spans(first, last, count, most=1010):
    found = []
    while first <= last:
        end = first
        while end < last and count(first, end + 1) <= 1010:
            end += 1
        found.append((first, end))
        first = end + 1
    return found

# %% answer="spans" wrong="counted with the check's table instead of the argument"
def spans(first, last, count, most=1010):
    found, total = [(first, first)], released.get(first, 0)
    for year in range(first + 1, last + 1):
        total += released.get(year, 0)
        if total <= most:
            found[-1] = (found[-1][0], year)
        else:
            found.append((year, year))
            total = released.get(year, 0)
    return found

# %% answer="spans" right="adds one year after the other to the last span"
def spans(first, last, count, most=1010):
    found = []
    for year in range(first, last + 1):
        if found and count(found[-1][0], year) <= most:
            found[-1][1] = year
        else:
            found.append([year, year])
    return found

# %% answer="spans" right="as a generator, from back to front within a span"
def spans(first, last, count, most=1010):
    while first <= last:
        end = next((b for b in range(last, first, -1) if count(first, b) <= most), first)
        yield first, end
        first = end + 1

# %% answer="miss" wrong="gave back the nearest tempo instead of the distance"
def miss(tempos):
    return min(tempos, key=lambda tempo: abs(tempo - np.mean(tempos)))

# %% answer="miss" wrong="averaged the distances"
def miss(tempos):
    return np.abs(np.array(tempos) - np.mean(tempos)).mean()

# %% answer="miss" wrong="took the median for the mean"
def miss(tempos):
    return np.abs(np.array(tempos) - np.median(tempos)).min()

# %% answer="miss" wrong="forgot the minimum"
def miss(tempos):
    return np.abs(np.array(tempos) - np.mean(tempos))

# %% answer="miss" wrong="forgot that a distance has no sign"
def miss(tempos):
    return np.min(np.array(tempos) - np.mean(tempos))

# %% answer="miss" wrong="took it for granted that the tempos are sorted"
def miss(tempos):
    mean = np.mean(tempos)
    above = np.searchsorted(tempos, mean)
    around = [tempos[i] for i in (above - 1, above) if 0 <= i < len(tempos)]
    return min(abs(tempo - mean) for tempo in around)

# %% answer="miss" wrong="sorted the list that it was given"
def miss(tempos):
    if isinstance(tempos, list):
        tempos.sort()
    return min(abs(tempo - sum(tempos) / len(tempos)) for tempo in tempos)

# %% answer="miss" wrong="rounded to whole beats"
def miss(tempos):
    return min(abs(round(tempo) - round(np.mean(tempos))) for tempo in tempos)

# %% answer="miss" right="in plain Python"
def miss(tempos):
    mean = sum(tempos) / len(tempos)
    return min(abs(tempo - mean) for tempo in tempos)

# %% answer="spans" wrong="asked beyond the last year, for ever"
def spans(first, last, count, most=1010):
    found = []
    while first <= last:
        end = first
        while count(first, end + 1) <= most:
            end += 1
        found.append((first, end))
        first = end + 1
    return found

# %% answer="spans" wrong="never went on to the next span"
def spans(first, last, count, most=1010):
    found = []
    while first <= last:
        end = first
        while end < last and count(first, end + 1) <= most:
            end += 1
        found.append((first, end))
    return found

# %% answer="spans" right="asks before it looks whether there is a next year"
def spans(first, last, count, most=1010):
    found = []
    while first <= last:
        end = first
        while count(first, end + 1) <= most and end < last:
            end += 1
        found.append((first, end))
        first = end + 1
    return found
