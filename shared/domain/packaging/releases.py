"""What the libraries' releases were built for: the Pythons that have wheels, and neighbours that are too new for them.

Reviewed data. Pythons are those with manylinux x86_64 wheels on PyPI. A bound is here only where pip does not find it:
old wheels name no upper bound for a NumPy, SciPy or scikit-learn that came later and breaks them. A release between two
lines is as the line before it. `docs/decisions/0016-packages-that-azure-serves.md` tells how the lines were found.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.packaging.versions import Release, parse_release

NEWEST_PYTHON = 12
"""The newest 3.x for which MLflow 2.16.2's own dependencies (pyarrow < 18) have wheels."""
OLDEST_PYTHON = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A library's releases from `since` on: the first and last Python 3.x, and other libraries as (name, below)."""

    since: Release
    first_python: int
    last_python: int
    below: tuple[tuple[str, str], ...] = ()


_NUMPY_1 = ("numpy", "2")
_BOOSTER_SKLEARN = ("scikit-learn", "1.6")

LINES: Mapping[str, tuple[Line, ...]] = {
    "scikit-learn": (
        Line((0,), 8, 9, (("numpy", "1.24"), ("scipy", "1.9"), ("pandas", "2"))),
        Line((1, 0), 8, 10, (("numpy", "1.24"), ("scipy", "1.11"), ("pandas", "2"))),
        Line((1, 1), 8, 11, (_NUMPY_1, ("scipy", "1.12"))),
        Line((1, 3), 8, 12, (_NUMPY_1, ("scipy", "1.14"))),
        Line((1, 4), 9, 12, (_NUMPY_1, ("scipy", "1.14"))),
        Line((1, 5), 9, 13),
        Line((1, 7), 10, 14),
        Line((1, 8), 11, 14),
    ),
    "xgboost": (
        Line((0,), 8, 12, (_NUMPY_1, ("pandas", "2.2"), _BOOSTER_SKLEARN, ("scipy", "1.14"))),
        Line((2,), 8, 12, (_NUMPY_1, _BOOSTER_SKLEARN)),
        Line((2, 1), 8, 13, (_BOOSTER_SKLEARN,)),
        Line(
            (3,), 10, 14, (("scikit-learn", "1.8"),)
        ),  # 3.0's estimators do not load beside a later one
        Line((3, 1), 10, 14),
    ),
    "lightgbm": (
        Line((0,), 8, 12, (_NUMPY_1, _BOOSTER_SKLEARN)),
        Line((4,), 8, 13, (_NUMPY_1, _BOOSTER_SKLEARN)),
        Line((4, 5), 8, 13, (_BOOSTER_SKLEARN,)),
        Line((4, 6), 8, 14),
        Line((4, 7), 10, 14),
    ),
    "catboost": (
        Line((0,), 8, 10, (_NUMPY_1,)),
        Line((1, 1, 1), 8, 11, (_NUMPY_1,)),
        Line((1, 2, 3), 8, 12, (_NUMPY_1,)),
        Line((1, 2, 8), 8, 13),
    ),
    "statsmodels": (
        Line((0,), 8, 9, (("numpy", "1.24"), ("scipy", "1.9"), ("pandas", "2"))),
        Line((0, 13), 8, 10, (("numpy", "1.24"), ("scipy", "1.11"), ("pandas", "2"))),
        Line((0, 13, 5), 8, 11, (_NUMPY_1, ("scipy", "1.14"), ("pandas", "2.2"))),
        Line((0, 14, 1), 8, 12, (_NUMPY_1, ("scipy", "1.16"))),
        Line((0, 14, 3), 9, 13, (("scipy", "1.16"),)),
        Line((0, 14, 5), 9, 14),
        Line((0, 15), 10, 14),
    ),
    "torch": (
        Line((0,), 8, 10, (_NUMPY_1,)),
        Line((1, 13), 8, 11, (_NUMPY_1,)),
        Line((2, 2), 8, 12, (_NUMPY_1,)),
        Line((2, 3), 8, 12),
        Line((2, 5), 9, 12),
        Line((2, 9), 10, 14),
    ),
    "tensorflow": (
        Line((0,), 8, 10, (_NUMPY_1,)),
        Line((2, 12), 8, 11, (_NUMPY_1,)),
        Line((2, 14), 9, 11, (_NUMPY_1,)),
        Line((2, 16), 9, 12, (_NUMPY_1,)),
        Line((2, 18), 9, 12),
        Line((2, 21), 10, 13),
    ),
    "keras": (
        Line((0,), 8, 11, (_NUMPY_1,)),
        Line((3,), 9, 14),
        Line((3, 11), 10, 14),
        Line((3, 13), 11, 14),
    ),
    "onnxruntime": (
        Line((0,), 8, 11, (_NUMPY_1,)),
        Line((1, 17), 8, 12, (_NUMPY_1,)),
        Line((1, 19), 8, 13),
        Line((1, 20), 10, 13),
        Line((1, 24), 11, 14),
    ),
    "skops": (Line((0,), 8, 14, (_BOOSTER_SKLEARN,)), Line((0, 11), 9, 14), Line((0, 14), 10, 14)),
    "pycaret": (Line((0,), 8, 11, (_NUMPY_1,)), Line((3, 3), 9, 11, (_NUMPY_1,))),
}

EASY: Mapping[str, tuple[str, str]] = {
    "scikit-learn": ("1.3", "2"),
    "xgboost": ("2.1", "4"),
    "lightgbm": ("4.5", "5"),
    "catboost": ("1.2.8", "2"),
    "statsmodels": ("0.14.5", "0.16"),
    "torch": ("2.3", "3"),
    "tensorflow": ("2.18", "3"),
    "keras": ("3.5", "4"),
    "onnx": ("1.16", "2"),
    "onnxruntime": ("1.19", "2"),
    "skops": ("0.11", "1"),
    "pycaret": ("3.3", "4"),
    "joblib": ("1.2", "2"),
    "cloudpickle": ("2.2", "4"),
    "lz4": ("4", "5"),
    "numpy": ("1.22", "3"),
    "scipy": ("1.8", "2"),
    "pandas": ("1.5", "3"),
}
"""What is installed of a library where the file tells no version: from (included) and below. Nothing else is installed."""


def find_line(library: str, version: str) -> Line | None:
    """What is known of a release; None where nothing limits the library."""
    release = parse_release(version)
    found = [line for line in LINES.get(library, ()) if line.since <= release]
    return found[-1] if found else None


def find_newest(library: str, below: str | None) -> Line | None:
    """What is known of the newest release below a version; None where nothing limits the library."""
    found = [
        line
        for line in LINES.get(library, ())
        if below is None or line.since < parse_release(below)
    ]
    return found[-1] if found else None
