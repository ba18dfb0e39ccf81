"""What every notebook of the course has in common, as rules that a program can check."""

import ast
import re

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

LONGEST_CELL = 30  # lines: what fits on a screen beside its explanation
CHECKED = re.compile(r"^\s*# NBVAL_CHECK_OUTPUT\s*$", re.MULTILINE)
LAST_HEADINGS = ["what to take away", "where the idea comes from"]


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def python_tree(text: str) -> ast.Module:
    """The cell's syntax tree, IPython's %magics and !commands translated; raises SyntaxError."""
    return ast.parse(TransformerManager().transform_cell(text))


def is_checked(cell: NotebookNode) -> bool:
    """Whether nbval compares the cell's output with the one in the file."""
    return bool(CHECKED.search(cell.source)) or "nbval-check-output" in tags(cell)


def source_problems(notebook: NotebookNode) -> list[str]:
    """Where a complete notebook leaves the skeleton all notebooks share; one sentence each."""
    return opening_problems(notebook) + length_problems(notebook) + closing_problems(notebook)


def opening_problems(notebook: NotebookNode) -> list[str]:
    """It begins with the title cell; the code begins with setup, imports if any, parameters."""
    problems = []
    title = notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""
    for what, pattern in (
        ("the title, '# …'", r"\A# \S"),
        ("how many minutes it takes", r"\d+ minutes"),
        ("'what you will learn'", r"what you will learn"),
    ):
        if not re.search(pattern, title, re.IGNORECASE):
            problems.append(f"the first cell must give {what}")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code or "setup" not in tags(code[0]):
        problems.append("the first code cell must be tagged setup")
    rest = [cell for cell in code[1:] if not consists_of(cell.source, is_import)]
    if not rest or "parameters" not in tags(rest[0]):
        problems.append("after the setup cell and the imports must come a cell tagged parameters")
    elif not consists_of(rest[0].source, is_constant):
        problems.append("the cell tagged parameters must hold nothing but assignments to ALL_CAPS names")
    return problems


def consists_of(text: str, kind) -> bool:
    """Whether the cell has statements, all of one kind."""
    body = python_tree(text).body
    return bool(body) and all(map(kind, body))


def is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and all(
        isinstance(target, ast.Name) and target.id.isupper() for target in statement.targets
    )


def length_problems(notebook: NotebookNode) -> list[str]:
    """No code cell is longer than a screen."""
    lengths = [len(cell.source.splitlines()) * (cell.cell_type == "code") for cell in notebook.cells]
    return [
        f"cell {number} has {length} lines, more than {LONGEST_CELL}; split it, or move plumbing to helpers"
        for number, length in enumerate(lengths, 1)
        if length > LONGEST_CELL
    ]


def closing_problems(notebook: NotebookNode) -> list[str]:
    """It ends with what to take away and where the idea comes from."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = [heading.strip().lower() for heading in re.findall(r"^#+ +(.+)$", prose, re.MULTILINE)]
    problems = (
        [] if "quiz" in headings else ["there is no quiz: a Markdown cell tagged quiz, and questions in quizzes.yaml"]
    )
    if headings[-2:] == LAST_HEADINGS:
        return problems
    return problems + [
        f"the last two headings must be '{LAST_HEADINGS[0].capitalize()}' and '{LAST_HEADINGS[1].capitalize()}'"
    ]


def output_problems(solution: NotebookNode) -> list[str]:
    """Cells of an executed notebook that raised, or that have nothing for nbval to compare with."""
    problems, not_run = [], []
    for number, cell in enumerate(solution.cells, 1):
        if cell.cell_type != "code":
            continue
        pictures = any(kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {}))
        if pictures and not cell.metadata.get("alt", "").strip():
            problems.append(f"cell {number} shows a picture but has no alt text: '# %% alt=\"what is to be seen\"'")
        raised = any(output.output_type == "error" for output in cell.outputs)
        if raised and "raises-exception" not in tags(cell):
            problems.append(f"cell {number} ended in an error; mend the source and run it with --execute")
        elif cell.execution_count is None and not {"setup", "hidden"} & set(tags(cell)):
            # nbval would compare nothing there, and not say so. (The setup cell does nothing where solutions are run,
            # and hidden tests say nothing when they pass, as they must in tests/exercises.)
            not_run.append(str(number))
        elif is_checked(cell) and not cell.outputs:
            problems.append(f"cell {number} is marked NBVAL_CHECK_OUTPUT but has no output to compare with")
    if not_run:
        problems.append(f"never run, or changed since: cell {', '.join(not_run)}; run the notebook with --execute")
    return problems


def student_problems(student: NotebookNode) -> list[str]:
    """Traces of a run in a notebook that students open."""
    executed = any(cell.get("outputs") or cell.get("execution_count") for cell in student.cells)
    return ["a student notebook must not hold outputs; run `make notebooks`"] if executed else []
