"""What nbgrader does for this course: it keeps the gradebook and writes the feedback.

`make grade` runs submissions itself, shut in and within limits (grading/execute.py), so nbgrader must neither run them
again nor throw their outputs away; and `make release` hands it notebooks whose solutions are already taken out.
"""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader import preprocessors as pp

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "album-cover-gans"

c.GenerateAssignment.preprocessors = [
    pp.LockCells,
    pp.ClearOutput,
    pp.CheckCellMetadata,
    pp.ComputeChecksums,
    pp.SaveCells,
    pp.ClearHiddenTests,
    pp.ComputeChecksums,
    pp.CheckCellMetadata,
]
c.LockCells.lock_readonly_cells = False  # students may play with the lesson's own cells

c.Autograde.sanitize_preprocessors = [pp.OverwriteKernelspec, pp.OverwriteCells, pp.CheckCellMetadata]
c.Autograde.autograde_preprocessors = [pp.LimitOutput, pp.SaveAutoGrades, pp.AssignLatePenalties, pp.CheckCellMetadata]

# What the hidden tests say is for the student, how they ask is not.
c.GenerateFeedback.preprocessors = [pp.GetGrades, pp.ClearHiddenTests, CSSHTMLHeaderPreprocessor]
