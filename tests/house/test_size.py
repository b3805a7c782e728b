"""The budgets that keep the house readable."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_FILE_LINES, MOST_FUNCTION_LINES, MOST_NESTING = 250, 40, 3
MOST_ENTRY_LINES = 30  # read in a minute
GRAB_BAGS = re.compile(r"(?i)utils?|helpers?|common|managers?|misc|tools")
NESTS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)
OURS = [
    path
    for folder in ("functions", "shared", "local", "bench", "simulator", "client")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
HOUSE = ("functions", "shared", "simulator")
BUDGETED = [path for path in OURS if path.relative_to(ROOT).parts[0] in HOUSE]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def depth(node: ast.AST) -> int:
    """How deep blocks are nested; an `elif` is no deeper than its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and [child] == node.orelse
        deepest = max(deepest, depth(child) + (isinstance(child, NESTS) and not chained))
    return deepest


@pytest.mark.parametrize("path", BUDGETED, ids=named)
def test_a_file_and_its_functions_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_FILE_LINES

    for function in functions(path):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= MOST_FUNCTION_LINES, f"{function.name} has {lines} lines"
        assert depth(function) <= MOST_NESTING, f"{function.name} nests too deeply"


def test_the_entry_is_read_in_a_minute() -> None:
    assert len((ROOT / "function_app.py").read_text().splitlines()) <= MOST_ENTRY_LINES


def test_no_name_is_a_grab_bag() -> None:
    names = {part for path in OURS for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    for path in OURS:
        names |= {
            n.name for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ClassDef)
        }
    words = {word for name in names for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}

    assert not [word for word in words if GRAB_BAGS.fullmatch(word)]


TOLD = [path for path in BUDGETED if path.name != "errors.py"]  # whose tree of errors is longer


@pytest.mark.parametrize("path", TOLD, ids=named)
def test_a_module_tells_its_place_in_a_few_lines(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text()))

    assert told
    assert len(told.splitlines()) <= 8


def test_no_package_marker_hides_a_folder_from_the_others() -> None:
    """An `__init__.py` in tests/shared would hide shared/ from pytest. A cloud for a whole folder of tests needs one."""
    roots = [
        ROOT / each for each in ("functions", "shared", "local", "bench", "simulator", "tests")
    ]
    markers = {path.parent for root in roots for path in root.rglob("__init__.py")}

    assert markers == {ROOT / "tests/e2e/one_worker", ROOT / "tests/e2e/two_workers"}


def test_nothing_is_left_to_do() -> None:
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    mine = Path(__file__)
    found = [path for path in [*OURS, *ROOT.glob("tests/**/*.py")] if path != mine]

    assert not [named(path) for path in found if left.search(path.read_text())]
