# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_artists" wrong="took the chart to be shared out evenly"
prediction = "a"

# %% answer="predict_artists" wrong="forgot that every artist has a row"
prediction = "c"

# %% answer="predict_artists" wrong="wrote a share instead of a letter"
prediction = 0.5

# %% answer="kind" wrong="returned True and False"
def kind(content):
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"<"))

# %% answer="kind" wrong="took every RIFF file for a picture"
def kind(content):
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG"):
        return "png"
    if content.startswith(b"RIFF"):
        return "webp"
    return "html" if content.lstrip().startswith(b"<") else None

# %% answer="kind" wrong="looked for the marks anywhere in the file"
def kind(content):
    for mark, name in ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG", "png"), (b"WEBP", "webp"), (b"<", "html")):
        if mark in content:
            return name

# %% answer="kind" wrong="compared two bytes of three"
def kind(content):
    if content[:2] == b"\xff\xd8":
        return "jpeg"
    if content[:4] == b"\x89PNG":
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "html" if content.lstrip()[:1] == b"<" else None

# %% answer="kind" wrong="did not expect white space before a web page"
def kind(content):
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG"):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return "html" if content.startswith(b"<") else None

# %% answer="kind" wrong="stripped white space from pictures, too"
def kind(content):
    content = content.strip()
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG"):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return "html" if content.startswith(b"<") else None

# %% answer="kind" wrong="looked for WEBP without RIFF"
def kind(content):
    if content[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if content[:4] == b"\x89PNG":
        return "png"
    if content[8:12] == b"WEBP":
        return "webp"
    if content.lstrip()[:1] == b"<":
        return "html"

# %% answer="kind" wrong="read bytes that an empty file has not got"
def kind(content):
    if content[0] == 0xFF and content[1] == 0xD8 and content[2] == 0xFF:
        return "jpeg"
    if content[0] == 0x89 and content[1:4] == b"PNG":
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "html" if content.lstrip()[0] == ord("<") else None

# %% answer="kind" right="with a pattern"
import re
def kind(content):
    patterns = {"jpeg": rb"\xff\xd8\xff", "png": rb"\x89PNG", "webp": rb"(?s)RIFF.{4}WEBP", "html": rb"\s*<"}
    return next((name for name, pattern in patterns.items() if re.match(pattern, content)), None)

# %% answer="my_pace" wrong="never noted when a request was sent"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        while self.sent is not None and self.clock.now() < self.sent + self.interval:
            self.clock.sleep(self.interval)

# %% answer="my_pace" wrong="slept before every request, the first included"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock

    def wait(self):
        self.clock.sleep(self.interval)

# %% answer="my_pace" wrong="noted the time before the sleep"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        now = self.clock.now()
        if self.sent is not None and now < self.sent + self.interval:
            self.clock.sleep(self.sent + self.interval - now)
        self.sent = now

# %% answer="my_pace" wrong="counted from when the turn was due"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.due = None

    def wait(self):
        if self.due is None:
            self.due = self.clock.now()
        if self.clock.now() < self.due:
            self.clock.sleep(self.due - self.clock.now())
        self.due += self.interval

# %% answer="my_pace" wrong="looked at the clock in a loop and never slept"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        while self.sent is not None and self.clock.now() < self.sent + self.interval:
            pass
        self.sent = self.clock.now()

# %% answer="my_pace" wrong="wrote the two seconds of the check into the code"
class MyPace:
    def __init__(self, interval, clock):
        self.clock = clock
        self.sent = None

    def wait(self):
        while self.sent is not None and self.clock.now() < self.sent + 2:
            self.clock.sleep(self.sent + 2 - self.clock.now())
        self.sent = self.clock.now()

# %% answer="my_pace" wrong="slept a negative time when there was nothing to wait for"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        if self.sent is not None:
            self.clock.sleep(self.sent + self.interval - self.clock.now())
        self.sent = self.clock.now()

# %% answer="my_pace" wrong="slept the whole interval although part of it had passed"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        if self.sent is not None and self.clock.now() < self.sent + self.interval:
            self.clock.sleep(self.interval)
        self.sent = self.clock.now()

# %% answer="my_pace" wrong="took a request at the time 0 for none"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        while self.sent and self.clock.now() < self.sent + self.interval:
            self.clock.sleep(self.sent + self.interval - self.clock.now())
        self.sent = self.clock.now()

# %% answer="my_pace" wrong="kept the time where all servers share it"
class MyPace:
    sent = None

    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock

    def wait(self):
        while MyPace.sent is not None and self.clock.now() < MyPace.sent + self.interval:
            self.clock.sleep(MyPace.sent + self.interval - self.clock.now())
        MyPace.sent = self.clock.now()

# %% answer="my_pace" right="remembers when the next one may go, and sleeps in small pieces"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.next = float("-inf")

    def wait(self):
        while self.clock.now() < self.next:
            self.clock.sleep(0.1)
        self.next = self.clock.now() + self.interval

# %% answer="my_pace" right="sleeps for no time at all where there is nothing to wait for"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.times = []

    def wait(self):
        passed = self.clock.now() - self.times[-1] if self.times else self.interval
        self.clock.sleep(max(0, self.interval - passed))
        self.times.append(self.clock.now())

# %% answer="kind" wrong="compared a byte, which is a number, with bytes"
def kind(content):
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG"):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return "html" if content.strip() and content.strip()[0] == b"<" else None

# %% answer="kind" wrong="forgot the b before the quotation marks"
def kind(content):
    return "jpeg" if content[:3] == "\xff\xd8\xff" else None
