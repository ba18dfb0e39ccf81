"""The one exception users are meant to read."""


class CourseError(Exception):
    """Wrong input or a full disk, told in one sentence that says what to do.

    The command line prints the sentence and exits with code 2; a notebook shows it as the last line of the error.
    """
