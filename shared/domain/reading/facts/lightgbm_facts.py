"""What a LightGBM model tells of itself, read from the lines before its trees and from what follows after them.

Before: `name=value` lines, with `feature_infos` giving each column's range in training (`[0:89]`), its categories
(`-1:2:1:0`) or `none`. After: the parameters of training, and as JSON the categories of pandas' categorical columns.
"""

import re
from typing import Any

from shared.domain.inspection import Column, Json
from shared.domain.reading.facts.boosters import (
    NUMBERS,
    PROBABILITIES,
    PROBABILITY,
    SCORES,
    BoosterFacts,
    is_plain,
    numbered,
)
from shared.domain.reading.limits import Limits

_RANGE = re.compile(r"\[([^:\]]+):([^:\]]+)\]")
_CATEGORIES = re.compile(r"-?\d{1,10}(:-?\d{1,10})*")
_COLUMN = re.compile(r"[0-9]{1,9}")
_PARAMETER = re.compile(rb"^\[(boosting|categorical_feature): ([^\]\n]*)\]$", re.MULTILINE)
_NO_NAME = re.compile(r"Column_\d+")
_LABEL_TYPES: dict[type, str] = {str: "string", int: "long", bool: "boolean"}
_PREDICTS = {
    "binary": PROBABILITY,
    "cross_entropy": "one probability per row",
    "multiclass": PROBABILITIES,
    "multiclassova": PROBABILITIES,
}


def describe_lightgbm(
    header: dict[str, str], after: bytes, categories: Any, limits: Limits
) -> BoosterFacts:
    """The facts. `after` is what follows after the trees, as far as known; `categories` pandas' ones, None if not told."""
    parameters = {
        name.decode(): value.decode("ascii", "replace") for name, value in _PARAMETER.findall(after)
    }
    columns, sample, named = _columns(
        header, parameters.get("categorical_feature", ""), categories, limits
    )
    objective = header.get("objective", "").partition(" ")[0][: limits.name] or None
    return BoosterFacts(
        library="lightgbm",
        model_class="lightgbm.Booster",
        objective=objective,
        columns=columns,
        named=named,
        sample=sample,
        classes=_classes(header, objective, limits),
        trees=header["tree_sizes"].count(" ") + 1 if header.get("tree_sizes") else None,
        predicts=_PREDICTS.get(objective, NUMBERS) if objective else SCORES,
        details=_details(header, parameters, limits),
    )


def _columns(
    header: dict[str, str], parameter: str, categories: Any, limits: Limits
) -> tuple[tuple[Column, ...], tuple[Json, ...], bool]:
    """Columns, sample row, and whether the columns have names; nothing where the file does not tell, or has too many."""
    infos_text, names_text = header.get("feature_infos", ""), header.get("feature_names", "")
    if names_text.count(" ") != infos_text.count(" ") or infos_text.count(" ") >= limits.columns:
        return (), (), False
    infos, names = infos_text.split(" "), names_text.split(" ")
    labels = _labels_by_column(infos, parameter, categories)
    if labels is None:
        return (), (), False
    named = not all(_NO_NAME.fullmatch(name) for name in names)
    told = [
        _from_labels(labels[at]) if at in labels else ("double", _typical(info))
        for at, info in enumerate(infos)
    ]
    columns = tuple(
        Column(name=name if named else None, type=kind)
        for name, (kind, _) in zip(names, told, strict=True)
    )
    return columns, tuple(sample for _, sample in told), named


def _classes(header: dict[str, str], objective: str | None, limits: Limits) -> tuple[Json, ...]:
    if objective == "binary":
        return (0, 1)
    count = header.get("num_class", "")
    known = count.isascii() and count.isdigit() and len(count) < 6
    return numbered(int(count), limits.classes) if known else ()


def _labels_by_column(
    infos: list[str], parameter: str, categories: Any
) -> dict[int, list[Json]] | None:
    """The categories of the columns that had pandas' category type in training; None where it is not told which they are.

    The parameter has their numbers. Files of LightGBM 2 leave it empty; there `feature_infos` tells them, unless one of
    them is of no use to the model.
    """
    if not categories:
        return {}
    if not isinstance(categories, list) or not all(map(_plain_list, categories)):
        return None
    found = [int(part) for part in parameter.split(",") if _COLUMN.fullmatch(part)]
    if not found:
        found = [at for at, info in enumerate(infos) if _CATEGORIES.fullmatch(info)]
    found = sorted(set(found))
    if len(found) != len(categories):
        return None
    return dict(zip(found, categories, strict=True))


def _plain_list(labels: object) -> bool:
    return isinstance(labels, list) and all(is_plain(label) for label in labels)


def _from_labels(labels: list[Json]) -> tuple[str, Json]:
    """The column's type and first category. Decimals and mixtures are no type of their own."""
    types = {type(label) for label in labels}
    kind = _LABEL_TYPES.get(types.pop()) if len(types) == 1 else None
    return (kind, labels[0]) if kind else ("double", 0.0)


def _typical(info: str) -> float:
    """The middle of a range, a whole number where both ends are; or the first category; else 0."""
    found = _RANGE.fullmatch(info)
    try:
        if found:
            low, high = float(found[1]), float(found[2])
            middle = low + (high - low) / 2
            whole = low.is_integer() and high.is_integer()
            middle = float(round(middle)) if whole else middle
            return middle if abs(middle) < 1e300 else 0.0
        if _CATEGORIES.fullmatch(info):
            return float(next((part for part in info.split(":") if part[0] != "-"), 0))
    except (ValueError, OverflowError):
        pass
    return 0.0


def _details(
    header: dict[str, str], parameters: dict[str, str], limits: Limits
) -> tuple[tuple[str, str], ...]:
    found = {
        "file version": header.get("version"),
        "boosting": parameters.get("boosting"),
        "averages its trees": "yes" if "average_output" in header else None,
    }
    return tuple((name, value[: limits.name]) for name, value in found.items() if value)
