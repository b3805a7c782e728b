"""What an XGBoost model tells of itself, read from its document (JSON or UBJSON, without the trees).

A model file is `{"learner": ..., "version": [2, 1, 4]}`. A pickled Booster holds `{"Config": ..., "Model": ...}`, of which
`Model` is such a document. Since 1.4 feature names and types are in it, since 3.1 the categories of columns too.
The scikit-learn classes leave a note in the attributes: until 1.7 all their parameters and labels, since 2.0 their kind.
"""

from itertools import pairwise
from typing import Any

from shared.domain.inspection import Column, Json
from shared.domain.packaging.environment import parse_version
from shared.domain.reading.facts.boosters import (
    LABELS,
    NUMBERS,
    NUMBERS_BY_TARGET,
    PROBABILITIES,
    PROBABILITY,
    BoosterFacts,
    numbered,
    parse_note,
    told_labels,
    unnamed,
)
from shared.domain.reading.limits import Limits

UNWANTED = frozenset({"trees", "tree_info", "iteration_indptr", "weights", "weight_drop"})
"""What grows with the number of trees or columns and tells nothing more."""

_TYPES = {"int": "long", "i": "boolean"}
"""XGBoost's words for column types that are not `float` or `q` (quantity). `c` takes the number of a category: through
MLflow a table reaches it without pandas' own category type."""
_CATEGORY = "c"
_EMPTY: dict[str, Json] = {"double": 0.0, "long": 0, "boolean": False}
_CLASSES = {
    "classifier": "xgboost.XGBClassifier",
    "regressor": "xgboost.XGBRegressor",
    "ranker": "xgboost.XGBRanker",
}
_SAVED_CLASSES = frozenset(
    {"XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor"}
)
_BOOSTER = "xgboost.Booster"
"""Loads every file. Those that keep the categories of columns only it can serve: the other classes then ask for pandas'
own category type, which nobody can send as JSON."""
_MOST_CATEGORIES = 20
_PREDICTS = {
    "binary:logistic": PROBABILITY,
    "binary:logitraw": "the score before the logistic function, one per row",
    "binary:hinge": LABELS,
    "multi:softprob": PROBABILITIES,
    "multi:softmax": LABELS,
}


def describe_xgboost(document: Any, limits: Limits) -> BoosterFacts:
    """The facts of a document; of one that breaks off, those that are there."""
    model = _get(document, "Model") or document
    config = _get(document, "Config")
    learner = _get(model, "learner")
    note = parse_note(_get(learner, "attributes", "scikit_learn"))
    shape = _get(learner, "learner_model_param") or _get(config, "learner", "learner_model_param")
    booster = _get(learner, "gradient_booster")
    objective = _get(learner, "objective", "name") or _get(config, "learner", "objective", "name")
    objective = objective[: limits.name] if isinstance(objective, str) else None
    categories = _get(booster, "model", "cats", "enc")
    model_class = _BOOSTER if categories else _model_class(note)
    columns, named = _columns(learner, _number(_get(shape, "num_feature")), limits)
    trees = _number(_get(booster, "model", "gbtree_model_param", "num_trees"))
    if trees is None:  # dart, before 3.2
        trees = _number(_get(booster, "gbtree", "model", "gbtree_model_param", "num_trees"))
    classes = _classes(note, shape, objective, limits)
    return BoosterFacts(
        library="xgboost",
        version=_version(_get(model, "version")) or _version(_get(config, "version")),
        model_class=model_class,
        objective=objective,
        columns=columns,
        named=named,
        sample=tuple(_EMPTY[column.type] for column in columns),
        classes=classes,
        trees=trees,
        predicts=_predicts(model_class, objective, _number(_get(shape, "num_target")) or 1),
        details=_details(learner, booster, shape, limits),
    )


def _model_class(note: object) -> str:
    kind, saved = _get(note, "_estimator_type"), _get(note, "type")
    if isinstance(saved, str) and saved in _SAVED_CLASSES:
        return f"xgboost.{saved}"
    return _CLASSES.get(kind, _BOOSTER) if isinstance(kind, str) else _BOOSTER


