"""Tags of music services and the course's twelve genres."""

import csv
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.genres import aliases, course_genres
from helpers.sources.synthetic.factors import GENRES

TAGS = [(tag, genre) for genre, tags in aliases().items() for tag in tags]

# Each as its service writes it.
ITUNES = {
    "K-Pop": "kpop", "Hip-Hop/Rap": "hiphop", "Alternative": "rock", "Dance": "electronic", "Heavy Metal": "metal",
    "Classical": "classical", "Reggae": "reggae", "Country": "country", "J-Pop": "pop", "팝": "pop",
    "힙합/랩": "hiphop", "록": "rock", "클래식": "classical", "재즈": "jazz", "일렉트로닉": "electronic",
    "컨트리": "country", "포크": "folk", "레게": "reggae", "메탈": "metal", "앰비언트": "ambient",
    "케이팝": "kpop", "발라드": "kpop", "아이돌 팝": "kpop", "걸그룹": "kpop", "보이그룹": "kpop", "댄스팝": "pop",
    "시티 팝": "pop", "포크록": "rock", "메탈코어": "metal", "드럼 앤 베이스": "electronic",
}  # fmt: skip
DEEZER = {
    "Rap/Hip Hop": "hiphop", "Electro": "electronic", "Techno/House": "electronic", "Metal": "metal",
    "Chill Out/Trip-Hop/Lounge": "electronic",
}  # fmt: skip
MUSICBRAINZ = {
    "k-pop": "kpop", "synth-pop": "pop", "drum and bass": "electronic", "alternative rock": "rock",
    "trip hop": "electronic", "melodic death metal": "metal",
    "neo-psychedelic rock": "rock", "dark ambient": "ambient", "dub": "reggae",
    "doom": "metal", "stoner doom": "metal", "darkwave": "rock", "d-beat": "rock", "chillout": "electronic",
    "free improvisation": "jazz", "minimalism": "classical",
    "bluegrass": "country", "hard bop": "jazz", "contemporary classical": "classical", "anti-folk": "folk",
}  # fmt: skip
SPOTIFY = {
    "k-pop boy group": "kpop", "k-pop girl group": "kpop", "5th gen k-pop": "kpop", "uk drill": "hiphop",
    "k-rap": "hiphop", "rap francais": "hiphop", "rock en espanol": "rock", "post-teen pop": "pop",
    "nashville sound": "country", "korean boy group": "kpop", "opm": "pop", "schlager": "pop", "rave": "electronic",
    "vocal jazz": "jazz", "progressive house": "electronic", "indie folk": "folk",
}  # fmt: skip
LASTFM = {
    "Hip-Hop": "hiphop",
    "rock n roll": "rock",
    "Drum 'n' Bass": "electronic",
    "K-POP": "kpop",
    "Classic Rock": "rock",
}
MISLEADING = {
    "lovers rock": "reggae", "rock opera": "rock", "folk metal": "metal", "jazz rap": "hiphop", "country rock": "rock",
    "baroque pop": "pop", "electro swing": "electronic", "western swing": "country", "ambient dub": "ambient",
    "symphonic metal": "metal", "trap metal": "metal", "breakbeat hardcore": "electronic", "pop punk": "rock",
    "doom jazz": "jazz", "medieval metal": "metal", "아이돌 팝": "kpop",
}  # fmt: skip


@pytest.mark.parametrize("table", [ITUNES, DEEZER, MUSICBRAINZ, SPOTIFY, LASTFM, MISLEADING])
def test_tags_of_every_service_have_the_genre_that_a_listener_would_say(table):
    assert {tag: course_genres([tag]) for tag in table} == {tag: (genre,) for tag, genre in table.items()}


@pytest.mark.parametrize(
    "tag",
    ["R&B/Soul", "alternative r&b", "K-R&B", "country blues", "new jack swing", "Soundtrack", "Latin", "트로트",
     "seen live", "아이유", "Asian Music", "indie", "", " ", "/", "&", "🎸", "\0", "..", "rocket",
     "metallica", "popular", "jazzy"],
)  # fmt: skip
def test_tags_of_no_genre_of_the_course_drop_out(tag):
    assert course_genres([tag]) == ()


def test_the_order_is_that_of_the_tags_and_nothing_is_said_twice():
    tags = ["seen live", "dance-pop", "K-Pop", "r&b", "Hip-Hop/Rap", "케이팝", "pop", "Pop/Rock"]
    assert course_genres(tags) == ("pop", "kpop", "hiphop", "rock")


def test_tags_that_are_no_text_are_passed_over():
    assert course_genres([None, 7, {"name": "rock"}, ["pop"], "jazz"]) == ("jazz",)
    assert course_genres(iter([])) == ()


def test_the_table_knows_the_genres_of_the_course_and_no_others():
    assert set(aliases()) - {""} == set(GENRES)
    assert {genre: course_genres([genre]) for genre in GENRES} == {genre: (genre,) for genre in GENRES}


def test_every_tag_of_the_table_has_the_genre_that_is_written_beside_it():
    assert [course_genres([tag]) for tag, _ in TAGS] == [(genre,) if genre else () for _, genre in TAGS]


@given(st.sampled_from(TAGS), st.sampled_from(["lower", "upper", "title"]), st.sampled_from(["NFC", "NFD", "NFKD"]))
def test_neither_case_nor_encoding_nor_hyphens_matter(row, case, form):
    tag, genre = row
    spelt = unicodedata.normalize(form, getattr(tag, case)())
    for written in (spelt, spelt.replace(" ", "-"), spelt.replace("-", " "), f"  {spelt.replace(' ', '  ')} "):
        assert course_genres([written]) == ((genre,) if genre else ())


def test_full_width_letters_are_letters():
    assert course_genres(["Ｋ－ＰＯＰ", "ＲＯＣＫ"]) == ("kpop", "rock")


@given(st.lists(st.one_of(st.text(max_size=30), st.sampled_from([tag for tag, _ in TAGS]))))
def test_whatever_the_tags_are_only_genres_of_the_course_come_out_each_once(tags):
    found = course_genres(tags)
    assert set(found) <= set(GENRES) and len(set(found)) == len(found)
    assert set(found) == {genre for tag in tags for genre in course_genres([tag])}
    assert course_genres(found) == found


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("path", "columns"),
    [("tables/spotify_albums.csv", ["genre"]), ("covers/manifest.csv", ["genre", "other_genres"])],
)
def test_every_tag_of_real_tables_has_its_genre(real_data, path, columns):
    if not (real_data / path).is_file():
        pytest.skip(f"COVERGAN_REAL_DATA has no {path}")
    with open(real_data / path, encoding="utf-8-sig", newline="") as file:
        cells = {row[column] for row in csv.DictReader(file) for column in columns}
    tags = {tag for cell in cells for tag in cell.split("|") if tag}
    assert len(tags) >= 6
    assert {tag: course_genres([tag]) for tag in tags} == {tag: (tag,) for tag in tags}  # they are called the same
