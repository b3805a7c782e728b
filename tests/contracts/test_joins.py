"""Long listings are laid beside each other, in memory and in a temporary file alike."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.memory_join import MemoryJoins
from shared.adapters.sqlite_join import SqliteJoins
from shared.reconcile_ports import Join, Joins


@pytest.fixture(params=[MemoryJoins, SqliteJoins])
def joins(request: pytest.FixtureRequest) -> Joins:
    made: Joins = request.param()
    return made


@pytest.fixture
def join(joins: Joins) -> Iterator[Join]:
    with joins.open() as opened:
        yield opened


def test_what_one_side_lacks_is_told_in_the_order_of_its_keys(join: Join) -> None:
    assert join.add("records", [("c", "3"), ("a", "1"), ("b", "2"), ("a", "0")]) == 4
    join.add("cloud", [("b", ""), ("d", "4")])

    assert sorted(join.missing("records", "cloud")) == [("a", "0"), ("a", "1"), ("c", "3")]
    assert [key for key, _ in join.missing("records", "cloud")] == ["a", "a", "c"]
    assert list(join.missing("cloud", "records")) == [("d", "4")]


def test_a_side_without_entries_lacks_everything_and_nothing_lacks_it(join: Join) -> None:
    join.add("records", [("a", "1")])
    assert list(join.missing("records", "nothing")) == [("a", "1")]
    assert list(join.missing("nothing", "records")) == []
    assert join.add("nothing", []) == 0


def test_a_note_is_found_by_its_key(join: Join) -> None:
    join.add("records", [("a", "one"), ("Ä'; DROP TABLE records --", "two")])
    assert join.find("records", "a") == "one"
    assert join.find("records", "Ä'; DROP TABLE records --") == "two"
    assert join.find("records", "A") is None
    assert join.find("others", "a") is None


def test_entries_may_come_after_a_look(join: Join) -> None:
    join.add("records", [("a", "")])
    assert list(join.missing("records", "cloud")) == [("a", "")]
    join.add("cloud", [("a", "")])
    assert list(join.missing("records", "cloud")) == []


def test_of_a_listing_that_breaks_off_nothing_is_kept(join: Join) -> None:
    def broken() -> Iterator[tuple[str, str]]:
        yield "b", ""
        raise ZeroDivisionError

    join.add("cloud", [("a", "")])
    with pytest.raises(ZeroDivisionError):
        join.add("cloud", broken())
    assert list(join.missing("cloud", "nothing")) == [("a", "")]


def test_many_entries_are_all_there(join: Join) -> None:
    join.add("records", ((f"{at:06d}", "") for at in range(25_001)))
    join.add("cloud", ((f"{at:06d}", "") for at in range(25_001) if at % 5000))
    assert [key for key, _ in join.missing("records", "cloud")] == [
        f"{at:06d}" for at in range(0, 25_001, 5000)
    ]


def test_the_file_of_a_join_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fail() -> None:
        with SqliteJoins().open() as join:
            join.add("records", [("a", "")])
            assert list(tmp_path.iterdir())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_side_is_named_by_a_word_only() -> None:
    with SqliteJoins().open() as join, pytest.raises(ValueError, match="cannot name a side"):
        join.add("records; DROP TABLE x", [])
