"""The page of a data card: it says everything the card says, in order, and believes nothing it is told."""

import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.card import REASONS, Card
from helpers.card_page import SHEETS, card_page

VOID = {"meta", "img"}


class Tree(HTMLParser):
    """Builds a tree; fails if tags do not match."""

    def __init__(self, page: str):
        super().__init__()
        self.builder, self.open = ElementTree.TreeBuilder(), []
        self.feed(page)
        self.close()
        assert not self.open
        self.root = self.builder.close()

    def handle_starttag(self, tag, attrs):
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.builder.end(tag)

    def handle_data(self, data):
        if self.open:
            self.builder.data(data)


def text(element) -> str:
    return "".join(element.itertext())


def tree(card: dict, sheets=()):
    return Tree(card_page(card, sheets)).root


def section(root, heading: str):
    (found,) = [part for part in root.iter("section") if text(part.find("h2")).startswith(heading)]
    return found


def headings(root) -> list[str]:
    return [text(heading) for heading in root.iter("h2")]


def bars(root, heading: str) -> dict[str, str]:
    """Label -> count of the bars below a heading, in order."""
    rows = section(root, heading).findall("table[@class='bars']/tr")
    return {text(row.find("th")): text(row.findall("td")[1]) for row in rows}


SMALL = {"name": "wall", "count": 1, "size": 64}


def real_card() -> dict:
    """A card as `Card` makes it, of a few covers that came from files."""
    card = Card()
    years = [1987, 1994, 1999, 2003, 2003, None]
    for number, year in enumerate(years):
        card.count(
            {"source": "folder", "genres": ["jazz", "pop"] if number else [], "year": year, "licence": "CC0"}
            | {"ml_use": "allowed", "side": 50 * 2**number, "brightness": number / 5, "palette": ["#ff0000"]}
        )
        card.cleaned(["square"] if number > 3 else [])
    card.reject("a/1.jpg", "too small", "smallest_side")
    card.reject("a/2.jpg", "duplicate", of="a/0.jpg")
    card.reject("a/3.jpg", "duplicate", of="a/0.jpg")
    steps = [{"name": "smallest_side", "pixels": 32}, {"name": "square", "by": "pad", "most": 2.0}]
    facts = {"steps": steps, "merge": True, "detect": [], "choice": {}, "permission": None, "origin": "/music"}
    pixels = {"mean": [10.4, 20.0, 30.6], "standard_deviation": [1.0, 2.0, 3.0]}
    return card.as_json("wall", 64, facts, pixels) | {"hash": "0123abcd"}


def test_a_card_is_shown_whole():
    root = tree(real_card())
    assert text(root.find(".//h1")) == "wall"
    assert "6 covers of 64 × 64 pixels. Of 9 files, 3 were left out." in text(root)
    assert bars(root, "Which genres") == {"jazz": "5", "unknown": "1"}
    assert bars(root, "When") == {"1980s": "1", "1990s": "2", "2000s": "2", "unknown": "1"}
    assert bars(root, "Where") == {"folder": "6"}
    assert bars(root, "Under which licences") == {"CC0": "6"}
    assert bars(root, "Whether a model may learn") == {"allowed": "6"}
    sides = {"0-63": "1", "64-127": "1", "128-255": "1", "256-511": "1", "512-1023": "1", "1024 or more": "1"}
    assert bars(root, "How large") == sides
    assert list(bars(root, "How large")) == list(sides)
    bright = ["0–12.5%", "12.5–25%", "37.5–50%", "50–62.5%", "75–87.5%", "87.5–100%"]
    assert list(bars(root, "How bright")) == bright
    assert bars(root, "Which colour") == {"red": "6"}
    assert "10, 20, 31 on average" in text(section(root, "The mean colour"))


def test_a_card_read_from_its_file_gives_the_same_page():
    card = real_card()
    assert card_page(card) == card_page(json.loads(json.dumps(card)))


def test_each_step_says_what_it_changed_and_refused():
    rows = section(tree(real_card()), "What each step did").findall("table/tbody/tr")
    told = [(text(row.find("th")), *(text(cell) for cell in row.findall("td"))) for row in rows]
    assert [(changed, refused) for _, changed, refused in told] == [("0", "1"), ("2", "0")]
    assert told[0][0].startswith("Smallest side") and "pixels 32" in told[0][0]
    assert told[1][0].startswith("Square") and "by pad" in told[1][0]


def test_a_readers_own_step_has_a_row_too():
    card = SMALL | {"steps": {"MyStep": {"changed": 12345, "refused": 0}}, "settings": {"steps": [{"name": "MyStep"}]}}
    assert "12,345" in text(section(tree(card), "What each step did"))


def test_every_rejected_file_stands_below_its_reason():
    part = section(tree(real_card()), "Why 3 files were left out")
    assert bars(part, "Why") == {
        "A copy of another cover, which is kept": "2",
        "The shorter side has too few pixels": "1",
    }
    listed = {
        text(heading): [text(file) for file in files]
        for heading, files in zip(part.findall("details/h3"), part.findall("details/ul"), strict=True)
    }
    assert listed == {
        "A copy of another cover, which is kept": ["a/2.jpg copy of a/0.jpg", "a/3.jpg copy of a/0.jpg"],
        "The shorter side has too few pixels": ["a/1.jpg"],
    }


