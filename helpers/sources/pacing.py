"""Never ask a server more often than it wants to be asked."""

import threading
import time

ROUNDING = 1e-6  # seconds: sums of fractions that a clock cannot hold exactly may not make a pace a hair too fast


class Clock:
    """Time that can be waited for, and waiting that another thread can end."""

    def __init__(self):
        self._stopped = threading.Event()

    def now(self) -> float:
        """Seconds that only ever grow; the zero means nothing."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            KeyboardInterrupt: if the clock is stopped, before or meanwhile.
        """
        if self._stopped.wait(max(0.0, seconds)):
            raise KeyboardInterrupt

    def stop(self) -> None:
        """End every wait, those that have begun and those to come."""
        self._stopped.set()

    def start(self) -> None:
        """Let waits be waited out again."""
        self._stopped.clear()


class Pace:
    """One request every `interval` seconds, whichever thread asks.

    Requests are spread evenly instead of being sent in bursts: so no window of time, however long or short, holds more
    than its length times the rate, rounded up. A rate that is documented as "50 in 5 seconds" is kept in every 5
    seconds and in every other span as well.
    """

    def __init__(self, interval: float, clock: Clock):
        self.interval, self.clock = interval, clock
        self._next = -float("inf")
        self._turn, self._state = threading.Lock(), threading.Lock()

    def wait(self) -> None:
        """Wait for this request's turn."""
        with self._turn:  # held while asleep: whoever comes later has a later turn
            while (left := self._left()) > 0:
                self.clock.sleep(left)
            with self._state:
                # Counted from now, not from when the turn was due: a sleep may last longer than it was meant to.
                self._next = max(self._next, self.clock.now() + self.interval + ROUNDING)

    def pause(self, seconds: float) -> None:
        """No request for so long, as the server has asked."""
        with self._state:
            self._next = max(self._next, self.clock.now() + seconds)

    def _left(self) -> float:
        with self._state:
            return self._next - self.clock.now()
