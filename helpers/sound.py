"""What a sound file tells about its music, offline: the audio features that Spotify no longer gives to new apps.

    sound = measure("song.flac")
    sound.tempo, sound.loudness      # beats per minute, LUFS
    sound.features()                 # the ten features of `helpers.records`; NaN for those that sound does not tell

Loudness, level and brightness are measurements. Energy, acousticness and danceability are estimates by formulas of our
own, simple enough to disagree with (see `Sound`): Spotify's are learnt and not public, and no formula here was fitted
to them.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import pyloudnorm
import soundfile
from scipy.fft import irfft
from scipy.signal import find_peaks, welch

from helpers.errors import CourseError
from helpers.quiet import quiet
from helpers.records import FEATURES

# What is read: the first five minutes, less where channels and rate would make that more than 128 MiB.
SECONDS = 300
MOST = 2**25  # samples of all channels together, enough for five minutes of stereo at 48 kHz
BLOCK = 2**18  # frames read at a time
UNSAID = 2**63 - 1  # the frames of a FLAC file whose header does not say how many there are, as when it was streamed
LEAST_RATE = 8000  # Hz
HIGHEST = 100.0  # a sample that many times full scale is no sound, but numbers on another scale
LFE = 3  # the channel of bass effects in surround sound, which BS.1770 leaves out
CHANNELS = 5  # left, right, centre and two surrounds are all that BS.1770 weighs

SHORTEST = 0.4  # seconds: the block of BS.1770
FLOOR = next(feature.low for feature in FEATURES if feature.name == "loudness")  # LUFS
STILL = 1e-6  # amplitude of -120 dBFS, the lowest level that is told

# Spectra are taken of every file alike, whatever its own rate, and where files of most rates have something to say.
RATE = 22_050
FFT, HOP = 2048, 512  # 93 ms, a new spectrum every 23 ms
FRAMES = RATE / HOP  # spectra per second
BAND = 30, 10_000  # Hz
NOTHING = 1e-10  # power of a sine at -100 dBFS
AUDIBLE = 1e-6  # power of a spectrum beside the strongest, -60 dB, that still counts
TONE = 60  # dB by which a pure tone's arithmetic mean of the spectrum is above the geometric one (Johnston, 1988)

BANDS = 40  # of the mel spectrum whose growth shows onsets (Ellis, 2007)
RANGE = 60  # dB below the loudest that growth is noticed
LAG = 2  # spectra, 46 ms, between the two that are compared
GAP = 2  # spectra between two onsets at least
RISE = 1.5  # dB, a mean over the bands, by which an onset stands out

WINDOW = 12  # seconds over which the beat may be taken as steady
BEATS = 4  # fewer in that time are no beat
TEMPOS = 30, 250  # BPM
USUAL, OCTAVES = 120, 0.5  # BPM, and the deviation of the normal distribution over octaves around it
STEP = 0.1  # BPM
LONG = 2**12  # spectra: a window with zeros after it, for a finer spectrum
FINE = 16  # steps between two lags, so that the beat need not be a whole number of spectra
PULSE = 0.4  # onsets at random times seldom reach it within ten seconds, drummed patterns stay above it

# What counts as none and as full energy.
LOUD = -35, -5  # LUFS
BUSY = 0, 8  # onsets per second
BRIGHT = 250, 4000  # Hz, in octaves


@dataclass(frozen=True)
class Sound:
    """What was measured in one file.

    Silence, where no 0.4 s reach the -70 LUFS that BS.1770 listens to, has no tempo, a loudness of -60, and 0 for all
    that is not a level or the duration. So has, but for its loudness, what has no part between 30 Hz and 10 kHz.

    Attributes:
        duration: seconds, of the whole file.
        tempo: beats per minute, 30 to 250, NaN where no pulse is found. Between a tempo and its double or half there
            is often no telling, not even for listeners; the nearer to 120 BPM, by a normal distribution over octaves
            with a deviation of half an octave, the likelier it is taken for the beat.
        pulse: how regular the onsets are, 0 to 1: the autocorrelation of their strength at the distance of one beat.
        loudness: LUFS, integrated and gated as in ITU-R BS.1770-4, at least -60.
        peak: dBFS, the highest sample (not the true peak between samples); -120 to above 0 for a float file.
        rms: dBFS, the root mean square of all channels; a sine at full scale has -3.01.
        centroid: Hz, the centre of the magnitude spectrum between 30 Hz and 10 kHz (librosa's `spectral_centroid`).
        onset_rate: beginnings of notes or beats per second.
        clarity: tonal clarity, 0 noise to 1 pure tones: the tonality coefficient of Johnston, "Transform Coding of
            Audio Signals Using Perceptual Noise Criteria" (1988), which is the spectral flatness in dB over -60,
            at most 1; a mean over the spectra.
        energy: 0 to 1, an ESTIMATE: half of it is loudness (from -35 to -5 LUFS), 30 % onsets (from 0 to 8 a second)
            and 20 % brightness (centroid from 250 Hz to 4 kHz, by octaves), for loud, busy and bright is what people
            call intense. Grows with each of the three, within those limits.
        acousticness: 0 to 1, an ESTIMATE: clarity times (1 - energy), for amplifiers, drum machines and loud masters
            bring noise, distortion and energy, and unamplified strings and voices are tones. A soft synthesiser is
            taken for acoustic.
        danceability: 0 to 1, an ESTIMATE: pulse times how near the tempo is to 120 BPM (the distribution above, 1 at
            its mode), for people move to a steady beat, preferably at about two a second (Moelants, "Preferred tempo
            reconsidered", 2002). 0 without a pulse.
    """

    duration: float
    tempo: float
    pulse: float
    loudness: float
    peak: float
    rms: float
    centroid: float
    onset_rate: float
    clarity: float
    energy: float
    acousticness: float
    danceability: float

    def features(self) -> dict[str, float]:
        """The ten features of `helpers.records.FEATURES`, within Spotify's ranges.

        Popularity, valence, liveness, speechiness and instrumentalness are NaN: no plain formula on a sound tells them.
        """
        return {
            feature.name: float(np.clip(getattr(self, feature.name, math.nan), feature.low, feature.high))
            for feature in FEATURES
        }


def measure(path: str | os.PathLike) -> Sound:
    """Measure a WAV, FLAC, OGG or MP3 file of any number of channels; the same numbers every time.

    Of a long file the first five minutes are heard; less where the rate is above 48 kHz or channels are more than two,
    but at least half a minute up to 192 kHz. Any DC offset is taken off first. A WAV or MP3 file that was cut short is
    measured as far as it goes. Of more than five channels, the fourth, which carries bass effects in 5.1, and those
    after the sixth are not heard. Loudness weighs channels as BS.1770 does; the spectra are of the power of all.

    The very first call may take a quarter of a minute longer: librosa compiles some functions, and keeps them.

    Raises:
        CourseError: if the file cannot be read, is no sound, damaged or a FLAC file that does not say how long it is,
            is shorter than 0.4 s or has less than 8,000 samples a second, or if its samples are no numbers or far
            beyond full scale.
    """
    path = Path(path)
    samples, rate, duration = _read(path)
    samples -= samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    loudness = _loudness(samples, rate)
    level = {
        "duration": duration,
        "loudness": max(loudness, float(FLOOR)),
        "peak": _decibels(np.abs(samples).max()),
        "rms": _decibels(math.sqrt(np.mean(np.square(samples), dtype=np.float64))),
    }
    power, frequencies = _spectra(samples, rate)
    if loudness == -math.inf or power.max() < NOTHING:
        nothing = dict.fromkeys(("pulse", "centroid", "onset_rate", "clarity"), 0.0)
        return Sound(tempo=math.nan, energy=0.0, acousticness=0.0, danceability=0.0, **nothing, **level)

    power /= power.max()
    centroid, clarity = _timbre(power, frequencies)
    strength = _onset_strength(power, frequencies)
    onsets = len(find_peaks(strength, prominence=RISE, distance=GAP)[0])
    onset_rate = onsets / (len(samples) / rate)
    tempo, pulse = _beat(strength) if onsets >= BEATS else (math.nan, 0.0)
    energy = _energy(loudness, onset_rate, centroid)
    return Sound(
        tempo=tempo,
        pulse=pulse,
        centroid=centroid,
        onset_rate=onset_rate,
        clarity=clarity,
        energy=energy,
        acousticness=clarity * (1 - energy),
        danceability=pulse * float(_usual(tempo)) if pulse else 0.0,
        **level,
    )


def _read(path: Path) -> tuple[np.ndarray, int, float]:
    """The part of a file that is heard, float32 [N, channels]; its frames per second; the file's duration in s."""
    if not path.is_file():
        raise CourseError(f"There is no file {path}; name a WAV, FLAC, OGG or MP3 file.")
    with quiet():  # the MP3 library writes what it thinks of a file
        try:
            file = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, TypeError) as error:  # TypeError: its name ends in .raw
            raise CourseError(f"{path} is no sound that can be read; convert it to WAV, FLAC, OGG or MP3.") from error
        with file:
            if file.frames == UNSAID:  # and libsndfile fails where it ends
                raise CourseError(f"{path} was streamed and does not say how long it is; convert it to FLAC again.")
            try:
                (samples, duration), rate = _excerpt(file), file.samplerate
            except soundfile.SoundFileError as error:
                raise CourseError(f"{path} is damaged; take another copy of it.") from error
    if rate < LEAST_RATE:
        raise CourseError(f"{path} has {rate:,} samples a second; take a recording with {LEAST_RATE:,} at least.")
    if len(samples) < SHORTEST * rate:
        raise CourseError(f"{path} holds {len(samples) / rate:.2f} s of sound; take one of {SHORTEST} s at least.")
    if not np.abs(samples).max() <= HIGHEST:  # NaN is not, either
        raise CourseError(
            f"{path} has samples that are no numbers or far beyond 1, which is full scale; export it anew."
        )
    return samples, rate, duration


def _excerpt(file: soundfile.SoundFile) -> tuple[np.ndarray, float]:
    """The samples that are heard, and the duration of the whole file in seconds."""
    channels = list(range(file.channels))
    if file.channels > CHANNELS:
        channels = [channel for channel in channels if channel != LFE][:CHANNELS]
    frames = min(file.frames, SECONDS * file.samplerate, MOST // len(channels))
    samples, done = np.empty((frames, len(channels)), np.float32), 0
    while done < frames:  # `file.blocks` gives what was in the memory before where a file is shorter than it says
        block = file.read(min(BLOCK, frames - done), dtype="float32", always_2d=True)
        if not len(block):
            break
        samples[done : done + len(block)] = block[:, channels]
        done += len(block)
    return samples[:done], (file.frames if done == frames else done) / file.samplerate


def _loudness(samples: np.ndarray, rate: int) -> float:
    """Integrated loudness, ITU-R BS.1770-4, in LUFS; minus infinity where nothing passes the gate at -70."""
    # "DeMan" are the filters of the standard; pyloudnorm's own default only comes near them.
    return float(pyloudnorm.Meter(rate, "DeMan", SHORTEST).integrated_loudness(samples))


def _decibels(amplitude: float) -> float:
    return 20 * math.log10(max(amplitude, STILL))


def _spectra(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Power of all channels together, float32 [F, T], and its frequencies in Hz, float [F].

    A sine at full scale has a power of 1 in one channel. Powers, unlike samples of two channels, cannot cancel out.
    """
    frequencies = librosa.fft_frequencies(sr=RATE, n_fft=FFT)
    band = (frequencies >= BAND[0]) & (frequencies <= min(BAND[1], 0.9 * rate / 2))
    power = 0
    for channel in samples.T:
        channel = librosa.resample(channel, orig_sr=rate, target_sr=RATE)
        power += np.abs(librosa.stft(channel, n_fft=FFT, hop_length=HOP, center=False)[band]) ** 2
    return power * (4 / FFT) ** 2, frequencies[band]


def _timbre(power: np.ndarray, frequencies: np.ndarray) -> tuple[float, float]:
    """Centroid in Hz and clarity, means over the spectra that can be heard."""
    total = power.sum(axis=0)
    power = power[:, total >= AUDIBLE * total.max()]
    centroids = librosa.feature.spectral_centroid(S=np.sqrt(power), freq=frequencies)
    flatness = librosa.feature.spectral_flatness(S=power, power=1, amin=1e-20)
    return float(centroids.mean()), float(np.clip(-10 * np.log10(flatness) / TONE, 0, 1).mean())


def _onset_strength(power: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """By how many dB the bands of the mel spectrum have grown on average since 46 ms ago, falls left out, float [T]."""
    bank = librosa.filters.mel(sr=RATE, n_fft=FFT, n_mels=BANDS, fmin=BAND[0], fmax=frequencies[-1])
    first = round(frequencies[0] * FFT / RATE)
    mel = bank[:, first : first + len(frequencies)] @ power
    decibels = librosa.power_to_db(mel, ref=np.max, amin=1e-20, top_db=RANGE)
    return librosa.onset.onset_strength(S=decibels, lag=LAG, center=False)


def _beat(strength: np.ndarray) -> tuple[float, float]:
    """Tempo in BPM and pulse; (NaN, 0) where there is none.

    A beat shows in the autocorrelation of the onsets' strength at its period and at multiples of that, and in their
    spectrum at its frequency and at multiples of that. In the product of the two, both kinds of wrong octave vanish:
    Peeters, "Template-Based Estimation of Time-Varying Tempo" (2007). What is left of them is weighed by a prior, as in
    Ellis, "Beat Tracking by Dynamic Programming" (2007), with a deviation of half an octave.
    """
    window = min(len(strength), round(WINDOW * FRAMES))
    tempos = np.arange(max(TEMPOS[0], 60 * BEATS * FRAMES / window), TEMPOS[1], STEP)
    if not len(tempos):
        return math.nan, 0.0
    frequencies, power = welch(strength, FRAMES, nperseg=window, nfft=LONG)
    correlation = irfft(power, FINE * LONG)  # Wiener and Khinchin; the zeros that it adds to the spectrum interpolate
    lags = np.arange(len(correlation)) / (FINE * FRAMES)
    pulses = np.interp(60 / tempos, lags, correlation / correlation[0]).clip(0, 1)
    # The root of the amplitude, for in recordings notes of half a beat are often stronger than the beats.
    strengths = np.interp(tempos / 60, frequencies, power) ** 0.25
    best = np.argmax(pulses * strengths * _usual(tempos))
    pulse = float(pulses[best])
    return (float(tempos[best]), pulse) if pulse >= PULSE else (math.nan, 0.0)


def _usual(tempo: np.ndarray | float) -> np.ndarray | float:
    """How usual a tempo is beside 120 BPM, 0 to 1."""
    return np.exp(-((np.log2(tempo / USUAL) / OCTAVES) ** 2) / 2)


def _energy(loudness: float, onset_rate: float, centroid: float) -> float:
    bright = _share(math.log2(centroid), *np.log2(BRIGHT))
    return 0.5 * _share(loudness, *LOUD) + 0.3 * _share(onset_rate, *BUSY) + 0.2 * bright


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies between two others, 0 to 1."""
    return float(np.clip((value - low) / (high - low), 0, 1))
