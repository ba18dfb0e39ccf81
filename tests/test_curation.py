"""Curation: doubtful pictures come first, no decision is ever lost, and the table may be edited by hand."""

import csv
import hashlib
import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

from helpers import DATA
from helpers.building import prepare
from helpers.contact import MARKED
from helpers.covers import CoverSet
from helpers.curation import COVER, NO_COVER, TABLE, UNDECIDED, Curation, CurationWidget
from helpers.errors import CourseError
from helpers.sources.folder import folder_covers


def draw(path, seed, width=150, height=150, **options):
    colours = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(colours).resize((width, height), Image.Resampling.NEAREST).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Six square pictures, a.png to f.png."""
    for seed, letter in enumerate("abcdef"):
        draw(tmp_path / "crawl" / f"{letter}.png", seed)
    return tmp_path / "crawl"


def names(curation):
    return [doubt.name for doubt in curation.doubts]


def rows(folder):
    with open(folder / TABLE, encoding="utf-8", newline="") as file:
        return {row["cover_path"]: row for row in csv.DictReader(file)}


def click(widget, name):
    button = widget.buttons[name]
    button.value = not button.value


def test_most_doubtful_first(folder):
    draw(folder / "z_wide.png", 11, 300, 150)
    draw(folder / "z_tall.png", 12, 150, 400)
    draw(folder / "z_nearly_square.png", 13, 150, 155)
    draw(folder / "z_icon.png", 14, 32, 32)
    draw(folder / "z_icon_strip.png", 15, 400, 24)
    draw(folder / "b_again.jpg", 1, 120, 120, quality=80)
    (folder / "z_page.jpg").write_text("<html>")
    (folder / "z_nothing.jpg").touch()
    curation = Curation(folder)
    assert [(doubt.name, doubt.reason) for doubt in curation.doubts] == [
        ("z_nothing.jpg", "the file has no bytes"),
        ("z_page.jpg", "the content is no image of a known format, whatever the file is called"),
        ("z_icon_strip.png", "only 24 px"),
        ("z_icon.png", "only 32 px"),
        ("z_tall.png", "tall, 2.67 : 1"),
        ("z_wide.png", "wide, 2.00 : 1"),
        *((f"{letter}.png", "") for letter in "abcdef"),
        ("z_nearly_square.png", ""),
        ("b_again.jpg", "copy of b.png"),
    ]
    assert [doubt.size for doubt in curation.doubts[:5]] == [None, None, (400, 24), (32, 32), (150, 400)]


def test_scores_sort_the_square_pictures(folder):
    draw(folder / "z_wide.png", 11, 300, 150)
    curation = Curation(folder, scores={"a.png": 0.9, "d.png": 0.1, "f.png": 0.5, "z_wide.png": 0.99, "gone.png": 0})
    assert names(curation) == ["z_wide.png", "d.png", "f.png", "a.png", "b.png", "c.png", "e.png"]
    assert rows(folder)["d.png"]["score"] == "0.1000" and rows(folder)["b.png"]["score"] == ""


def test_every_click_is_saved_at_once_and_known_again(folder):
    widget = CurationWidget(Curation(folder))
    click(widget, "c.png")
    assert rows(folder)["c.png"]["verdict"] == NO_COVER
    click(widget, "e.png")
    click(widget, "c.png")
    assert [rows(folder)[f"{letter}.png"]["verdict"] for letter in "abcdef"] == ["", "", COVER, "", NO_COVER, ""]
    again = Curation(folder)
    assert again.rejected() == ["e.png"]
    buttons = CurationWidget(again).buttons
    assert [name for name, button in buttons.items() if button.value] == ["e.png"]
    assert [button.description for button in buttons.values()] == ["?", "?", COVER, "?", NO_COVER, "?"]


def test_new_files_come_in_undecided_and_what_was_said_of_lost_ones_is_kept(folder):
    Curation(folder).decide(["a.png", "b.png"], NO_COVER)
    content = (folder / "b.png").read_bytes()
    (folder / "b.png").unlink()
    draw(folder / "g.png", 20)
    curation = Curation(folder)
    assert curation.rejected() == ["a.png"]
    assert curation.verdicts()["g.png"] == UNDECIDED
    (folder / "b.png").write_bytes(content)
    assert Curation(folder).rejected() == ["a.png", "b.png"]


def test_a_decision_holds_for_all_copies(folder):
    """Else the copy of a picture that is left out would come into the set in its place."""
    draw(folder / "b_again.png", 1, 120, 120)
    widget = CurationWidget(Curation(folder))
    click(widget, "b.png")
    assert widget.curation.rejected() == ["b.png", "b_again.png"]
    assert widget.buttons["b_again.png"].value
    click(widget, "b_again.png")
    assert widget.curation.rejected() == []
    assert not widget.buttons["b.png"].value


def test_what_is_no_cover_stays_out_of_the_set(folder, tmp_path):
    curation = Curation(folder)
    curation.decide(["b.png", "e.png"], NO_COVER)
    (path,) = prepare(folder, tmp_path / "set", (32,), leave_out=curation.rejected(), jobs=1)
    assert sorted(CoverSet.open(path).table["cover_path"]) == ["a.png", "c.png", "d.png", "f.png"]


def test_the_table_is_no_cover_of_the_folder(folder):
    before = [record.cover_path for record, _ in folder_covers(folder)]
    Curation(folder)
    assert [record.cover_path for record, _ in folder_covers(folder)] == before


def test_the_table_may_be_edited_by_hand(folder):
    widget = CurationWidget(Curation(folder))
    text = (folder / TABLE).read_text(encoding="utf-8")
    text = text.replace("b.png,,", "b.png, No Cover ,").replace("\n", "\r\n") + "\r\n,,\r\nd.png,no cover\r\n"
    (folder / TABLE).write_text(text, encoding="utf-8-sig", newline="")
    assert widget.curation.rejected() == ["b.png", "d.png"]
    click(widget, "f.png")
    assert widget.curation.rejected() == ["b.png", "d.png", "f.png"]
    widget.turn(0)
    assert [name for name, button in widget.buttons.items() if button.value] == ["b.png", "d.png", "f.png"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda text: text.replace("c.png,,", "c.png,maybe,"),
            "line 4 says 'maybe'; write cover, no cover, or nothing",
        ),
        (lambda text: text.replace("c.png,,,", "c.png"), "line 4 has no verdict"),
        (lambda text: text.replace("cover_path,", "name,"), "line 1 must be cover_path,verdict,reason,score"),
        (lambda text: text.replace(",", ";"), "line 1 must be"),
        (lambda text: "", "line 1 must be"),
        (lambda text: text.replace("e.png,", '"e.png,'), "line 7 is no row of a table"),
        (lambda text: text.replace("d.png", 'd"x".png"').replace("d", '"d"', 1), "line [0-9] "),
    ],
)
def test_a_damaged_table_is_reported_with_its_line_and_not_overwritten(folder, damage, message):
    widget = CurationWidget(Curation(folder))
    text = damage((folder / TABLE).read_text(encoding="utf-8"))
    (folder / TABLE).write_text(text, encoding="utf-8")
    for action in (widget.curation.rejected, lambda: Curation(folder), lambda: widget.curation.decide([], COVER)):
        with pytest.raises(CourseError, match=message):
            action()
    click(widget, "a.png")
    assert "Not saved" in widget.status.value and TABLE in widget.status.value
    widget.turn(1)
    widget.accept_others()
    assert (folder / TABLE).read_text(encoding="utf-8") == text


def test_a_table_in_another_encoding(folder):
    Curation(folder)
    text = (folder / TABLE).read_text(encoding="utf-8").replace("d.png", "표지.png")
    (folder / TABLE).write_bytes(text.encode("cp949"))
    with pytest.raises(CourseError, match="line 5 is no text in UTF-8"):
        Curation(folder)


def test_wrong_decisions(folder):
    curation = Curation(folder)
    with pytest.raises(CourseError, match="'perhaps'"):
        curation.decide(["a.png"], "perhaps")
    with pytest.raises(CourseError, match="no picture 'x.png'"):
        curation.decide(["a.png", "x.png"], NO_COVER)
    assert curation.rejected() == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CourseError, match="There is no folder"):
        Curation(tmp_path / "nowhere")


def test_a_crawl_that_brought_nothing(tmp_path):
    (tmp_path / "records.jsonl").write_text('{"source": "bing", "source_id": "x", "refused": "HTTP 404"}\n')
    with pytest.raises(CourseError, match="no picture to judge"):
        Curation(tmp_path)


def test_a_folder_that_cannot_be_written(folder):
    (folder / TABLE).mkdir()
    with pytest.raises(CourseError, match=TABLE):
        Curation(folder)


HOSTILE = [
    "=1+1.png",
    'a,"b",c.png',
    "two\nlines.png",
    "two\r\nlines.png",
    "a\u2028b\x0bc\x1cd.png",
    "한국 앨범 🎵.png",
    "<img src=x onerror=alert(1)>.png",
    " leading.png",
    "$x$ & &amp;.png",
    "-rf.png",
    "x" * 200 + ".png",
]


def test_hostile_names_of_files(tmp_path):
    folder = tmp_path / "<b>crawl</b>"
    for seed, name in enumerate(HOSTILE):
        draw(folder / name, seed)
    draw(folder / "copy.png", 6, 120, 120)
    with open(os.fsencode(folder) + b"/\xff.png", "wb") as file:
        file.write((folder / "copy.png").read_bytes())
    curation = Curation(folder)
    widget = CurationWidget(curation)
    for name in HOSTILE:
        click(widget, name)
    assert set(curation.rejected()) == {*HOSTILE, "copy.png", "\\udcff.png"}
    assert Curation(folder).rejected() == curation.rejected()
    html = [widget.status.value, *(tile.children[2].value for tile in widget.grid.children)]
    assert any("&lt;img" in text for text in html) and "&lt;b&gt;crawl" in widget.status.value
    assert not any("<img" in text or "<b>crawl" in text for text in html)
    curation.sheet()


@pytest.mark.parametrize("name", ["../outside.png", "a\0b.png", "x" * 5000, "."])
def test_records_that_name_no_file_of_a_picture(tmp_path, name):
    (tmp_path / "records.jsonl").write_text(
        json.dumps({"source": "shop", "source_id": "1", "cover_path": name}) + "\n", encoding="utf-8"
    )
    curation = Curation(tmp_path)
    assert curation.doubts[0].reason
    curation.decide([name], NO_COVER)
    assert Curation(tmp_path).rejected() == [name]
    assert curation.sheet().width > 0


def test_pages(folder):
    for seed in range(6, 20):
        draw(folder / f"x{seed:02}.png", seed)
    widget = CurationWidget(Curation(folder), per_page=8)
    assert list(widget.buttons) == [*(f"{letter}.png" for letter in "abcdef"), "x06.png", "x07.png"]
    assert "1 to 8 of 20" in widget.status.value
    old = widget.grid.children
    widget.forward.click()
    widget.forward.click()
    assert list(widget.buttons) == ["x16.png", "x17.png", "x18.png", "x19.png"]
    assert old[0].children[0].comm is None  # closed: a long crawl has many pages
    widget.forward.click()
    assert list(widget.buttons) == ["x16.png", "x17.png", "x18.png", "x19.png"]
    for _ in range(5):
        widget.back.click()
    assert list(widget.buttons)[0] == "a.png"


def test_all_others_are_covers(folder):
    widget = CurationWidget(Curation(folder), per_page=4)
    click(widget, "b.png")
    widget.rest.click()
    assert list(widget.buttons) == ["e.png", "f.png"]
    assert [rows(folder)[f"{letter}.png"]["verdict"] for letter in "abcdef"] == [COVER, NO_COVER, COVER, COVER, "", ""]
    assert "1 no covers, 2 not judged" in widget.status.value
    widget.rest.click()
    assert "0 not judged" in widget.status.value


def test_thumbnails_are_small_jpegs(folder):
    draw(folder / "large.png", 30, 2000, 1000)
    widget = CurationWidget(Curation(folder))
    pictures = [tile.children[0] for tile in widget.grid.children]
    assert all(picture.format == "jpeg" and bytes(picture.value).startswith(b"\xff\xd8") for picture in pictures)
    assert max(len(picture.value) for picture in pictures) < 20_000


def test_a_notebook_shows_the_widget(folder):
    box = Curation(folder).show()
    assert len(box.children[1].children) == 6


def test_without_widgets_the_table_and_a_sheet(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    shown = Curation(folder).show()
    assert isinstance(shown, Image.Image)
    assert f"write 'no cover' into the column 'verdict' of {folder / TABLE}" in capsys.readouterr().out


def test_the_sheet_frames_what_is_no_cover(folder):
    curation = Curation(folder)

    def framed(sheet):
        red = tuple(int(MARKED[place : place + 2], 16) for place in (1, 3, 5))
        return int((np.asarray(sheet) == red).all(axis=2).sum())

    none = framed(curation.sheet())
    curation.decide(["a.png"], NO_COVER)
    one = framed(curation.sheet())
    curation.decide(["b.png"], NO_COVER)
    assert none == 0 and one > 0 and framed(curation.sheet()) == 2 * one
    assert framed(curation.sheet(n=1)) == one


@pytest.mark.real_data
def test_a_real_crawl_begins_with_what_is_no_cover(real_data, tmp_path):
    with open(DATA / "labels" / "crawl.csv", newline="") as file:
        kinds = {row["sha256"]: row["kind"] for row in csv.DictReader(file)}
    for path in (real_data / "originals" / "kpop").iterdir():
        (tmp_path / path.name).symlink_to(path)
    curation = Curation(tmp_path)
    found = [kinds[hashlib.sha256(doubt.path.read_bytes()).hexdigest()] for doubt in curation.doubts]
    wrong = [kind not in ("cover", "altered") for kind in found]
    assert sum(wrong[:50]) >= 30 and sum(wrong[:100]) >= 0.7 * sum(wrong)
