"""Boosters inside pickles: what the bytes or the text that a Booster object keeps of its model tell.

XGBoost keeps its memory snapshot (UBJSON; JSON before 1.6; before 1.3 its old binary form, with the configuration as JSON
behind it), LightGBM the text of its model file, CatBoost the bytes of its cbm file.
"""

import io
from dataclasses import replace

from shared.domain.inspection import UnreadableModel
from shared.domain.reading.containers.content import PlainContent
from shared.domain.reading.containers.json_skim import skim_json
from shared.domain.reading.containers.ubjson import skim_ubjson
from shared.domain.reading.facts import catboost_facts, lightgbm_facts, xgboost_facts
from shared.domain.reading.facts.boosters import BoosterFacts
from shared.domain.reading.facts.lightgbm_text import CATEGORIES_LINE, find_header_end, parse_header
from shared.domain.reading.limits import Limits, corrupt

_OLD_XGBOOST = (b"CONFIG-offset:", b"binf")
_CONFIG = b'{"learner":{'


def describe_booster(head: bytes, tail: bytes, size: int, limits: Limits) -> BoosterFacts | None:
    """The facts of a booster's own bytes; None for what is none, or is broken. Never raises.

    `head` and `tail` are the first and last bytes of `size`; they may overlap, and `head` may be all of it. What lies
    between them stays untold. 64 KiB of each tell all but the columns of a very wide model.
    """
    whole = len(head) >= size
    try:
        if head.startswith(b"{L"):
            content = PlainContent(io.BytesIO(head), len(head))
            document = skim_ubjson(
                content, len(head), limits, unwanted=xgboost_facts.UNWANTED, partial=not whole
            )
            return xgboost_facts.describe_xgboost(document, limits)
        if head.startswith(b"{"):
            document = skim_json(
                io.BytesIO(head), limits, unwanted=xgboost_facts.UNWANTED, partial=not whole
            )
            return xgboost_facts.describe_xgboost(document, limits)
        if head.startswith(_OLD_XGBOOST):
            return _describe_old_xgboost(head if whole else tail, limits)
        if head.startswith(b"tree\n"):
            return _describe_lightgbm(head, head if whole else tail, limits)
        if head.startswith(catboost_facts.MAGIC):
            source = _Ends(head, tail, size)
            return catboost_facts.describe_catboost(source, size, limits, partial=not whole)
    except UnreadableModel:
        pass
    return None


class _Ends:
    """The two ends of something longer."""

    def __init__(self, head: bytes, tail: bytes, size: int) -> None:
        self._head = head
        self._tail = tail
        self._tail_at = size - len(tail)

    def read_at(self, at: int, size: int) -> bytes:
        """See `RandomAccess`."""
        if at + size <= len(self._head):
            return self._head[at : at + size]
        if at < self._tail_at:
            raise corrupt("it points to what is not known of it")
        return self._tail[at - self._tail_at : at - self._tail_at + size]


def _describe_old_xgboost(tail: bytes, limits: Limits) -> BoosterFacts:
    """The old binary form tells nothing in itself; behind it lies the configuration, from 1.0 on."""
    at = tail.rfind(_CONFIG)
    if at < 0:
        return BoosterFacts(library="xgboost", model_class="xgboost.Booster")
    config = skim_json(io.BytesIO(tail[at:]), limits, unwanted=xgboost_facts.UNWANTED)
    return xgboost_facts.describe_xgboost({"Config": config}, limits)


def _describe_lightgbm(head: bytes, tail: bytes, limits: Limits) -> BoosterFacts:
    end = find_header_end(head)
    header = parse_header(head[:end] if end >= 0 else head.rpartition(b"\n")[0])
    before, found, line = tail.rpartition(CATEGORIES_LINE)
    categories = skim_json(io.BytesIO(line), limits, unwanted=frozenset()) if found else None
    facts = lightgbm_facts.describe_lightgbm(header, before if found else tail, categories, limits)
    return facts if found else replace(facts, columns=(), sample=(), named=False)
