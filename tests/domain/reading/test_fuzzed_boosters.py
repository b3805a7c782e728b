"""Boosters' files that were changed, or made to cost much: a typed answer, soon and in little memory."""

import io
import json
import struct
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import Inspection, UnreadableModel, Verdict
from shared.domain.reading.containers import json_skim
from shared.domain.reading.containers.json_skim import skim_json
from shared.domain.reading.facts.embedded_boosters import describe_booster
from shared.domain.reading.limits import DEFAULT_LIMITS, MIB, Limits
from tests.corpus.keeping import load_kept
from tests.domain.reading.answers import inspect

BOOSTERS = ("xgboost", "lightgbm", "catboost")
SEEDS = [
    entry.path.read_bytes()
    for entry in load_kept()
    if entry.note["format"] in BOOSTERS and entry.size < 20_000
]
PIECES = [
    *(bytes([sign]) for sign in b'{}[]",:\\L$#SZ\n= '),
    b"\x00" * 8,
    b"\x7f" + b"\xff" * 7,
    b"\xfc\xff\xff\xff",
    b"1e999",
    b"9" * 5_000,
    b"Tree=0\n",
    b"[$d#L",
]


def answer(data: bytes) -> Inspection | UnreadableModel:
    try:
        return inspect(data)
    except UnreadableModel as error:
        return error


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=200, deadline=1_000)
def test_a_changed_booster_gets_a_typed_answer(seed: bytes, data: st.DataObject) -> None:
    changed = seed
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(len(changed) - 1, 0)))
        piece = data.draw(st.sampled_from(PIECES) | st.binary(max_size=9))
        changed = changed[:at] + piece + changed[at + data.draw(st.integers(0, 20)) :]
    found = answer(changed)
    if isinstance(found, Inspection) and found.flavor in BOOSTERS:
        assert (found.verdict, found.names) == (Verdict.CLEAN, ())
        assert len(found.sample_row or ()) == len(found.features)
        json.dumps([found.sample_row, found.classes], allow_nan=False)
    ends = data.draw(st.integers(0, len(changed)))
    describe_booster(changed[:ends], changed[-ends:], len(changed), DEFAULT_LIMITS)


def text_of(data: bytes) -> bytes:
    return b"L" + struct.pack(">q", len(data)) + data


COSTLY = {
    "quotes": lambda: b'{"learner":{"trees":[{"' + b'\\"' * MIB + b"}",
    "opened lists": lambda: b'{"learner":{"trees":' + b"[" * MIB,
    "unwanted lists": lambda: b"{" + b'"trees":[{}],' * 100_000,
    "names": lambda: b"{" + b",".join(b'"%d":[{}]' % at for at in range(150_000)),
    "texts": lambda: b'{"learner":[' + b'"' * 2 + (b',"' + b"a" * 3 * MIB + b'"') * 10,
    "nested": lambda: b'{"a":' * 100_000,
    "nested binary": lambda: b"{" + (text_of(b"a") + b"{") * 100_000,
    "binary texts": lambda: (
        b"{" + text_of(b"a") + b"[" + (b"S" + text_of(b"a" * 3 * MIB)) * 10 + b"]"
    ),
    "a long array": lambda: b"{" + text_of(b"a") + b"[$L#L" + struct.pack(">q", 1 << 62),
    "lines": lambda: b"tree\n" + b"\n" * 4 * MIB + b"\nTree=",
    "tree sizes": lambda: b"tree\ntree_sizes=" + b"7 " * MIB + b"\n\nTree=0\n",
    "one endless line": lambda: b"tree\n" + b"a" * 20 * MIB,
    "a table in itself": lambda: b"CBM1" + struct.pack("<I", 400) + b"\x08\0\0\0" * 100,
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_booster_is_refused_soon_and_in_little_memory(name: str) -> None:
    data = COSTLY[name]()

    begun = time.process_time()
    found = answer(data)
    spent = time.process_time() - begun
    tracemalloc.start()
    answer(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(found, UnreadableModel)
    assert spent < 3  # several times what it takes
    assert peak < 100 * MIB


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('}{][\\"a ', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.lists(st.integers(0, 9), max_size=60)
        | st.dictionaries(st.sampled_from(["trees", "x", "y", "z"]), inner, max_size=4)
    ),
    max_leaves=40,
)


@given(JSON, st.integers(1, 40), st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_a_skimmed_document_is_the_document_without_what_is_unwanted(
    value: Any, chunk: int, indent: int | None
) -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or chunk, chunk))

    text = Dribble(json.dumps(value, indent=indent).encode())
    first_stretch, json_skim._FIRST_STRETCH = json_skim._FIRST_STRETCH, chunk
    try:
        found = skim_json(text, Limits(kept_items=5), unwanted=frozenset({"trees"}))
    finally:
        json_skim._FIRST_STRETCH = first_stretch

    assert found == without_trees(value)


def without_trees(value: Any) -> Any:
    if isinstance(value, list):
        return [without_trees(each) for each in value][:5]
    if isinstance(value, dict):
        return {
            name: without_trees(each)
            for name, each in value.items()
            if name != "trees" or not isinstance(each, list | dict)
        }
    return value
