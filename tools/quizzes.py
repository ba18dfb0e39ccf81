"""The quiz near the end of each notebook, made from notebooks/quizzes.yaml: plain Markdown, so it works offline."""

from pathlib import Path

import yaml

from helpers.errors import CourseError

LETTERS = "abcdef"
INTRODUCTION = """## Quiz

Answer each question before you open what is below it. Nobody sees your answers."""


def read_quizzes(path: Path) -> dict[str, list[dict]]:
    """The questions of each notebook by its stem, e.g. "04_dcgan"; none where the file is missing.

    A question is {"question": text, "options": [texts], "answer": letter, "because": text}.

    Raises:
        CourseError: naming the notebook and the question, if one is not like that.
    """
    if not path.exists():
        return {}
    try:
        quizzes = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        raise CourseError(f"{path.name} is not YAML{f', line {place.line + 1}' if place else ''}.") from None
    for stem, questions in quizzes.items():
        for number, question in enumerate(questions, 1):
            if problem := question_problem(question):
                raise CourseError(f"{path.name}, question {number} of {stem}: {problem}.")
    return quizzes


def question_problem(question) -> str:
    """What is wrong with a question as read; empty if nothing is."""
    if not isinstance(question, dict) or set(question) != {"question", "options", "answer", "because"}:
        return "it must have exactly question, options, answer and because"
    options = question["options"]
    if not isinstance(options, list) or not 2 <= len(options) <= len(LETTERS):
        return f"it must have 2 to {len(LETTERS)} options"
    if str(question["answer"]) not in tuple(LETTERS[: len(options)]):
        return f"its answer must be a letter from a to {LETTERS[len(options) - 1]}"
    return ""


def quiz_text(questions: list[dict]) -> str:
    """The quiz as one Markdown cell; what is in `<details>` stays folded until it is clicked."""
    return "\n\n".join([INTRODUCTION, *(question_text(n, question) for n, question in enumerate(questions, 1))])


def question_text(number: int, question: dict) -> str:
    options = "\n".join(
        f"- **{letter})** {str(option).strip()}" for letter, option in zip(LETTERS, question["options"], strict=False)
    )
    return (
        f"**{number}.** {question['question'].strip()}\n\n{options}\n\n"
        f"<details><summary>Answer to question {number}</summary>\n\n"
        f"**{question['answer']})** {question['because'].strip()}\n\n</details>"
    )
