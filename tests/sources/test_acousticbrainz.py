"""Dumps of AcousticBrainz: what is read from a folder, an archive and lines, and what is passed over."""

import io
import json
import tarfile
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import CourseError
from helpers.records import Record
from helpers.sources import acousticbrainz
from helpers.sources.acousticbrainz import MAX_BYTES, Dump, album_features, read_dump

A, B, C = (f"{digit * 8}-1111-4222-8333-{digit * 12}" for digit in "abc")


def binary(yes: str, no: str, probability: float) -> dict:
    value, other = (yes, 1 - probability) if probability >= 0.5 else (no, 1 - probability)
    return {"all": {yes: probability, no: other}, "probability": max(probability, 1 - probability), "value": value}


def handmade_high(danceable=0.9, acoustic=0.1, happy=0.6, instrumental=0.2, party=0.3, aggressive=0.7) -> dict:
    """A high-level document, in the shape of https://acousticbrainz.readthedocs.io; the values are made up."""
    return {
        "metadata": {"tags": {"musicbrainz_recordingid": [A]}, "version": {"highlevel": {}}},
        "highlevel": {
            "danceability": binary("danceable", "not_danceable", danceable),
            "mood_acoustic": binary("acoustic", "not_acoustic", acoustic),
            "mood_happy": binary("happy", "not_happy", happy),
            "mood_party": binary("party", "not_party", party),
            "mood_aggressive": binary("aggressive", "not_aggressive", aggressive),
            "voice_instrumental": binary("instrumental", "voice", instrumental),
            "genre_rosamerica": {"all": {"roc": 1.0}, "probability": 1.0, "value": "roc"},
        },
    }


def handmade_low(bpm=128.5) -> dict:
    """A low-level document, cut down to what matters, in the shape of https://acousticbrainz.readthedocs.io."""
    return {
        "lowlevel": {"average_loudness": 0.93},
        "metadata": {"tags": {"musicbrainz_recordingid": [A]}},
        "rhythm": {"bpm": bpm, "beats_count": 512, "danceability": 1.2},
        "tonal": {"key_key": "A", "key_scale": "minor"},
    }


EXPECTED = {"danceability": 0.9, "acousticness": 0.1, "valence": 0.6, "instrumentalness": 0.2, "energy": 0.7}


def name_of(recording: str, number: int = 0) -> str:
    return f"acousticbrainz-highlevel-json-20220623/highlevel/{recording[:2]}/{recording[2]}/{recording}-{number}.json"


def packed(path, documents: dict[str, dict | bytes]):
    """Write documents as the form that the path's name says."""
    contents = {n: d if isinstance(d, bytes) else json.dumps(d).encode() for n, d in documents.items()}
    if path.suffix == ".jsonl":
        path.write_bytes(b"\n".join(contents.values()))
    elif path.suffix:
        with tarfile.open(path, f"w:{path.suffix[1:].replace('tar', '')}") as archive:
            for name, content in contents.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        for name, content in contents.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path


FORMS = ("dump", "dump.tar", "dump.tar.gz", "dump.tar.bz2", "dump.tar.xz")


@pytest.mark.parametrize("form", FORMS)
def test_both_kinds_of_documents_become_features_of_their_recordings(tmp_path, form):
    documents = {name_of(A): handmade_high(), name_of(B): handmade_high(danceable=0.25), name_of(C): handmade_low()}
    dump = read_dump(packed(tmp_path / form, documents))
    assert dump.features == {A: EXPECTED, B: EXPECTED | {"danceability": 0.25}, C: {"tempo": 128.5}}
    assert not dump.skipped


def test_lines_say_themselves_which_recording_they_are_about(tmp_path):
    other = json.loads(json.dumps(handmade_low(90.0)).replace(A, B))
    nobody = handmade_high() | {"metadata": {"tags": {}}}
    dump = read_dump(packed(tmp_path / "dump.jsonl", {"1": handmade_high(), "2": other, "3": nobody, "4": b"{}"}))
    assert dump.features == {A: EXPECTED, B: {"tempo": 90.0}}
    assert dump.skipped == {"not named after a recording": 2}


