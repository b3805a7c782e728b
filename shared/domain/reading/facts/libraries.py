"""Which libraries a pickled model needs, by their names on PyPI, and of which the file tells the version.

Python's pickles name no versions. scikit-learn writes its own into every estimator, a booster's bytes hold that of the
library which made them, and PyCaret lists what was installed.
"""

from dataclasses import dataclass

from shared.domain.packaging.environment import parse_python, parse_version
from shared.domain.reading.facts.boosters import BoosterFacts
from shared.domain.reading.facts.embedded_boosters import describe_booster
from shared.domain.reading.facts.estimators import attribute, class_name
from shared.domain.reading.facts.walking import walk_instances
from shared.domain.reading.limits import Limits
from shared.domain.reading.pickles.graph import Made, Pairs, Skipped, Value

_SKLEARN = "scikit-learn"
_PACKAGES = {
    "sklearn": _SKLEARN,
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "statsmodels": "statsmodels",
    "pycaret": "pycaret",
    "imblearn": "imbalanced-learn",
    "category_encoders": "category-encoders",
    "feature_engine": "feature-engine",
    "pandas": "pandas",
}
"""By the first part of a name."""
_LISTED = {**_PACKAGES, "numpy": "numpy", "scipy": "scipy", "joblib": "joblib"}
"""The same for PyCaret's list, which spells them as they are imported."""
_USE_SKLEARN = ("xgboost.sklearn.", "lightgbm.sklearn.")
_BOOSTERS = {
    "xgboost.core.Booster": ("handle",),
    "lightgbm.basic.Booster": ("_handle", "handle"),
}
_CATBOOST = "catboost.core."
_MOST_BOOSTERS = 4
_MOST_TRIED = 8
_TELL = ("xgboost.", "lightgbm.", "catboost.", "pycaret.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Libraries:
    """`versions` are those the file tells, `needs` the others. `boosters` are the facts of each booster in it, the first ones."""

    versions: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    python: str | None
    boosters: tuple[BoosterFacts, ...]


def find_libraries(root: Value, names: tuple[str, ...], limits: Limits) -> Libraries:
    """The libraries behind a graph whose file asks for `names`."""
    versions: dict[str, str] = {}
    boosters: list[BoosterFacts] = []
    python, listed, tried = None, None, 0
    for node in walk_instances(root) if _is_hidden(root, names) else (root,):
        if listed is None and isinstance(attribute(node, "_pycaret_versions"), Pairs):
            listed = attribute(node, "_pycaret_versions")
            versions = _listed(listed.get("deps_info")) | versions
            python = _python(listed.get("python"))
        told = attribute(node, "_sklearn_version")
        if _SKLEARN not in versions and isinstance(told, str) and parse_version(told):
            versions[_SKLEARN] = told
        keys = _booster_keys(node)
        tried += bool(keys)
        if keys and len(boosters) < _MOST_BOOSTERS and tried <= _MOST_TRIED:
            boosters.extend(_booster(node, keys, limits))
    versions |= {facts.library: facts.version for facts in boosters if facts.version}
    needed = {_PACKAGES.get(name.partition(".")[0]) for name in names} - {None}
    if any(name.startswith(_USE_SKLEARN) for name in names):
        needed.add(_SKLEARN)
    wanted = {library for library in needed if library} | (
        set(_LISTED.values()) - set(_PACKAGES.values()) if python else set()
    )
    return Libraries(
        versions=tuple(sorted((name, versions[name]) for name in wanted if name in versions)),
        needs=tuple(sorted(name for name in needed if name and name not in versions)),
        python=python,
        boosters=tuple(boosters),
    )


def _is_hidden(root: Value, names: tuple[str, ...]) -> bool:
    """Whether versions have to be looked for in all of the graph: not in an estimator of scikit-learn's alone."""
    told = isinstance(attribute(root, "_sklearn_version"), str)
    return not told or any(name.startswith(_TELL) for name in names)


def _listed(versions: Value) -> dict[str, str]:
    """The versions in PyCaret's list, of the libraries that are known here."""
    pairs = versions.pairs if isinstance(versions, Pairs) else []
    return {
        _LISTED[name]: version
        for name, version in pairs
        if isinstance(name, str)
        and name in _LISTED
        and isinstance(version, str)
        and parse_version(version)
    }


def _python(told: Value) -> str | None:
    version = told.get("version") if isinstance(told, Pairs) else None
    return parse_python(version) if isinstance(version, str) else None


def _booster_keys(node: Value) -> tuple[str, ...]:
    """The attributes of a booster that may hold its own bytes; none of anything else."""
    name = class_name(node)
    return _BOOSTERS.get(name, ("__model",) if name.startswith(_CATBOOST) else ())


def _booster(node: Made, keys: tuple[str, ...], limits: Limits) -> list[BoosterFacts]:
    for key in keys:
        ends = _ends(attribute(node, key))
        facts = describe_booster(*ends, limits) if ends else None
        if facts:
            return [facts]
    return []


def _ends(value: Value) -> tuple[bytes, bytes, int] | None:
    """Head, tail and size of a model's own bytes, in any of the forms in which pickles hold them."""
    if isinstance(value, Made) and value.full == "builtins.bytearray" and value.args:
        value = value.args[0]
    if isinstance(value, Made) and value.full == "_codecs.encode" and value.args:
        inner = _ends(value.args[0])
        return inner and (_as_latin(inner[0]), _as_latin(inner[1]), inner[2])
    if isinstance(value, str):
        value = value.encode("utf-8", "replace")
    if isinstance(value, bytes):
        return value, value, len(value)
    return (value.head, value.tail, value.size) if isinstance(value, Skipped) else None


def _as_latin(text: bytes) -> bytes:
    """Protocols 0 to 2 write bytes as text, one character for each."""
    return text.decode("utf-8", "ignore").encode("latin-1", "ignore")
