"""Answers in words: the table that a person fills in, and what becomes of the points in it."""

import pytest
from classroom import again, fill_in, hand_in, table
from grade import Grading
from marks import COLUMNS, SHOWN, digest, read_marks, write_marks

from helpers.errors import CourseError


def test_answers_in_words_wait_for_a_person(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    (row,) = table(path)
    assert row["student"] == "ada" and row["exercise"] == "why" and row["points"] == "" and row["out_of"] == "4"
    assert "a sheep is missing" in row["answer"]
    grades = {row["student"]: row for row in table(path.with_name("grades.csv"))}
    assert grades["ada"]["total (of 7)"] == "3" and grades["ada"]["answers to mark"] == "1"
    assert grades["alan"]["total (of 7)"] == "0" and grades["alan"]["answers to mark"] == "0"
    marks = read_marks(path)
    marks["00_counting", "why", "ada"] |= {"points": 2.5, "comment": "Short."}
    write_marks(path, marks)
    again = Grading(class_of_two.folder, class_of_two.members, class_of_two.known)
    again.run()
    assert {row["student"]: row for row in table(path.with_name("grades.csv"))}["ada"]["total (of 7)"] == "5.5"
    assert "Short." in again.members.path("feedback", "ada", "00_counting", ".html").read_text(encoding="utf-8")


def test_marks_outlive_what_a_spreadsheet_does_to_the_answer(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    marks = read_marks(path)
    marks["00_counting", "why", "ada"] |= {"points": 3.0, "answer": "For knowing â€“ whether"}
    write_marks(path, marks)
    again(class_of_two)
    assert read_marks(path)["00_counting", "why", "ada"]["points"] == 3
    assert "a sheep is missing" in read_marks(path)["00_counting", "why", "ada"]["answer"]


def test_an_answer_that_changed_waits_again_and_the_report_says_so(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    marks = read_marks(path)
    marks["00_counting", "why", "ada"] |= {"points": 3.0, "comment": "Good."}
    write_marks(path, marks)
    again(class_of_two)
    handed_in = class_of_two.folder / "ada" / "00_counting.ipynb"
    text = handed_in.read_text(encoding="utf-8")
    handed_in.write_text(text.replace("a sheep is missing", "x" * 140_000), encoding="utf-8")
    second = again(class_of_two)
    row = read_marks(path)["00_counting", "why", "ada"]
    assert row["points"] is None and row["comment"] == "" and len(row["answer"]) < SHOWN + 100
    assert "the answer 'why' has changed since it was marked; its marks were taken back" in second.submissions[0].notes
    assert ",ada,,4,," in path.read_text(encoding="utf-8-sig")
    assert ",ada,3,4,Good." in path.with_name("marks.csv.bak").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("nothing", ["YOUR ANSWER HERE\n", " \n"])
def test_what_says_nothing_does_not_wait_for_marks(class_of_two, nothing):
    hand_in(class_of_two, "ada", "why", nothing)
    second = again(class_of_two)
    assert table(second.members.folder / "marks.csv") == []
    grades = {row["student"]: row for row in table(second.members.folder / "grades.csv")}
    assert grades["ada"]["total (of 7)"] == "3" and grades["ada"]["answers to mark"] == "0"


def test_marks_that_are_saved_while_others_are_graded_are_kept(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"

    class Marking(Grading):  # somebody marks while the submissions run
        def execute(self, submission):
            if submission.student == "ada":
                fill_in(path, points=3.0)
            return super().execute(submission)

    Marking(class_of_two.folder, class_of_two.members, class_of_two.known).run()
    assert read_marks(path)["00_counting", "why", "ada"]["points"] == 3
    assert {row["student"]: row for row in table(path.with_name("grades.csv"))}["ada"]["total (of 7)"] == "6"


def test_no_spreadsheet_takes_a_digest_for_a_number():
    assert not any(digest(str(answer))[0] in "0123456789+-." for answer in range(100))


def test_points_for_nobody_are_named_and_the_table_is_left_as_it_is(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    fill_in(path, points=3.0)
    right = path.read_text(encoding="utf-8")
    for row, complaint in {
        "00_counting,why,2.02412E+11": "the row of 2.02412E+11 for why in 00_counting: there is no such student",
        "00_counting,Why,ada": "the row of ada for Why in 00_counting: there is no such exercise",
        "0_counting,why,ada": "the row of ada for why in 0_counting: there is no such exercise",
    }.items():
        path.write_text(right.replace("00_counting,why,ada", row), encoding="utf-8", newline="")
        saved = path.read_bytes()
        with pytest.raises(CourseError) as refused:
            again(class_of_two)
        assert complaint in str(refused.value) and path.read_bytes() == saved


@pytest.mark.parametrize(
    "points, complaint",
    [("many", "points must be a number, not 'many'"), ("5", "points must be from 0 to 4"), ("-1", "from 0")],
)
def test_a_slip_in_the_marks_is_named_by_its_row(class_of_two, points, complaint):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("ada,,", f"ada,{points},"), encoding="utf-8")
    with pytest.raises(CourseError, match=complaint):
        Grading(class_of_two.folder, class_of_two.members, class_of_two.known).run()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_marks_are_read_as_a_spreadsheet_leaves_them(tmp_path, encoding):
    text = ";".join(COLUMNS) + '\r\n00_counting;why;ada;2,5;4;Schön;"a;\nb";ada/x.ipynb;abc\r\n'
    (tmp_path / "marks.csv").write_bytes(text.encode(encoding))
    ((key, row),) = read_marks(tmp_path / "marks.csv").items()
    assert key == ("00_counting", "why", "ada")
    assert row["points"] == 2.5 and row["comment"] == "Schön" and row["answer"] == "a;\nb"
