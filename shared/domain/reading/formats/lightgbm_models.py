"""LightGBM's model files: text, of which only what stands before and behind the trees is read."""

from dataclasses import replace
from typing import Any

from shared.domain.inspection import Inspection, ModelFormat, Obstacle
from shared.domain.reading.containers.content import CHUNK
from shared.domain.reading.containers.json_skim import skim_json
from shared.domain.reading.facts.boosters import BoosterFacts
from shared.domain.reading.facts.lightgbm_facts import describe_lightgbm
from shared.domain.reading.facts.lightgbm_text import (
    CATEGORIES_LINE,
    TREE,
    find_header_end,
    parse_header,
)
from shared.domain.reading.formats.booster_files import inspect_booster
from shared.domain.reading.limits import MIB, corrupt, over_limits
from shared.domain.reading.model_file import ModelFile

_CATEGORIES = Obstacle(
    "Some of its columns had pandas' category type in training, and the file does not tell which ones, or their "
    "categories are neither texts nor whole numbers.",
    "Train with the categories as texts, or on their numbers: a scikit-learn Pipeline with an OrdinalEncoder before "
    "LGBMClassifier does it, saved whole with joblib.",
)
_MOST_HEADER = 16 * MIB
_NEEDED = ("num_class", "label_index", "max_feature_idx", "feature_names", "feature_infos")
"""Without these LightGBM refuses a file."""


def read(model_file: ModelFile) -> Inspection:
    """The inspection of a LightGBM model. Raises UnreadableModel."""
    header_text = _read_header(model_file)
    header = parse_header(header_text)
    if not all(name in header for name in _NEEDED):
        raise corrupt("it has not all that LightGBM needs to load a model")
    end = len(header_text) + 1
    if header.get("tree_sizes"):
        end = _check_trees(model_file, end, header["tree_sizes"])
    model_file.file.seek(end)
    after = model_file.file.read(model_file.limits.document)
    categories = _find_categories(model_file, end)
    facts = describe_lightgbm(header, after, categories, model_file.limits)
    inspection = inspect_booster(model_file, ModelFormat.LIGHTGBM, facts, written_as="text")
    return (
        inspection
        if _tells_categories(facts, categories)
        else replace(inspection, obstacle=_CATEGORIES)
    )


def _tells_categories(facts: BoosterFacts, categories: Any) -> bool:
    """Whether serving can make pandas' categories of what JSON brings: their columns are those of other types than double."""
    told = sum(column.type != "double" for column in facts.columns)
    return not categories or (isinstance(categories, list) and len(categories) == told)


def _read_header(model_file: ModelFile) -> bytes:
    """All before the first tree, without the line's end."""
    model_file.file.seek(0)
    text = b""
    while len(text) <= _MOST_HEADER:
        piece = model_file.file.read(max(CHUNK, len(text)))
        text += piece
        end = find_header_end(text)
        if end >= 0:
            return text[:end]
        if not piece:
            raise corrupt("it ends before its trees")
    raise over_limits("the description of its columns is longer than any model's")


def _check_trees(model_file: ModelFile, start: int, sizes: str) -> int:
    """Where the trees end. LightGBM trusts the sizes and reads each tree where they say, so one must be there."""
    at = start
    if sizes.count(" ") >= model_file.limits.objects:
        raise over_limits("it has more trees than any model")
    for number, size in enumerate(sizes.split(" ")):
        model_file.file.seek(at)
        expected = TREE + b"%d\n" % number
        if model_file.file.read(len(expected)) != expected or not _is_size(size):
            raise corrupt(f"tree {number} is not where its sizes say")
        at += int(size)
        if at > model_file.size:
            raise corrupt("it ends in the middle of its trees")
    return at


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def _find_categories(model_file: ModelFile, start: int) -> Any:
    """The categories of pandas' categorical columns; None where the file has none."""
    file = model_file.file
    file.seek(start)
    at, kept = start, b""
    while piece := file.read(CHUNK):
        found = (kept + piece).find(CATEGORIES_LINE)
        if found >= 0:
            file.seek(at - len(kept) + found + len(CATEGORIES_LINE))
            return skim_json(file, model_file.limits, unwanted=frozenset())
        at += len(piece)
        kept = (kept + piece)[1 - len(CATEGORIES_LINE) :]
    return None
