"""The serving environment: which Python and which libraries a model's container installs, pinned from its file.

Why these pins: MLflow 3 breaks Azure's no-code images, 2.16.2 is the last release known to serve there, and those images
also need Azure's inference server and monitoring packages, which they do not add themselves.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.packaging.releases import (
    EASY,
    NEWEST_PYTHON,
    OLDEST_PYTHON,
    Line,
    find_line,
    find_newest,
)
from shared.domain.packaging.versions import (
    Release,
    parse_need,
    parse_python,
    parse_release,
    parse_version,
)

__all__ = ["SERVING_MLFLOW", "Environment", "parse_python", "parse_version", "plan_environment"]

SERVING_MLFLOW = "2.16.2"
_AZURE = ("azureml-inference-server-http>=1.3,<2", "azureml-ai-monitoring>=1.0,<2")
_NUMPY_2_NAMES = "numpy._core."
_NUMPY_1_NAMES = "numpy.core."
_PANDAS_1_NAMES = "pandas.core.indexes.numeric."
_OF_FLAVOR = {
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "onnx": "onnxruntime",
    "pytorch": "torch",
    "keras": "tensorflow",
    "tensorflow": "tensorflow",
    "statsmodels": "statsmodels",
}
_PICKLED = (ModelFormat.PICKLE, ModelFormat.JOBLIB)
_OF_FORMAT = {ModelFormat.JOBLIB: "joblib", ModelFormat.SKOPS: "skops"}


@dataclass(frozen=True, slots=True)
class Environment:
    """`python` is a version (3.10, or 3.10.4), `requirements` are lines for pip."""

    python: str
    requirements: tuple[str, ...]

    def plus(self, requirements: Iterable[str]) -> "Environment":
        """With lines of the form `name==version` added; they replace lines about the same libraries."""
        added = {_library(line): line for line in requirements}
        kept = (line for line in self.requirements if _library(line) not in added)
        return Environment(self.python, (*kept, *added.values()))


@dataclass(frozen=True, slots=True)
class _Range:
    """Releases from `at_least` (included) and below `below`; None is no bound."""

    at_least: str | None = None
    below: str | None = None

    def within(self, *others: "_Range") -> "_Range":
        """What is in all of them. Where nothing is, the upper bound holds: it is the measured one."""
        ranges = (self, *others)
        floors = [each.at_least for each in ranges if each.at_least]
        tops = [each.below for each in ranges if each.below]
        floor, top = (
            max(floors, key=parse_release, default=None),
            min(tops, key=parse_release, default=None),
        )
        empty = floor and top and parse_release(floor) >= parse_release(top)
        return _Range(None if empty else floor, top)

    def __str__(self) -> str:
        parts = (
            f">={self.at_least}" if self.at_least else "",
            f"<{self.below}" if self.below else "",
        )
        return ",".join(part for part in parts if part)


def plan_environment(inspection: Inspection, default_python: str) -> Environment:
    """What to install for a model. `default_python` (such as 3.10) holds where the file names no Python.

    Libraries of the file at its versions, in the order of their names; then those that it does not tell the version of,
    and old releases' neighbours, in ranges that were tried. Names that are not in `releases.EASY` are not installed.
    """
    pinned = dict(_find_pins(inspection))
    wanted: dict[str, list[_Range]] = defaultdict(list)
    for library, each in (*_find_needs(inspection, pinned), *_find_sides(inspection)):
        wanted[library].append(each)
    ranges = {library: _Range().within(*all_of) for library, all_of in wanted.items()}
    lines = list(_find_lines(pinned, ranges))
    for line in lines:
        for library, below in line.below:
            ranges[library] = ranges.get(library, _Range()).within(_Range(below=below))
    if "scikit-learn" in pinned:  # built for NumPy 2 where nothing said otherwise
        ranges.setdefault("numpy", _Range("2", "3"))
    requirements = (
        f"mlflow=={SERVING_MLFLOW}",
        *_AZURE,
        *(f"{library}=={pinned[library]}" for library in sorted(pinned)),
        *(f"{library}{ranges[library]}" for library in sorted(ranges) if library not in pinned),
    )
    python = _choose_python(inspection.python_version or default_python, lines)
    return Environment(python, requirements)


def _find_pins(inspection: Inspection) -> Iterator[tuple[str, str]]:
    for library, told in inspection.libraries:
        version = parse_version(told)
        if library in EASY and version:
            yield library, version


def _find_needs(inspection: Inspection, pinned: Mapping[str, str]) -> Iterator[tuple[str, _Range]]:
    """Libraries to install in a range: those without a version, and those that the file's kind cannot do without."""
    needs = [*inspection.needs, *(library for library, _ in inspection.libraries)]
    needs += [_OF_FLAVOR.get(inspection.flavor, ""), _OF_FORMAT.get(inspection.format, "")]
    if inspection.written_by == "cloudpickle":
        needs.append("cloudpickle")
    if inspection.compression == "lz4":  # joblib needs a library for it
        needs.append("lz4")
    for need in needs:
        library, first, below = parse_need(need) or ("", None, None)
        if library in EASY and library not in pinned:
            easy = _choose_range(library, inspection)
            yield library, _Range(first or easy.at_least, easy.below).within(_Range(below=below))


