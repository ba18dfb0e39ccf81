# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_hash" wrong="thought that a hash minds blocks"
prediction = "a"

# %% answer="predict_hash" wrong="thought that a hash minds brightness"
prediction = "b"

# %% answer="predict_hash" wrong="wrote a capital letter"
prediction = "C"

# %% answer="colourful" wrong="took the extremes of the whole picture"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        pixels = np.asarray(picture.image)
        if np.max(pixels.max(axis=(0, 1)) - pixels.min()) < self.least or len(np.unique(pixels)) == 1:
            raise Rejected("flat")
        if pixels.reshape(-1, 3).std(axis=0).max() == 0 and np.ptp(pixels) < self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="averaged the picture first"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        colour = np.asarray(picture.image).mean(axis=(0, 1))
        if colour.max() - colour.min() < self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="took the most colourful pixel for the picture"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        pixels = np.asarray(picture.image)
        if (pixels.max(axis=2) - pixels.min(axis=2)).max() < self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="took the median of the pixels"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        if np.median(np.ptp(np.asarray(picture.image), axis=2)) < self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="subtracted red and blue as bytes, which run over"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        pixels = np.asarray(picture.image)
        if (pixels[..., 0] - pixels[..., 2]).mean() < self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="refused what is exactly at the limit"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        if np.ptp(np.asarray(picture.image), axis=2).mean() <= self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="wrote 20 into the code"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        if np.ptp(np.asarray(picture.image), axis=2).mean() < 20:
            raise Rejected("flat")
        return picture

# %% answer="colourful" wrong="gave nothing back"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        if np.ptp(np.asarray(picture.image), axis=2).mean() < self.least:
            raise Rejected("flat")

# %% answer="colourful" wrong="gave a reason that is not on the list"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        if np.ptp(np.asarray(picture.image), axis=2).mean() < self.least:
            raise Rejected("grey")
        return picture

# %% answer="colourful" wrong="returned the pixels instead of the picture"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        picture = np.asarray(picture.image)
        if np.ptp(picture, axis=2).mean() < self.least:
            raise Rejected("flat")
        return picture

# %% answer="colourful" right="channel by channel, without axis"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        red, green, blue = np.asarray(picture.image, float).transpose(2, 0, 1)
        strongest = np.maximum(np.maximum(red, green), blue)
        weakest = np.minimum(np.minimum(red, green), blue)
        if np.mean(strongest - weakest) >= self.least:
            return picture
        raise Rejected("flat")

# %% answer="average_cover" wrong="read all covers at once"
def average_cover(covers, chunk=100):
    return covers.images.mean(axis=0)

# %% answer="average_cover" wrong="read all covers at once, through a slice"
def average_cover(covers, chunk=100):
    return np.mean(covers[:], axis=0)

# %% answer="average_cover" wrong="averaged the averages of chunks"
def average_cover(covers, chunk=100):
    return np.mean([covers[i : i + chunk].mean(axis=0) for i in range(0, len(covers), chunk)], axis=0)

# %% answer="average_cover" wrong="ignored chunk"
def average_cover(covers, chunk=100):
    total = np.zeros((covers.size, covers.size, 3))
    for start in range(0, len(covers), 100):
        total += covers[start : start + 100].sum(axis=0)
    return total / len(covers)

