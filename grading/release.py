"""Write the release versions of all notebooks: this is `make release`.

    python grading/release.py [CLASS]      by default the class in grading/class

They are the student notebooks with nbgrader's checksums, in CLASS/release; the gradebook beside them knows the tests.
"""

import sys
from pathlib import Path

from gradebook import Class
from reference import PRIVATE, ROOT, references

from helpers.console import progress
from helpers.errors import CourseError

CLASS = ROOT / "grading" / "class"


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        known = references()
        members = Class(Path(arguments[0]) if arguments else CLASS)
        with progress("Releasing", len(known), "notebooks") as advance:
            for number, reference in enumerate(known.values(), 1):
                members.release(reference)
                advance(number)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    own = sum((PRIVATE / f"{stem}.py").exists() for stem in known)
    print(f"{len(known)} notebooks are in {members.folder / 'release'}, {own} of them with tests of your own.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