def test_settings_are_told_in_words():
    card = real_card()
    card["settings"] |= {"choice": {"years": [1990, 1999], "text": False}, "permission": "the label", "extra_word": 3}
    table = section(tree(card), "How the set was made").find("table")
    told = {text(row.find("th")): text(row.find("td")) for row in table}
    assert told["Made from"] == "/music" and told["Only one of several copies"] == "yes"
    assert told["Looked for on the covers"] == "none" and told["Permission that was named"] == "the label"
    assert told["Covers that were asked for"] == "years 1990, 1999, text no" and told["Extra word"] == "3"
    assert told["Hash of the set"] == "0123abcd" and told["Version of the program"] == card["version"]


def test_the_bars_are_as_long_as_the_counts():
    rows = section(tree(SMALL | {"genres": {"pop": 300, "jazz": 100, "rock": 1}}), "Which genres").iter("tr")
    widths = [row.find(".//span[@class='bar']").get("style") for row in rows]
    assert widths == ["width:100.0%", "width:33.3%", "width:0.3%"]
    rows = section(tree(SMALL | {"genres": {"pop": 300, "jazz": 100, "rock": 1}}), "Which genres").iter("tr")
    assert [text(row.findall("td")[2]) for row in rows] == ["75%", "25%", "< 1%"]


@given(st.dictionaries(st.integers(0, 999), st.integers(1, 10**6), min_size=1, max_size=40), st.booleans())
@settings(deadline=None, max_examples=30)
def test_no_cover_is_lost_in_a_long_tail(counts, some_unknown):
    genres = {f"genre {number}": count for number, count in counts.items()}
    genres |= {"unknown": 7} if some_unknown else {}
    told = {
        label: int(count.replace(",", "")) for label, count in bars(tree(SMALL | {"genres": genres}), "Which").items()
    }
    assert sum(told.values()) == sum(genres.values())
    labels = list(told)
    assert (labels[-1] == "unknown") == some_unknown
    named = [label for label in labels if label.startswith("genre ")]
    assert [told[label] for label in named] == sorted(counts.values(), reverse=True)[: len(named)]
    assert all(told[label] == genres[label] for label in named)
    hidden = len(counts) - len(named)
    assert (f"and {hidden} more" in labels) == (hidden > 0) and hidden != 1


def test_a_hundred_genres_do_not_fill_the_page():
    told = bars(tree(SMALL | {"genres": {f"genre {n}": 200 - n for n in range(100)}}), "Which genres")
    assert 10 < len(told) < 30 and list(told)[-1] == f"and {101 - len(told)} more"


def test_decades_are_never_cut_short_and_come_in_order_of_time():
    decades = [f"{10 * decade}s" for decade in range(99, 203)]
    counts = {decade: 1 + int(decade[:-1]) % 70 for decade in reversed(decades)}
    assert list(bars(tree(SMALL | {"decades": counts}), "When")) == decades


@pytest.mark.parametrize("key", ["sides", "brightness", "colours", "genres", "pixels", "steps", "rejected", "settings"])
def test_a_part_that_is_missing_or_empty_is_left_out(key):
    card = real_card()
    whole = headings(tree(card))
    assert headings(tree(card | {key: {}})) == headings(tree({k: v for k, v in card.items() if k != key}))
    assert len(headings(tree(card | {key: {}}))) == len(whole) - (key != "settings")


def test_the_least_card_gives_a_page():
    root = tree(SMALL)
    assert "1 cover of 64 × 64 pixels. Nothing was left out." in text(root)
    assert not headings(root)


@given(
    st.text(min_size=1, max_size=20), st.sampled_from(["<script>{}", '"><img src={}', "</table>{}", "{}&amp;'", "{}"])
)
@settings(deadline=None, max_examples=30)
def test_names_are_shown_and_not_obeyed(word, trap):
    word = trap.replace("{}", f"\N{SECTION SIGN}{word}")  # a sign that occurs nowhere else on the card
    counts = {word: 1}
    card = real_card() | {"name": word, "hash": word, "version": word, "reasons": {"duplicate": word}}
    card |= {"genres": counts, "sources": counts, "licences": counts, "ml_use": counts, "colours": counts}
    card |= {"rejected": [{"file": word, "reason": word}, {"file": "b", "reason": "duplicate", "of": word}]}
    card["settings"] |= {"origin": word, "permission": word, word: word, "choice": {word: [word]}}
    card["settings"]["steps"] = [{"name": word, word: word}]
    card["steps"] = {word: {"changed": 1, "refused": 2}}
    root = tree(card)
    plain = tree(json.loads(json.dumps(card).replace(json.dumps(word)[1:-1], "x")))
    assert [element.tag for element in root.iter()] == [element.tag for element in plain.iter()]
    assert text(root.find(".//h1")) == word
    assert list(bars(root, "Where")) == [word]
    assert f"b copy of {word}" in [text(item) for item in root.iter("li")]


def test_nothing_is_loaded_but_the_sheets_that_exist():
    card = real_card()
    assert not list(tree(card).iter("img"))
    for names in (["covers.jpg"], ["covers.jpg", "rejected.jpg"], list(SHEETS)):
        root = tree(card, names)
        assert [image.get("src") for image in root.iter("img")] == names
        assert all(len(image.get("alt")) > 10 for image in root.iter("img"))
        assert {link.get("href") for link in root.iter("a")} == {"card.json", *names}
    assert not list(root.iter("script")) and not list(root.iter("link"))
    assert "url(" not in card_page(card) and "@import" not in card_page(card)


def test_every_reason_there_is_can_be_told():
    card = SMALL | {"reasons": REASONS, "rejected": [{"file": "a", "reason": reason} for reason in REASONS]}
    told = [text(heading).lower() for heading in tree(card).iter("h3")]
    assert sorted(told) == sorted(reason.lower() for reason in REASONS.values())