# %% answer="average_cover" wrong="left the short last chunk out"
def average_cover(covers, chunk=100):
    total = np.zeros((covers.size, covers.size, 3))
    for number in range(len(covers) // chunk):
        total += covers[number * chunk : (number + 1) * chunk].sum(axis=0)
    return total / len(covers)

# %% answer="average_cover" wrong="forgot to divide"
def average_cover(covers, chunk=100):
    return sum(covers[i : i + chunk].sum(axis=0) for i in range(0, len(covers), chunk))

# %% answer="average_cover" wrong="divided in every round"
def average_cover(covers, chunk=100):
    total = np.zeros((covers.size, covers.size, 3))
    for start in range(0, len(covers), chunk):
        total = (total + covers[start : start + chunk].sum(axis=0)) / len(covers)
    return total

# %% answer="average_cover" wrong="added up in bytes, which run over"
def average_cover(covers, chunk=100):
    total = np.zeros((covers.size, covers.size, 3), np.uint8)
    for start in range(0, len(covers), chunk):
        total += covers[start : start + chunk].sum(axis=0, dtype=np.uint8)
    return total / len(covers)

# %% answer="average_cover" wrong="averaged over height and width, too"
def average_cover(covers, chunk=100):
    return sum(covers[i : i + chunk].sum(axis=(0, 1, 2)) for i in range(0, len(covers), chunk)) / len(covers)

# %% answer="average_cover" wrong="read one cover after the other and kept them all"
def average_cover(covers, chunk=100):
    return np.mean([covers[i] for i in range(len(covers))], axis=0)

# %% answer="average_cover" wrong="read slices of twice the length"
def average_cover(covers, chunk=100):
    starts = range(0, len(covers), 2 * chunk)
    return sum(covers[start : start + 2 * chunk].sum(axis=0) for start in starts) / len(covers)

# %% answer="average_cover" wrong="read slices and kept them all"
def average_cover(covers, chunk=100):
    slices = [covers[start : start + chunk] for start in range(0, len(covers), chunk)]
    return np.concatenate(slices).mean(axis=0)

# %% answer="average_cover" right="keeps a running mean, weighted by the length of each chunk"
def average_cover(covers, chunk=100):
    mean, seen = 0.0, 0
    for start in range(0, len(covers), chunk):
        part = covers.images[start : start + chunk].astype(np.float64)
        seen += len(part)
        mean = mean + (part.mean(axis=0) - mean) * len(part) / seen
    return mean

# %% answer="average_cover" right="one cover after the other"
def average_cover(covers, chunk=100):
    total = 0.0
    for index in range(len(covers)):
        total = total + covers[index].astype(np.float32)
    return total / len(covers)

# %% answer="leak" wrong="counted covers without an artist as leaked"
def leak(train_artists, test_artists):
    return np.mean([artist in set(train_artists) for artist in test_artists])

# %% answer="leak" wrong="counted covers without an artist among the test covers"
def leak(train_artists, test_artists):
    return np.mean([bool(artist) and artist in train_artists for artist in test_artists])

# %% answer="leak" wrong="counted artists instead of covers"
def leak(train_artists, test_artists):
    known = set(test_artists) - {""}
    return len(known & set(train_artists)) / len(known)

# %% answer="leak" wrong="counted artists above and covers below the line"
def leak(train_artists, test_artists):
    shared = set(train_artists) & set(test_artists) - {""}
    return len(shared) / sum(artist != "" for artist in test_artists)

# %% answer="leak" wrong="asked for training covers in the test"
def leak(train_artists, test_artists):
    return np.mean([artist in test_artists for artist in train_artists if artist])

# %% answer="leak" wrong="gave the number instead of the share"
def leak(train_artists, test_artists):
    return sum(artist in train_artists for artist in test_artists if artist)

# %% answer="leak" wrong="looked for names within one long text"
def leak(train_artists, test_artists):
    text = " ".join(train_artists)
    return np.mean([artist in text for artist in test_artists if artist])

# %% answer="leak" right="with isin"
def leak(train_artists, test_artists):
    named = np.array([artist for artist in test_artists if artist], dtype=object)
    return float(np.isin(named, list(train_artists)).sum()) / max(len(named), 1)

# %% answer="leak" right="with a counter of the training covers"
def leak(train_artists, test_artists):
    leaked = named = 0
    for artist in test_artists:
        if artist == "":
            continue
        named += 1
        leaked += list(train_artists).count(artist) > 0
    return leaked / named

# %% answer="colourful" wrong="gave the refusal back instead of raising it"
@dataclass(frozen=True)
class Colourful:
    least: float = 20

    def __call__(self, picture):
        pixels = np.asarray(picture.image)
        if (pixels.max(axis=2) - pixels.min(axis=2)).mean() < self.least:
            return Rejected("flat")
        return picture
