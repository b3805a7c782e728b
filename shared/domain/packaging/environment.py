"""The serving environment: which Python and which libraries a model's container installs, pinned from its file.

Why these pins: MLflow 3 breaks Azure's no-code images, 2.16.2 is the last release known to serve there, and those images
also need Azure's inference server and monitoring packages, which they do not add themselves.
"""

import re
from dataclasses import dataclass

from shared.domain.inspection import Inspection, ModelFormat

SERVING_MLFLOW = "2.16.2"
_AZURE = ("azureml-inference-server-http>=1.3,<2", "azureml-ai-monitoring>=1.0,<2")
_PINNED = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "cloudpickle")
_FIRST_SKLEARN_FOR_NUMPY_2 = (1, 5)
_NEWEST_PYTHON = 12  # the newest 3.x for which MLflow 2.16.2's own dependencies have builds
_PYTHON_RANGES: dict[tuple[int, ...], tuple[int, int]] = {
    (0, 24): (6, 9),
    (1, 0): (7, 10),
    (1, 1): (8, 11),
    (1, 2): (8, 11),
    (1, 3): (8, 12),
    (1, 4): (9, 12),
    (1, 5): (9, 13),
    (1, 6): (9, 13),
    (1, 7): (10, 14),
    (1, 8): (11, 14),
}
"""First and last 3.x for which a scikit-learn release has builds."""

_VERSION = re.compile(r"\d{1,4}(\.\d{1,6}){0,3}((a|b|rc|\.post)\d{1,3})?")
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Environment:
    """`python` is a version (3.10, or 3.10.4), `requirements` are lines for pip."""

    python: str
    requirements: tuple[str, ...]


def parse_version(text: str) -> str | None:
    """The text if it is a plain release number, safe to write into a requirements file; else None."""
    return text if _VERSION.fullmatch(text) else None


def parse_python(text: str) -> str | None:
    """The text if it is a plain Python 3 version; else None."""
    return text if _PYTHON.fullmatch(text) else None


def plan_environment(inspection: Inspection, default_python: str) -> Environment:
    """What to install for a model. `default_python` (such as 3.10) holds where the file names no Python."""
    versions = {name: parse_version(version) for name, version in inspection.libraries}
    sklearn = versions.get("scikit-learn") or ""
    release = tuple(int(part) for part in re.findall(r"\d+", sklearn)[:2])
    lines = [f"mlflow=={SERVING_MLFLOW}", *_AZURE]
    lines += [f"{name}=={versions[name]}" for name in _PINNED if versions.get(name)]
    if not versions.get("numpy"):
        lines.append(_numpy_range(inspection, release))
    if inspection.format is ModelFormat.JOBLIB and not versions.get("joblib"):
        lines.append("joblib>=1.2,<2")  # earlier ones cannot read arrays aligned by later ones
    if inspection.written_by == "cloudpickle" and not versions.get("cloudpickle"):
        lines.append("cloudpickle>=2.2,<4")
    return Environment(
        _choose_python(inspection.python_version or default_python, release), tuple(lines)
    )


def _numpy_range(inspection: Inspection, release: tuple[int, ...]) -> str:
    """Numpy 2 moved its core: the names in the file tell by which side of the move it was written."""
    written_by_1 = any(name.startswith("numpy.core.") for name in inspection.names)
    if written_by_1 or release < _FIRST_SKLEARN_FOR_NUMPY_2:
        return "numpy<2"
    return "numpy>=2,<3"


def _choose_python(wanted: str, release: tuple[int, ...]) -> str:
    """The wanted Python, or the nearest one that the pinned libraries have builds for."""
    first, last = _PYTHON_RANGES.get(release[:2], (8, _NEWEST_PYTHON))
    minor = int(wanted.split(".")[1])
    fitting = min(max(minor, first), last, _NEWEST_PYTHON)
    return wanted if fitting == minor else f"3.{fitting}"