def test_what_was_not_measured_is_nan_in_a_record(tmp_path):
    features = read_dump(packed(tmp_path / "dump", {name_of(A): handmade_high()})).features[A]
    record = Record("musicbrainz", "1", features=features, features_source="acousticbrainz")
    unknown = {name for name, value in record.features.items() if value != value}
    assert unknown == {"popularity", "liveness", "loudness", "speechiness", "tempo"}


@pytest.mark.parametrize(("party", "aggressive"), [(0.9, 0.1), (0.1, 0.9)])
def test_a_party_is_as_energetic_as_a_fight(tmp_path, party, aggressive):
    documents = {name_of(A): handmade_high(party=party, aggressive=aggressive)}
    assert read_dump(packed(tmp_path / "dump", documents)).features[A]["energy"] == 0.9


def test_of_two_moods_one_that_is_no_number_leaves_the_other(tmp_path):
    document = json.dumps(handmade_high(aggressive=0.7)).replace('"party": 0.3', '"party": NaN').encode()
    assert read_dump(packed(tmp_path / "dump", {name_of(A): document})).features[A]["energy"] == 0.7


@pytest.mark.parametrize("order", [(0, 1, 10), (10, 1, 0), (1, 0, 10)])
@pytest.mark.parametrize("form", ["dump", "dump.tar"])
def test_of_several_analyses_the_first_counts_for_each_feature_it_has(tmp_path, form, order):
    analyses = {
        0: {"rhythm": {"bpm": 100}},
        1: handmade_high(happy=0.8) | {"rhythm": {"bpm": 101}},
        10: handmade_high(),
    }
    dump = read_dump(packed(tmp_path / form, {name_of(A, number): analyses[number] for number in order}))
    assert dump.features == {A: EXPECTED | {"valence": 0.8, "tempo": 100.0}}


@pytest.mark.parametrize("form", ["dump", "dump.tar.gz"])
def test_documents_that_cannot_be_used_are_counted_and_the_others_read(tmp_path, form):
    deep = b'{"highlevel":' * 100_000
    broken = {
        name_of(A): handmade_high(),
        name_of(B, 0): b"{",
        name_of(B, 1): b"\xff\xfe",
        name_of(B, 2): deep,
        name_of(B, 3): [],
        name_of(B, 4): {"highlevel": {"danceability": None, "mood_happy": {"all": [1]}}, "rhythm": {"bpm": "fast"}},
        name_of(B, 5): b'{"rhythm": {"bpm": NaN}, "highlevel": {"mood_party": {"all": {"party": Infinity}}}}',
        name_of(B, 6): {"rhythm": {"bpm": 1000}},
        name_of(B, 7): b" " * (MAX_BYTES + 1),
        "README.json": {"rhythm": {"bpm": 100}},
    }
    dump = read_dump(packed(tmp_path / form, broken))
    assert dump.features == {A: EXPECTED}
    assert dump.skipped == {
        "not JSON": 3,
        "none of the features": 4,
        "larger than 4 MiB": 1,
        "not named after a recording": 1,
    }


def test_only_the_recordings_asked_for_are_read(tmp_path):
    documents = {name_of(A): handmade_high(), name_of(B): b"never looked at", name_of(C): handmade_low()}
    dump = read_dump(packed(tmp_path / "dump.tar", documents), recordings={A, C})
    assert set(dump.features) == {A, C} and not dump.skipped


def test_reading_stops_after_as_many_documents_as_are_wanted(tmp_path):
    path = packed(tmp_path / "dump.tar", {name_of(A): handmade_high(), name_of(B): handmade_low()})
    path.write_bytes(path.read_bytes()[:-1500])  # what comes after them is not looked at
    assert set(read_dump(path, limit=1).features) == {A}


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    names = {f"{digit}/{A[:-1]}{digit}-0.json": handmade_low() for digit in "0123456789abcdef"}
    dump = read_dump(packed(tmp_path / "dump", names), limit=4)
    assert list(dump.features) == [f"{A[:-1]}{digit}" for digit in "0123"]


