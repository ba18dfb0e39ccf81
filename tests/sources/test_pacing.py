"""No server is asked more often than it wants, whoever asks and however the time between passes."""

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import FakeClock

from helpers.sources.pacing import Clock, Pace

gaps = st.lists(st.floats(0, 5, allow_nan=False), min_size=2, max_size=60)


@given(gaps, st.sampled_from([0.1, 1.0, 3.1]), st.floats(0, 0.5))
def test_no_window_of_any_length_exceeds_the_rate(gaps, interval, oversleep):
    clock = FakeClock(oversleep)
    pace, sent = Pace(interval, clock), []
    for gap in gaps:
        clock.time += gap
        pace.wait()
        sent.append(clock.now())
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            # The shortest window that holds these requests is as long as the time between the first and the last.
            length = sent[last] - sent[first]
            assert last - first <= math.floor(length / interval + 1e-6)


def test_fifty_in_five_seconds_also_holds_within_the_first_second():
    clock = FakeClock()
    pace = Pace(5 / 50, clock)
    sent = []
    for _ in range(200):
        pace.wait()
        sent.append(clock.now())
    for start in (0.0, 1.3, 12.05):
        assert sum(start <= time < start + 1 for time in sent) <= 10
        assert sum(start <= time < start + 5 for time in sent) <= 50
    assert sent[-1] - sent[0] == pytest.approx(199 * 0.1, abs=1e-3)  # and it is no slower than it need be


def test_a_pause_holds_back_everybody_after_it():
    clock = FakeClock()
    pace = Pace(1.0, clock)
    pace.wait()
    pace.pause(30)
    pace.wait()
    assert clock.now() == pytest.approx(30, abs=1e-3)
    pace.wait()
    assert clock.now() == pytest.approx(31, abs=1e-3)


def test_threads_share_one_pace():
    clock = Clock()
    pace, sent, lock = Pace(0.02, clock), [], threading.Lock()

    def ask():
        for _ in range(5):
            pace.wait()
            with lock:
                sent.append(clock.now())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 20 and max(sent) - min(sent) >= 19 * 0.02 - 0.01


def test_a_stopped_clock_wakes_whoever_waits():
    clock, ended = Clock(), []

    def wait():
        try:
            clock.sleep(3600)
        except KeyboardInterrupt:
            ended.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    clock.stop()
    thread.join(10)
    assert ended == [True]
    clock.start()
    clock.sleep(0)  # and time goes on
