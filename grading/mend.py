"""Put a submission's cells in order: find answers whose metadata were lost, and put the course's own checks back."""

import ast
import re

import nbformat
from nbformat import NotebookNode
from reference import Reference, grade_id, graded_cells

LIVE = re.compile(r"^LIVE *= *True\b", re.M)


def mend(notebook: NotebookNode, reference: Reference) -> tuple[NotebookNode, list[str]]:
    """A copy of the submission with every exercise as the grader needs it, and what was done, a sentence each.

    Answers are the student's; checks are those of `reference`, with the hidden tests. Cells that are neither are kept.
    """
    notes = []
    mended = nbformat.v4.new_notebook(
        metadata=reference.student.metadata, cells=clean(notebook.cells, reference, notes)
    )
    ask_the_demo_server(mended.cells, reference, notes)
    restore_metadata(mended.cells, reference, notes)
    note_changes(mended.cells, reference, notes)
    join_written(mended, reference, notes)
    present = graded_cells(mended)
    replace_cells(mended, reference, present, notes)
    for number, cell in enumerate(mended.cells):
        cell.id = f"cell-{number}"
    return mended, notes


def clean(cells: list[NotebookNode], reference: Reference, notes: list[str]) -> list[NotebookNode]:
    """New cells with the submission's texts, and of its metadata nothing but grade ids that exist, each once."""
    new = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    cleaned, seen = [], set()
    for cell in cells:
        name = grade_id(cell)
        if name and name not in reference.exercises:
            notes.append(f"a cell named {name[:60]!r} belongs to no exercise")
            name = None
        if name in seen:
            notes.append(f"there are several cells for {name!r}; the first is graded")
            name = None
        metadata = {}
        kind = cell.cell_type
        if name:
            seen.add(name)
            expected = reference.exercises[name]
            metadata = {"nbgrader": dict(expected.metadata.nbgrader)}
            if kind != expected.cell_type:
                notes.append(f"the cell of {name!r} was made a {kind} cell; it is {expected.cell_type} again")
                kind = expected.cell_type
        cleaned.append(new[kind](cell.source, metadata=metadata))
    return cleaned


def ask_the_demo_server(cells: list[NotebookNode], reference: Reference, notes: list[str]) -> None:
    """Take back that a student asked the real services, as some notebooks invite to: the grader has no network."""
    if not any(re.search(r"^LIVE = False\b", cell.source, re.M) for cell in reference.student.cells):
        return
    live = [cell for cell in cells if cell.cell_type == "code" and LIVE.search(cell.source)]
    for cell in live:
        cell.source = LIVE.sub("LIVE = False", cell.source)
    if live:
        notes.append("LIVE was True; it was graded with LIVE = False, which asks the demo server")


def note_changes(cells: list[NotebookNode], reference: Reference, notes: list[str]) -> None:
    """Say how many of the lesson's own code cells are not there as they were: without them right answers may fail.

    The setup cell, which does nothing here, may change or go, and so may the values of the parameters.
    """
    there = [cell for cell in cells if cell.cell_type == "code"]
    texts = {"".join(cell.source.split()) for cell in there}
    names = set().union(*(defined(cell.source) for cell in there))
    changed = 0
    for own in reference.student.cells:
        tags = own.metadata.get("tags", [])
        if own.cell_type != "code" or grade_id(own) or "setup" in tags:
            continue
        kept = defined(own.source) <= names if "parameters" in tags else "".join(own.source.split()) in texts
        changed += not kept
    if changed:
        were = "was" if changed == 1 else "were"
        notes.append(f"{changed} of the lesson's own code cells {were} changed or deleted")


def restore_metadata(cells: list[NotebookNode], reference: Reference, notes: list[str]) -> None:
    """Find answers and checks that have lost their names, as after a detour through a converter, by their text."""
    lost = [name for name in reference.exercises if name not in {grade_id(cell) for cell in cells}]
    restored = []
    for name in lost:
        cell = find(name, cells, reference)
        if cell is not None:
            cell.metadata["nbgrader"] = dict(reference.exercises[name].metadata.nbgrader)
            restored.append(name)
    if restored:
        notes.append(f"the metadata of {len(restored)} cells were lost and found again by their text")