def _choose_range(library: str, inspection: Inspection) -> _Range:
    """The releases that read such a file: nearer ones than usual where only they do."""
    pickled = inspection.format in _PICKLED
    if library == "lightgbm" and pickled and dict(inspection.details).get("file version") == "v3":
        return _Range("3.3", "4")  # LightGBM 4 does not take its estimators from before
    keras = parse_version(dict(inspection.libraries).get("keras", ""))
    if library == "tensorflow" and keras:
        return _of_keras(parse_release(keras))
    return _Range(*EASY[library])


def _of_keras(keras: Release) -> _Range:
    """The TensorFlow that goes with a Keras: Keras 2 is a part of the one of its number, and 2.18 asks for Keras 3.5."""
    if keras < (3,):
        minor = keras[1] if len(keras) > 1 else 0
        return _Range(f"2.{minor}", f"2.{minor + 1}")
    return _Range("2.16", "2.18") if keras < (3, 5) else _Range(*EASY["tensorflow"])


def _find_sides(inspection: Inspection) -> Iterator[tuple[str, _Range]]:
    """NumPy 2 moved its core, and pandas 2 dropped an index: the names tell by which side a file was written."""
    if any(name.startswith(_NUMPY_2_NAMES) for name in inspection.names):
        yield "numpy", _Range("2", "3")
    elif any(name.startswith(_NUMPY_1_NAMES) for name in inspection.names):
        yield "numpy", _Range(None, "2")
    if any(name.startswith(_PANDAS_1_NAMES) for name in inspection.names):
        yield "pandas", _Range("1.5", "2")


def _find_lines(pinned: Mapping[str, str], ranges: Mapping[str, _Range]) -> Iterator[Line]:
    """What is known of the releases to come: of pinned ones, and from the oldest to the newest of a range."""
    for library, version in sorted(pinned.items()):
        line = find_line(library, version)
        if line:
            yield line
    for library, wanted in sorted(ranges.items()):
        oldest = find_line(library, wanted.at_least or "0")
        newest = find_newest(library, wanted.below)
        if library not in pinned and oldest and newest:
            yield Line(oldest.since, oldest.first_python, newest.last_python, newest.below)


def _library(line: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-")


def _choose_python(wanted: str, lines: Iterable[Line]) -> str:
    """The wanted Python, or the nearest one that the libraries have wheels for."""
    known = list(lines)
    first = max([OLDEST_PYTHON, *(line.first_python for line in known)])
    last = min([NEWEST_PYTHON, *(line.last_python for line in known)])
    minor = int(wanted.split(".")[1])
    fitting = min(max(minor, first), last)
    return wanted if fitting == minor else f"3.{fitting}"
