"""The fault list: every fault has its row, and every test that a row names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text()
FAULTS = [f"F{number:02}" for number in range(1, 53)]
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split(" | "))
    for line in PAGE.splitlines()
    if re.match(r"\| F\d", line)
]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
LATER = re.compile(r"Later, with the further sources of models: \S")


@cache
def functions_of(name: str) -> frozenset[str]:
    """The test functions in a file under tests/."""
    found = ast.walk(ast.parse((ROOT / "tests" / name).read_text()))
    functions = (each.name for each in found if isinstance(each, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def test_every_fault_has_one_row_in_its_place() -> None:
    assert [row[0] for row in ROWS] == FAULTS
    assert all(len(row) == 4 and all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_names_tests_that_are_there_or_says_what_comes_later(row: tuple[str, ...]) -> None:
    named = NAMED.findall(row[3])
    assert named or LATER.search(row[3])
    assert row[3].count("::") == len(named)
    for name, test in named:
        assert test in functions_of(name), f"{name} has no {test}"
