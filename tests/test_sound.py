"""Features from sound: signals with known answers, and files that are no signals at all."""

import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.signal import lfilter
from songs import CHORD, song

from helpers import sound
from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES
from helpers.sound import Sound, measure

RATE = 22_050
UNTOLD = {"popularity", "valence", "liveness", "speechiness", "instrumentalness"}


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """heard(samples, rate): write a file, measure it."""
    path = tmp_path_factory.mktemp("sounds") / "sound.wav"

    def heard(samples: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Sound:
        soundfile.write(path, samples, rate, subtype=subtype)
        return measure(path)

    return heard


def sine(hertz: float, seconds: float = 3, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def chord(seconds: float = 3, rate: int = RATE) -> np.ndarray:
    return sum(sine(hertz, seconds, rate) for hertz in CHORD) / len(CHORD)


def noise(seconds: float = 3, rate: int = RATE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, round(seconds * rate))


def clicks(times, seconds: float = 15, rate: int = RATE, levels=1.0) -> np.ndarray:
    """Short decaying tones at the given times in seconds."""
    samples, tone = np.zeros(round(seconds * rate)), np.arange(round(0.03 * rate)) / rate
    tone = np.sin(2 * np.pi * 1000 * tone) * np.exp(-tone / 0.008)
    for time, level in np.broadcast(times, levels):
        start = round(time * rate)
        samples[start : start + len(tone)] += 0.5 * level * tone[: len(samples) - start]
    return samples


def beats(bpm: float, seconds: float = 15) -> np.ndarray:
    return np.arange(0.1, seconds - 0.1, 60 / bpm)


# Level


def test_a_sine_at_minus_20_dbfs(heard):
    told = heard(0.1 * sine(997, rate=48_000), 48_000)
    assert told.duration == 3
    assert told.peak == pytest.approx(-20, abs=0.01)
    assert told.rms == pytest.approx(-20 - 10 * math.log10(2), abs=0.01)
    assert told.centroid == pytest.approx(997, rel=0.01)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("channels, lufs", [(1, -3.01), (2, 0.0)])
def test_the_reference_tone_of_the_loudness_standard(heard, rate, channels, lufs):
    tone = np.tile(sine(997, rate=rate)[:, None], channels)
    assert heard(tone, rate).loudness == pytest.approx(lufs, abs=0.05)


def test_loudness_agrees_with_the_filters_printed_in_the_standard(heard):
    samples = 0.3 * noise(rate=48_000)  # stationary, so that the gate has no say
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585]
    high_pass = [1, -2, 1], [1, -1.99004745483398, 0.99007225036621]
    weighted = lfilter(*high_pass, lfilter(*shelf, samples))
    expected = -0.691 + 10 * np.log10(np.mean(weighted**2))
    assert heard(samples, 48_000).loudness == pytest.approx(expected, abs=0.05)


def test_pauses_do_not_make_a_song_softer_but_lower_its_mean_level(heard):
    tone = 0.2 * sine(440, 4)
    alone, paused = heard(tone), heard(np.concatenate([tone, 0 * tone]))
    assert paused.loudness == pytest.approx(alone.loudness, abs=0.2)
    assert paused.rms == pytest.approx(alone.rms - 10 * math.log10(2), abs=0.01)


@settings(max_examples=10)
@given(
    level=st.floats(-45, -7), start=st.integers(0, 2), make=st.sampled_from([lambda: chord(1), lambda: 0.5 * noise(1)])
)
def test_twice_the_amplitude_is_6_db_more_and_changes_nothing_else(heard, level, start, make):
    samples = 10 ** (level / 20) * np.roll(make(), 1000 * start)
    one, two = heard(samples), heard(2 * samples)
    gain = 20 * math.log10(2)
    for name in ("loudness", "peak", "rms"):
        assert getattr(two, name) - getattr(one, name) == pytest.approx(gain, abs=0.001)
    for name in ("centroid", "clarity", "onset_rate"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-3)
    assert two.energy >= one.energy and two.acousticness <= one.acousticness


# Time


# A spectrum comes every 23 ms, but the place of the beat is a mean over more than ten beats and interpolated; 1 % is
# less than listeners notice. An octave off would be 100 %.
@pytest.mark.parametrize("bpm", [60, 90, 120, 174])
def test_the_tempo_of_a_click_track(heard, bpm):
    told = heard(clicks(beats(bpm)))
    assert told.tempo == pytest.approx(bpm, rel=0.01)
    assert told.pulse > 0.9
    assert told.onset_rate * 15 == pytest.approx(len(beats(bpm)), abs=1)


@pytest.mark.parametrize("bpm", [100, 120, 140])
def test_softer_clicks_between_the_beats_do_not_double_the_tempo(heard, bpm):
    times = beats(2 * bpm)
    levels = np.where(np.arange(len(times)) % 2, 0.2, 1)
    assert heard(clicks(times, levels=levels)).tempo == pytest.approx(bpm, rel=0.01)


def test_the_tempo_is_heard_through_noise(heard):
    assert heard(clicks(beats(120)) + 0.02 * noise(15)).tempo == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize(
    "samples",
    [0.5 * sine(440), 0.5 * noise(10), 0.5 * chord(), clicks([1, 2, 3], 4), 0.5 * noise(0.5)],
    ids=["sine", "noise", "chord", "three clicks", "half a second"],
)
def test_without_a_pulse_there_is_no_tempo(heard, samples):
    told = heard(samples)
    assert math.isnan(told.tempo)
    assert told.pulse == told.danceability == 0


@pytest.mark.parametrize("seed", range(3))
def test_clicks_at_random_times_have_onsets_but_no_tempo(heard, seed):
    times = np.random.default_rng(seed).uniform(0, 14.9, 45)
    told = heard(clicks(times))
    assert told.onset_rate > 1.5
    assert math.isnan(told.tempo)


# Timbre


def test_white_noise(heard):
    told = heard(0.5 * noise(10))
    # The powers of its spectrum are exponentially distributed: ln(mean) - mean(ln) is Euler's constant.
    assert told.clarity == pytest.approx(10 * np.euler_gamma / math.log(10) / sound.TONE, rel=0.03)
    assert told.centroid == pytest.approx(np.mean(sound.BAND), rel=0.02)


def test_the_more_noise_on_a_chord_the_less_clear(heard):
    clarity = [heard(0.4 * chord() + level * noise()).clarity for level in (1e-4, 1e-3, 1e-2, 0.1, 0.5)]
    assert clarity[0] > 0.95 and clarity[-1] < 0.1
    assert (np.diff(clarity) < 0).all()


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_rate_of_the_samples_does_not_matter(heard, rate):
    one, other = (heard(0.3 * chord(10, r) + clicks(beats(100, 10), 10, r), r) for r in (RATE, rate))
    for name in ("loudness", "peak", "rms"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=0.1)
    for name in ("tempo", "centroid", "clarity", "onset_rate", "energy", "acousticness", "danceability"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=0.03)


def test_a_tone_that_the_spectra_leave_out_is_loud_and_nothing_else(heard):
    told = heard(0.5 * sine(16_000, rate=48_000), 48_000)
    assert told.loudness > -20
    assert math.isnan(told.tempo)
    assert told.centroid == told.onset_rate == told.clarity == told.energy == 0


# Channels


@pytest.mark.parametrize("channels", range(1, 9))
def test_channels_that_are_alike_sound_like_one(heard, channels):
    samples = song(0.8, 6)
    one, many = heard(samples), heard(np.tile(samples[:, None], channels))
    for name in ("duration", "peak", "rms", "tempo", "centroid", "clarity", "onset_rate"):
        assert getattr(many, name) == pytest.approx(getattr(one, name), rel=1e-4)
    weights = sum([1, 1, 1, 1.41, 1.41][:channels])
    assert many.loudness - one.loudness == pytest.approx(10 * math.log10(weights), abs=0.01)


def test_channels_in_opposite_phase_do_not_cancel_out(heard):
    samples = song(0.8, 6)
    assert heard(np.stack([samples, -samples], axis=1)) == heard(np.stack([samples, samples], axis=1))


def test_bass_effects_of_surround_sound_do_not_count(heard):
    surround = np.tile(0.2 * sine(440)[:, None], 6)
    without = surround.copy()
    without[:, 3] = 0
    assert heard(surround) == heard(without)


# Estimates


def test_energy_grows_with_loudness_onsets_and_brightness(heard):
    loud = [heard(level * song(0.7, 4)).energy for level in (0.25, 0.5, 1)]
    bright = [heard(0.2 * sine(hertz)).energy for hertz in (300, 600, 1200, 2400)]
    times = [beats(bpm, 10) for bpm in (60, 120, 180, 240)]
    busy = [heard(clicks(t, 10, levels=len(t) ** -0.5)).energy for t in times]  # the same power for all
    assert min(np.diff(loud)) > 0.05 and min(np.diff(bright)) > 0.02 and min(np.diff(busy)) > 0.02


def test_soft_chords_are_more_acoustic_than_loud_noise(heard):
    assert heard(0.05 * chord()).acousticness > 0.6
    assert heard(0.8 * noise()).acousticness < 0.05


def test_a_steady_beat_at_a_walking_pace_is_for_dancing(heard):
    ragged = beats(120) + np.random.default_rng(0).normal(0, 0.02, len(beats(120)))
    steady, slow, late = (heard(clicks(times)).danceability for times in (beats(120), beats(60), ragged))
    assert steady > 0.9
    assert steady > late > 0
    assert steady > 2 * slow > 0


def test_songs_are_as_energetic_as_asked_for(heard):
    told = [heard(song(energy, 6)) for energy in np.linspace(0, 1, 6)]
    assert told[0].energy < 0.1 and told[-1].energy > 0.6
    assert min(np.diff([one.energy for one in told])) > 0.05
    assert max(np.diff([one.acousticness for one in told])) < 0


# The ten features


def test_features_are_the_ten_and_those_that_sound_does_not_tell_are_unknown(heard):
    told = heard(clicks(beats(120)))
    features = told.features()
    assert tuple(features) == FEATURE_NAMES
    assert {name for name, value in features.items() if math.isnan(value)} == UNTOLD
    for name in set(FEATURE_NAMES) - UNTOLD:
        assert features[name] == getattr(told, name)


@given(st.floats(-80, 20), st.floats(0, 400))
def test_features_keep_to_their_ranges(loudness, tempo):
    zeros = dict.fromkeys(Sound.__dataclass_fields__, 0.0)
    features = Sound(**zeros | {"loudness": loudness, "tempo": tempo}).features()
    assert all(
        feature.low <= features[feature.name] <= feature.high for feature in FEATURES if feature.name not in UNTOLD
    )
    assert features["loudness"] == min(max(loudness, -60), 0)
    assert features["tempo"] == min(tempo, 250)


# Files


@pytest.mark.parametrize(
    "samples",
    [np.zeros((RATE, 2)), np.full(RATE, 0.5), 1e-5 * noise(1)],
    ids=["digital silence", "nothing but an offset", "below the gate"],
)
def test_silence(heard, samples):
    told = heard(samples)
    assert told.loudness == -60
    assert math.isnan(told.tempo)
    assert -120 <= told.peak < -90 and -120 <= told.rms < -90
    told = replace(told, tempo=0.0)
    assert (
        told.energy == told.acousticness == told.danceability == told.centroid == told.onset_rate == told.clarity == 0
    )
    assert "NaN" not in json.dumps({name: value for name, value in vars(told).items()})


def test_an_offset_changes_nothing(heard):
    samples = 0.4 * song(0.7, 6)
    one, other = heard(samples), heard(samples + 0.5)
    for name, value in vars(one).items():
        assert getattr(other, name) == pytest.approx(value, rel=1e-3)


def test_two_runs_give_the_same_numbers(heard):
    assert heard(song(0.6, 6)) == heard(song(0.6, 6))


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_the_format_hardly_matters(heard, tmp_path, suffix):
    if suffix.upper() not in soundfile.available_formats():
        pytest.skip(f"this libsndfile does not write {suffix}")
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, song(0.5, 6), RATE)
    one, other = heard(song(0.5, 6)), measure(path)
    assert other.loudness == pytest.approx(one.loudness, abs=1)
    assert other.tempo == pytest.approx(one.tempo, rel=0.01)
    assert other.energy == pytest.approx(one.energy, abs=0.03)


