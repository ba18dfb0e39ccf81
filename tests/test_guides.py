"""What the guides say of the course is so: minutes, commands, files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", ROOT / "docs" / "students.md", ROOT / "docs" / "instructors.md"]


def test_the_instructors_table_has_the_minutes_of_the_notebooks():
    text = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (\d\d) · [^|]+\| (\d+) \|", text, re.MULTILINE))
    for path in sorted((ROOT / "notebooks" / "source").glob("*.py")):
        title = re.search(r"\*\*(\d+) minutes\*\*", path.read_text(encoding="utf-8"))
        assert table[path.name[:2]] == title[1], path.name


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands_and_files_that_are_named_exist(guide):
    text = guide.read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: ([\w-]+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^(?:    )?make ([a-z-]+)", text, re.MULTILINE)) <= targets
    for link in re.findall(r"\]\((?!https?:|#)([^)\s#]+)", text):
        assert (guide.parent / link).exists(), link


def test_planted_answers_are_as_many_as_the_guide_says():
    text = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    assert "more than three hundred wrong answers" in text
    planted = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "exercises").glob("[0-9]*.py")]
    assert sum(len(re.findall(r'^# %%.* wrong="', answers, re.MULTILINE)) for answers in planted) > 300