def find(name: str, cells: list[NotebookNode], reference: Reference) -> NotebookNode | None:
    """The nameless cell that must be the one of this grade id; None if there is none."""
    wanted = reference.exercises[name]
    student = graded_cells(reference.student)[name]
    free = [cell for cell in cells if not grade_id(cell) and cell.cell_type == wanted.cell_type]
    if wanted.cell_type == "markdown":
        return between(name, cells, reference)
    if wanted.metadata.nbgrader["grade"]:  # a check, which students leave as it is
        return next((cell for cell in free if cell.source.split() == student.source.split()), None)
    names = defined(graded_cells(reference.solution)[name].source)
    return next((cell for cell in reversed(free) if names and names <= defined(cell.source)), None)


def join_written(notebook: NotebookNode, reference: Reference, notes: list[str]) -> None:
    """Make one of an answer in words and of the student's own text cells right below it."""
    given = {first_line(cell) for cell in reference.student.cells if not grade_id(cell)}
    stubs = graded_cells(reference.student)
    answer, kept = None, []
    for cell in notebook.cells:
        name = grade_id(cell)
        if name and cell.cell_type == "markdown":
            answer = cell
        elif answer is not None and cell.cell_type == "markdown" and not name and first_line(cell) not in given:
            asked = grade_id(answer)
            parts = [part for part in (answer.source, cell.source) if part != stubs[asked].source]
            answer.source = "\n\n".join(parts)
            notes.append(f"the answer {asked!r} goes on in the cell below; both were taken")
            continue
        else:
            answer = None
        kept.append(cell)
    notebook.cells = kept


def first_line(cell: NotebookNode) -> str:
    """What one of the course's texts is known by: further down it may have been corrected since it was handed out."""
    return cell.source.strip().partition("\n")[0].strip()


def defined(source: str) -> set[str]:
    """The functions, classes and variables that a cell defines at its top level; nothing if it is not Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return set(re.findall(r"^(?:def|class) (\w+)", source, re.M)) | set(re.findall(r"^(\w+) *=[^=]", source, re.M))
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    return names | {target.id for target in targets if isinstance(target, ast.Name)}


def between(name: str, cells: list[NotebookNode], reference: Reference) -> NotebookNode | None:
    """The student's text where the reference has this answer in words: after the same cell, or before the same one."""
    theirs = reference.student.cells
    place = next(i for i, cell in enumerate(theirs) if grade_id(cell) == name)
    above, below = theirs[place - 1].source.split(), theirs[place + 1].source.split()
    given = {first_line(cell) for cell in theirs if not grade_id(cell)}
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" and not grade_id(cell) and first_line(cell) not in given:
            if number and cells[number - 1].source.split() == above:
                return cell
            if number + 1 < len(cells) and cells[number + 1].source.split() == below:
                return cell
    return None


def replace_cells(notebook: NotebookNode, reference: Reference, present: dict, notes: list[str]) -> None:
    """Put in the course's checks, each after its answer; what is missing is added, unanswered, at the end."""
    asked = graded_cells(reference.student)
    for name, graded in reference.exercises.items():
        is_check = graded.cell_type == "code" and graded.metadata.nbgrader["grade"]
        if name not in present:
            if not is_check:
                notes.append(f"the answer {name!r} is missing")
            cell = nbformat.from_dict({**graded, "source": graded.source if is_check else asked[name].source})
            answer = present.get(name.removesuffix("-check")) if is_check else None
            places = [number for number, other in enumerate(notebook.cells, 1) if other is answer]
            place = places[0] if places else len(notebook.cells)
            notebook.cells.insert(place, cell)
            present[name] = cell
            if is_check and answer is not None:
                notes.append(f"the check of {name.removesuffix('-check')!r} was missing; it was put back")
        elif is_check:
            cell = present[name]
            if cell.source.split() != asked[name].source.split():
                notes.append(f"the check of {name.removesuffix('-check')!r} was changed; the course's own was used")
            cell.source = graded.source
