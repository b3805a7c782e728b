"""What a CatBoost model tells of itself, read from its binary form (cbm).

`CBM1`, the size of the core in 4 bytes, the core, and after it parts for categories, texts and embeddings. The core is a
FlatBuffer whose schema is in CatBoost's source, `catboost/libs/model/flatbuffers`: the numbers of fields are from there.
"""

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from shared.domain.inspection import Column, Json, UnreadableModel
from shared.domain.packaging.environment import parse_version
from shared.domain.reading.containers.flatbuffers import Flatbuffer, RandomAccess, Table
from shared.domain.reading.facts.boosters import (
    LABELS,
    NUMBERS,
    NUMBERS_BY_TARGET,
    BoosterFacts,
    parse_note,
    told_labels,
)
from shared.domain.reading.limits import Limits, corrupt

MAGIC = b"CBM1"
_CORE = 8
_VERSION = "FlabuffersModel_v1"

# fields of the root, of its list of texts by name, and of the trees
_FORMAT, _TREES, _INFO, _PARTS = 0, 1, 2, 3
_KEY, _VALUE = 0, 1
_DIMENSION, _TREE_SIZES = 0, 2
_FEATURES = ((4, "string"), (5, "double"), (12, "string"), (18, "embedding"))
"""Lists of categorical, number, text and embedding features. Categories of whole numbers are kept as texts too: CatBoost
takes 5 and "5" for the same."""
_NUMBER_FEATURES = 5
# fields of a feature; number features begin with another one, and have their borders before the name
_PLACE, _NAME = 1, 2
_NUMBER_PLACE, _BORDERS, _NUMBER_NAME = 2, 3, 4

_MOST_INFO = 200
_WANTED = ("params", "class_params", "catboost_version_info")
_RELEASE = re.compile(r"(?:Branch: tags/v|CatBoost Release )(\d+(?:\.\d+){1,2})")
_CLASSIFIERS = frozenset(
    {
        "Logloss",
        "CrossEntropy",
        "MultiClass",
        "MultiClassOneVsAll",
        "MultiLogloss",
        "MultiCrossEntropy",
    }
)
_RANKERS = frozenset(
    {
        "YetiRank",
        "YetiRankPairwise",
        "PairLogit",
        "PairLogitPairwise",
        "QueryRMSE",
        "QuerySoftMax",
        "QueryCrossEntropy",
        "StochasticFilter",
        "StochasticRank",
        "LambdaMart",
    }
)
_Columns: TypeAlias = tuple[tuple[Column, ...], tuple[Json, ...], bool]
_NO_COLUMNS: _Columns = ((), (), False)

T = TypeVar("T")


def describe_catboost(
    source: RandomAccess, size: int, limits: Limits, *, partial: bool = False
) -> BoosterFacts:
    """The facts of a model of `size` bytes. With `partial`, what lies where the source knows nothing stays untold."""
    core_size = int.from_bytes(source.read_at(4, 4), "little")
    if core_size > size - _CORE:
        raise corrupt("it ends in the middle of its description")
    root = Flatbuffer(source, _CORE, core_size, limits).root()

    def told(read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except UnreadableModel:
            if not partial:
                raise
            return otherwise

    if told(lambda: root.text(_FORMAT), _VERSION) != _VERSION:
        raise corrupt("its description is of a form that no CatBoost release writes")
    if not partial and bool(root.count(_PARTS)) != (core_size + _CORE < size):
        raise corrupt("the parts that follow its description are not those that it names")
    info: dict[str, str] = told(lambda: _info(root), {})
    trees = told(lambda: root.table(_TREES), None)
    columns, sample, named = told(lambda: _columns(trees, limits), _NO_COLUMNS)
    objective = _loss(info)
    model_class = _model_class(objective)
    width = told(lambda: trees.number(_DIMENSION, "<i", 1) if trees else 1, 1)
    return BoosterFacts(
        library="catboost",
        version=_release(info.get("catboost_version_info", "")),
        model_class=model_class,
        objective=objective[: limits.name] if objective else None,
        columns=columns,
        named=named,
        sample=sample,
        classes=_classes(info, limits),
        trees=told(lambda: trees.count(_TREE_SIZES) if trees else None, None),
        predicts=_predicts(model_class, width),
        details=told(lambda: _details(trees, limits), ()),
    )


def _info(root: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in root.tables(_INFO, _MOST_INFO):
        key = pair.text(_KEY)
        if key in _WANTED:
            found[key] = pair.text(_VALUE)
    return found


def _loss(info: dict[str, str]) -> str | None:
    kind = _get(_get(parse_note(info.get("params")), "loss_function"), "type")
    return kind if isinstance(kind, str) else None


def _model_class(objective: str | None) -> str:
    if objective in _CLASSIFIERS:
        return "catboost.CatBoostClassifier"
    if objective in _RANKERS:
        return "catboost.CatBoostRanker"
    known = objective is not None and not objective.startswith("PythonUserDefined")
    return "catboost.CatBoostRegressor" if known else "catboost.CatBoost"


def _predicts(model_class: str, width: int) -> str:
    if model_class.endswith("Classifier"):
        return LABELS
    if width > 1:
        return NUMBERS_BY_TARGET
    return NUMBERS if model_class.endswith(("Regressor", "Ranker")) else "raw scores"


def _release(text: str) -> str | None:
    found = _RELEASE.search(text)
    return parse_version(found[1]) if found else None


def _classes(info: dict[str, str], limits: Limits) -> tuple[Json, ...]:
    return told_labels(_get(parse_note(info.get("class_params")), "class_names"), limits.classes)


def _columns(trees: Table | None, limits: Limits) -> _Columns:
    """Columns in the order of the table that the model was trained on; none where one of them takes a whole list."""
    counts = [trees.count(field) for field, _ in _FEATURES] if trees else [0]
    if trees is None or sum(counts) > limits.columns or counts[-1]:
        return _NO_COLUMNS
    found: dict[int, tuple[str, str, Json]] = {}
    for field, kind in _FEATURES:
        for feature in trees.tables(field, limits.columns):
            numbers = field == _NUMBER_FEATURES
            place = feature.number(_NUMBER_PLACE if numbers else _PLACE, "<i", -1)
            name = feature.text(_NUMBER_NAME if numbers else _NAME)
            found[place] = (name, kind, _middle(feature) if numbers else "")
    if sorted(found) != list(range(sum(counts))):
        return _NO_COLUMNS
    ordered = [found[at] for at in range(len(found))]
    named = any(name not in ("", str(at)) for at, (name, _, _) in enumerate(ordered))
    columns = tuple(Column(name=name if named else None, type=kind) for name, kind, _ in ordered)
    return columns, tuple(sample for _, _, sample in ordered), named


def _middle(feature: Table) -> float:
    """The middle one of the borders that the trees ask for."""
    count = feature.count(_BORDERS)
    value = feature.decimal(_BORDERS, count // 2) if count else 0.0
    return value if abs(value) < 1e30 else 0.0


def _details(trees: Table | None, limits: Limits) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for field, what in ((4, "categorical"), (12, "text"), (18, "embedding")):
        features = trees.tables(field, limits.columns) if trees else ()
        names = [feature.text(_NAME) for feature in features]
        if names:
            found.append((f"{what} columns", ", ".join(names)[: limits.name]))
    return tuple(found)


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None