@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_a_file_that_was_cut_short_is_measured_as_far_as_it_goes(tmp_path, capfd, suffix):
    if suffix.upper() not in soundfile.available_formats():
        pytest.skip(f"this libsndfile does not write {suffix}")
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, song(1), RATE)
    whole = measure(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    half = measure(path)
    assert half.duration == pytest.approx(whole.duration / 2, rel=0.02)
    assert half.loudness == pytest.approx(whole.loudness, abs=0.5)
    assert half == measure(path)
    assert capfd.readouterr() == ("", "")


def test_of_a_long_file_the_beginning_is_heard(tmp_path, heard, monkeypatch):
    beginning = song(0.3, 6)
    monkeypatch.setattr(sound, "SECONDS", 6)
    long = heard(np.concatenate([beginning, 0.9 * noise(6)]))
    assert long.duration == 12
    assert replace(long, duration=6.0) == heard(beginning)


def test_many_channels_shorten_what_is_heard_of_a_file(heard, monkeypatch):
    monkeypatch.setattr(sound, "MOST", 8 * RATE)
    samples = np.concatenate([song(0.3, 4), 0.9 * noise(4)])
    assert heard(np.stack([samples, samples], axis=1)).clarity == pytest.approx(heard(song(0.3, 4)).clarity, rel=1e-5)


def written(samples, rate=RATE, **how):
    return lambda path: soundfile.write(path, samples, rate, **how)


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "There is no file"),
        (lambda path: path.touch(), "is no sound that can be read"),
        (lambda path: Image.new("RGB", (9, 9)).save(path, "PNG"), "is no sound that can be read"),
        (lambda path: path.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt "), "is no sound that can be read"),
        (written([]), "holds 0.00 s of sound"),
        (written(0.5 * noise(0.3)), "holds 0.30 s of sound"),
        (written(0.5 * noise(1), 4000), "4,000 samples a second"),
        (written([*noise(1), math.nan], subtype="FLOAT"), "no numbers"),
        (written([*noise(1), math.inf], subtype="FLOAT"), "no numbers"),
        (written(32_000 * noise(1), subtype="FLOAT"), "far beyond 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(tmp_path, capfd, make, says):
    path = tmp_path / "sound.wav"
    make(path)
    with pytest.raises(CourseError, match=says) as refusal:
        measure(path)
    sentence = str(refusal.value)
    assert str(path) in sentence and sentence.endswith(".") and "\n" not in sentence
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["sound.mp3", "sound.raw", "sound"])
def test_bytes_that_are_no_sound_are_refused_quietly(tmp_path, capfd, name):
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).bytes(50_000))
    with pytest.raises(CourseError, match="is no sound"):
        measure(path)
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_is_refused_quietly(tmp_path, capfd):
    path = tmp_path / "sound.flac"
    soundfile.write(path, song(1), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CourseError, match="is damaged"):
        measure(path)
    assert capfd.readouterr() == ("", "")


def test_a_streamed_file_that_does_not_say_how_long_it_is_is_refused(tmp_path):
    path = tmp_path / "sound.flac"
    soundfile.write(path, song(1, 6), RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the 36 bits of STREAMINFO that count the samples (RFC 9639, section 8.2)
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(CourseError, match="does not say how long it is; convert it"):
        measure(path)