def test_nothing_is_written_whatever_an_archive_names(tmp_path):
    path = tmp_path / "dump.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            (f"../{A}-0.json", tarfile.REGTYPE),
            (f"/{B}-0.json", tarfile.SYMTYPE),
            ("x", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            content = json.dumps(handmade_low()).encode() if kind == tarfile.REGTYPE else b""
            member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    before = sorted(tmp_path.parent.rglob("*"))
    assert read_dump(path).features == {A: {"tempo": 128.5}}
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("cut", [512, 700, 1024, 1100, 2000])
def test_an_archive_that_breaks_off_anywhere_is_said_to(tmp_path, cut):
    path = packed(tmp_path / "dump.tar", {name_of(A, number): handmade_low() for number in range(9)})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CourseError, match="cannot be read to its end .unexpected end of data.; download it again"):
        read_dump(path)


@pytest.mark.parametrize("form", FORMS[2:])
def test_a_compressed_archive_that_breaks_off_is_said_to(tmp_path, form):
    chance = (hex(number**7)[2:] for number in range(1, 300))  # so that it cannot be compressed to nothing
    path = packed(
        tmp_path / form, {name_of(A, n): handmade_low() | {"junk": text * 9} for n, text in enumerate(chance)}
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CourseError, match=r"dump.*cannot be read to its end .* download it again\.$"):
        read_dump(path)


@pytest.mark.parametrize("form", ["dump.tar", "dump.tar.gz", "dump.tar.bz2", "dump.tar.xz"])
def test_what_is_only_called_an_archive_is_said_to_be_damaged(tmp_path, form):
    (tmp_path / form).write_bytes(b"<html>404 Not Found</html>" * 40)
    with pytest.raises(CourseError, match="cannot be read"):
        read_dump(tmp_path / form)


@pytest.mark.parametrize(
    ("name", "message"),
    [("dump.tar.zst", "zstd -d dump.tar.zst"), ("dump.csv", "pass a folder"), ("nowhere", "pass a folder")],
)
def test_what_cannot_be_read_is_said_with_what_to_do(tmp_path, name, message):
    with pytest.raises(CourseError, match=message):
        read_dump(tmp_path / name)


@pytest.mark.parametrize("name", ["nowhere.tar", "nowhere.jsonl"])
def test_a_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(CourseError, match="nowhere.*No such file"):
        read_dump(tmp_path / name)


def test_memory_does_not_grow_with_the_archive(tmp_path):
    def peak(documents: int) -> int:
        path = packed(tmp_path / f"{documents}.tar", {name_of(B, number): b"{}" for number in range(documents)})
        tracemalloc.start()
        try:
            read_dump(path, recordings={A})
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(300), peak(3000)
    assert (many - few) / 2700 < 100  # bytes; the header of one document alone takes some 1,000


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["highlevel", "rhythm", "bpm", "danceability", "all", "danceable", "mood_party", "party"]),
            children,
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_no_document_can_break_the_reader(document):
    skipped = acousticbrainz.Counter()
    features = acousticbrainz._features(json.dumps(document).encode(), skipped)
    assert bool(features) != bool(skipped)
    assert all(0 <= value <= 250 for value in features.values())


def test_an_album_has_the_means_of_those_recordings_that_are_in_the_dump():
    dump = Dump({A: {"energy": 0.2, "tempo": 90.0}, B: {"energy": 0.6}})
    features_of = album_features(dump, {"both": (A, B, C), "none": (C,), "empty": ()}.__getitem__)
    assert features_of(Record("musicbrainz", "both")) == {"energy": pytest.approx(0.4), "tempo": 90.0}
    assert features_of(Record("musicbrainz", "none")) == features_of(Record("musicbrainz", "empty")) == {}
