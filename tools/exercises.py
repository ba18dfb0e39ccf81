"""Exercises in a notebook's source: which cells belong to one, and what nbgrader is told of them.

The cells of an exercise name it in their metadata. In notebooks/source that looks like

    # %% answer="loss"                        code with a part between ### BEGIN SOLUTION and ### END SOLUTION
    # %% check="loss" points=2                the self-check that students see
    # %% hidden="loss"                        demonstration tests that only the grader runs

or, for an answer in words that a person marks,

    # %% [markdown] answer="reading" points=4     a model answer
    # %% [markdown] rubric="reading"              what each point is given for
"""

import re

from nbformat import NotebookNode

ROLES = ("answer", "check", "hidden", "rubric")
DIFFICULTIES = ("easy", "medium", "hard")
FEWEST, MOST = 3, 6  # exercises in a notebook

HEADING = re.compile(
    r"^### Exercise (?P<number>\d+) · (?P<title>.+) \((?P<minutes>\d+) minutes, (?P<level>\w+)\)$", re.M
)
RUBRIC_LINE = re.compile(r"^- \*\*(?P<points>\d+)\*\* (?P<reason>.+)$", re.M)

TEXT_STUB = "YOUR ANSWER HERE"
HIDDEN_BEGIN, HIDDEN_END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def role(cell: NotebookNode) -> tuple[str, str] | None:
    """("answer", "loss") for the cell in which the exercise "loss" is answered, and so on; None for other cells."""
    for name in ROLES:
        if name in cell.metadata:
            return name, str(cell.metadata[name])
    return None


def is_role(cell: NotebookNode, name: str) -> bool:
    return (role(cell) or ("",))[0] == name


def is_written(cell: NotebookNode) -> bool:
    """Whether the cell is an answer in words."""
    return cell.cell_type == "markdown" and is_role(cell, "answer")


def nbgrader_metadata(cell: NotebookNode) -> dict | None:
    """What nbgrader is told of the cell, in version 3 of its schema
    (https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html); None for cells it ignores."""
    name = (role(cell) or ("",))[0]
    if name not in ("answer", "check"):
        return None
    graded = name == "check" or is_written(cell)
    metadata = {
        "grade": graded,
        "grade_id": grade_id(cell),
        "locked": name == "check",
        "schema_version": 3,
        "solution": name == "answer",
        "task": False,
    }
    return metadata | ({"points": int(cell.metadata.get("points", 0))} if graded else {})


def grade_id(cell: NotebookNode) -> str:
    """The name nbgrader knows the cell by: "loss" for the answer, "loss-check" for its check."""
    name, exercise = role(cell)
    return f"{exercise}-check" if name == "check" else exercise


def merge_hidden(notebook: NotebookNode) -> None:
    """Put each cell of hidden tests at the end of the check of its exercise, marked as nbgrader wants it."""
    hidden = {role(cell)[1]: cell.source for cell in notebook.cells if is_role(cell, "hidden")}
    notebook.cells = [cell for cell in notebook.cells if not is_role(cell, "hidden")]
    for cell in notebook.cells:
        if is_role(cell, "check") and (tests := hidden.get(role(cell)[1])):
            cell.source = f"{cell.source}\n\n{HIDDEN_BEGIN}\n{tests}\n{HIDDEN_END}"


def rubrics(notebook: NotebookNode) -> list[tuple[str, str]]:
    """(heading of the exercise, rubric) for each exercise that a person marks."""
    found, heading = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (match := HEADING.search(cell.source)):
            heading = f"Exercise {match['number']} · {match['title']}"
        if is_role(cell, "rubric"):
            found.append((heading, cell.source))
    return found


def exercise_problems(notebook: NotebookNode) -> list[str]:
    """Where the exercises of a complete notebook are not what the course promises; one sentence each."""
    cells = [(role(cell), cell) for cell in notebook.cells]
    by_role = {name: [found[1] for found, _ in cells if found and found[0] == name] for name in ROLES}
    problems = heading_problems(notebook, len(by_role["answer"]))
    for name, ids in by_role.items():
        problems += [f"two {name} cells name exercise {id!r}" for id in sorted(set(ids)) if ids.count(id) > 1]
        problems += [
            f"exercise {id!r} has a {name} cell but no answer cell" for id in ids if id not in by_role["answer"]
        ]
    for found, cell in cells:
        if not found or found[0] != "answer":
            continue
        id = found[1]
        if is_written(cell):
            problems += rubric_problems(id, cell, [c for r, c in cells if r == ("rubric", id)])
        elif id not in by_role["check"]:
            problems.append(f"exercise {id!r} has no check cell")
        elif id not in by_role["hidden"] and not id.startswith("predict"):
            problems.append(f"exercise {id!r} has no hidden tests")
    problems += [
        f"the check of {found[1]!r} has no points"
        for found, cell in cells
        if found and found[0] == "check" and "points" not in cell.metadata
    ]
    if not any(is_written(cell) for _, cell in cells):
        problems.append("no exercise asks for judgement: one needs an answer in words, with a rubric")
    return problems


def heading_problems(notebook: NotebookNode, answers: int) -> list[str]:
    """The exercises are numbered, say how long and hard they are, and give a hint; as many as there are answers."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    parts = re.split(r"^(?=### Exercise )", prose, flags=re.M)[1:]
    problems = []
    if not FEWEST <= answers <= MOST:
        problems.append(f"there are {answers} exercises; {FEWEST} to {MOST} are wanted")
    if len(parts) != answers:
        problems.append(f"{len(parts)} headings '### Exercise …' but {answers} answer cells")
    for number, part in enumerate(parts, 1):
        match = HEADING.match(part)
        if not match or int(match["number"]) != number or match["level"] not in DIFFICULTIES:
            wanted = f"### Exercise {number} · Title (N minutes, {'|'.join(DIFFICULTIES)})"
            problems.append(f"{part.splitlines()[0]!r} should read '{wanted}'")
        if "*Hint" not in part:
            problems.append(f"exercise {number} gives no hint, '*Hint: …*'")
    return problems


def rubric_problems(id: str, answer: NotebookNode, rubric: list[NotebookNode]) -> list[str]:
    """A written answer has a rubric whose points add up to its own."""
    if "points" not in answer.metadata:
        return [f"the answer of {id!r} has no points"]
    if not rubric:
        return [f"exercise {id!r} has no rubric"]
    total = sum(int(line["points"]) for line in RUBRIC_LINE.finditer(rubric[0].source))
    points = int(answer.metadata["points"])
    return [] if total == points else [f"the rubric of {id!r} gives {total} points, its answer is worth {points}"]
