"""Songs made of arithmetic, from a lullaby to a rave, for tests that need a sound file."""

import numpy as np

BEATS = 60, 150  # BPM of the calmest and of the wildest song
PEAK = 0.03, 0.9
CHORD = 220.0, 277.18, 329.63  # Hz: A major


def song(energy: float, seconds: float = 10, rate: int = 22_050) -> np.ndarray:
    """A song as energetic as asked for, 0 to 1: float32 [seconds * rate], the same every time.

    Soft pads of sines, quiet and slow, give way to loud and fast clicks and noise over a bass of sawtooth waves.
    """
    time = np.arange(round(seconds * rate)) / rate
    beats = time * np.interp(energy, (0, 1), BEATS) / 60
    swell = np.sin(np.pi * (beats / 4 % 1))  # a chord lasts four beats
    pads = swell * sum(np.sin(2 * np.pi * frequency * time) for frequency in CHORD) / len(CHORD)
    bass = 2 * (55 * time % 1) - 1
    noise = np.random.default_rng(0).uniform(-1, 1, len(time))
    clicks = noise * np.exp(-12 * (2 * beats % 1))  # two a beat
    mix = (1 - energy) * pads + energy * (0.4 * bass + 0.6 * clicks + 0.2 * noise)
    loudest = PEAK[0] ** (1 - energy) * PEAK[1] ** energy
    return (loudest * mix / np.abs(mix).max()).astype(np.float32)