def _predicts(model_class: str, objective: str | None, targets: int) -> str | None:
    if objective is None:
        return None
    if model_class.endswith("Classifier"):
        return LABELS
    if targets > 1:
        return NUMBERS_BY_TARGET
    return _PREDICTS.get(objective, NUMBERS)


def _columns(learner: object, count: int | None, limits: Limits) -> tuple[tuple[Column, ...], bool]:
    names = _texts(_get(learner, "feature_names"), limits.columns)
    types = _texts(_get(learner, "feature_types"), limits.columns)
    width = len(names) or count or len(types)
    if not 0 < width <= limits.columns or (names and count not in (None, width)):
        return (), False
    kinds = [_column_type(kind) for kind in types] if len(types) == width else ["double"] * width
    if not names:
        plain = unnamed(width, limits.columns)
        return plain if set(kinds) == {"double"} else _typed([None] * width, kinds), False
    return _typed(names, kinds), True


def _typed(names: list[Any], kinds: list[str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=kind) for name, kind in zip(names, kinds, strict=True))


def _column_type(kind: str) -> str:
    return "long" if kind == _CATEGORY else _TYPES.get(kind, "double")


def _classes(
    note: object, shape: object, objective: str | None, limits: Limits
) -> tuple[Json, ...]:
    labels = told_labels(_get(note, "classes_"), limits.classes)
    if labels:
        return labels
    if _number(_get(shape, "num_target")) not in (None, 1):
        return ()
    if objective and objective.startswith("binary:"):
        return (0, 1)
    return numbered(_number(_get(shape, "num_class")) or 0, limits.classes)


def _details(
    learner: object, booster: object, shape: object, limits: Limits
) -> tuple[tuple[str, str], ...]:
    found = {
        "booster": _get(booster, "name"),
        "base_score": _get(shape, "base_score"),
    }
    targets = _number(_get(shape, "num_target")) or 1
    if targets > 1:
        found["targets"] = str(targets)
    found |= _category_numbers(learner, _get(booster, "model", "cats", "enc"), limits)
    return tuple(
        (name, value[: limits.name]) for name, value in found.items() if isinstance(value, str)
    )


def _category_numbers(learner: object, encoded: object, limits: Limits) -> dict[str, str]:
    """The columns that take the number of a category: its place among pandas' categories in training."""
    names = _texts(_get(learner, "feature_names"), limits.columns)
    types = _texts(_get(learner, "feature_types"), limits.columns)
    found = [at for at, kind in enumerate(types) if kind == _CATEGORY and at < len(names)]
    if not found:
        return {}
    known = (
        encoded if isinstance(encoded, list) and len(encoded) == len(types) else [{}] * len(types)
    )
    told = [" ".join((names[at] + ":", *_categories(known[at]))).rstrip(":") for at in found]
    return {"takes category numbers": "; ".join(told)}


def _categories(encoded: object) -> list[str]:
    """The first categories of a column, numbered. Texts lie one after the other in `values`, cut at `offsets`."""
    offsets, values = _get(encoded, "offsets"), _get(encoded, "values")
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        return []
    if offsets is None:
        labels = [str(value) for value in values[:_MOST_CATEGORIES]]
    elif isinstance(offsets, list) and all(type(one) is int for one in offsets):
        data = bytes(value & 0xFF for value in values)
        pairs = list(pairwise(offsets[: _MOST_CATEGORIES + 1]))
        labels = [data[start:end].decode("utf-8", "replace") for start, end in pairs]
    else:
        return []
    return [f"{at}={label}" for at, label in enumerate(labels)]


def _version(parts: object) -> str | None:
    if not isinstance(parts, list) or len(parts) != 3:
        return None
    if not all(type(part) is int and part >= 0 for part in parts):
        return None
    return parse_version(".".join(str(part) for part in parts))


def _number(text: object) -> int | None:
    """XGBoost writes its numbers as texts."""
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    return None


def _texts(values: object, most: int) -> list[str]:
    if not isinstance(values, list) or len(values) > most:
        return []
    return values if all(isinstance(value, str) for value in values) else []


def _get(value: object, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
