"""The world that `bench reconcile` measures: as large as it says, the same however it is read, and nothing wrong in it."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice

import pytest

from bench import reconcile, reconciled
from bench.files import count_things, made, names_under
from bench.listed import ListedTables
from bench.reconcile_run import NIGHTS, Run, run_over
from shared.adapters.memory_tables import MemoryTables
from shared.domain.reconcile.kept_things import Sort, parse_key
from shared.domain.records import Deployment, Model
from shared.ports import Listed
from shared.service import store

RECORDS, ENDPOINTS = 2_000, 2
RANGES = (("d-", "f-"), ("m-", "n-"), ("x-", "y-"))


@pytest.fixture(scope="module")
def world() -> reconciled.World:
    return reconciled.make(RECORDS, ENDPOINTS)


@pytest.fixture
def held(world: reconciled.World) -> MemoryTables:
    """The same world in a store that holds it."""
    tables = MemoryTables()
    reconcile.fill(tables, world)
    return tables


def test_there_are_as_many_records_as_told_each_with_an_id_of_its_own_and_in_the_product_s_form(
    world: reconciled.World, held: MemoryTables
) -> None:
    rows = [row for first, last in RANGES for row in held.scan(store.RECORDS, None, first=first, last=last)]  # fmt: skip
    kinds = Counter(row.key[:2] for row in rows)

    assert len(rows) == RECORDS == world.sizes[0]
    assert kinds == {"d-": 307, "e-": ENDPOINTS, "m-": 600, "x-": 1091}
    deployments = [
        store.read_row(Deployment, row).record for row in rows if row.key[:2] in ("d-", "x-")
    ]
    models = {store.read_row(Model, row).record.id for row in rows if row.key[:2] == "m-"}
    assert len({each.id for each in deployments}) == len(deployments)
    assert models <= {each.model_id for each in deployments}
    assert sum(1 for _ in world.registry()) == RECORDS // 5


@pytest.mark.parametrize("select", [(), ("id", "status", "work_json")])
def test_its_pages_hold_what_a_store_would_that_has_it_all(
    world: reconciled.World, held: MemoryTables, select: tuple[str, ...]
) -> None:
    listed = ListedTables(world)
    for first, last in RANGES:
        bounds = {"first": first, "last": last}
        rows = [
            {(row.partition, row.key): row.values for row in each}
            for each in (
                listed.scan(store.RECORDS, None, **bounds, select=select),
                held.scan(store.RECORDS, None, **bounds, select=select),
            )
        ]
        assert rows[0] == rows[1]


@pytest.mark.parametrize("night", NIGHTS)
def test_a_run_over_it_finds_nothing_and_its_floor_lists_the_same(
    night: str, world: reconciled.World
) -> None:
    measured = run_over(NIGHTS[night], world).measure(1)
    assert len(measured.ours) == len(measured.floor) == 1


def test_a_run_that_found_something_is_not_measured(world: reconciled.World) -> None:
    tables = ListedTables(world)
    [row, *_] = [row for table, row in world.rows if table == store.INFLIGHT]
    stored = tables.get(store.INFLIGHT, row.partition, row.key)
    assert stored
    store.remove(tables, store.INFLIGHT, stored)

    with pytest.raises(RuntimeError, match="not the run that was to be measured"):
        Run(NIGHTS["records"], world, tables, partial(made, world)).reconcile()


def test_its_files_are_what_records_name_each_once(world: reconciled.World) -> None:
    keys = [key for sort in Sort for key in names_under(world, f"{sort}/")]
    things = {(thing.sort, thing.about) for key in keys if (thing := parse_key(key))}

    assert len(set(keys)) == len(keys)
    assert len(things) == count_things(world)
    assert list(names_under(world, "trash/content/")) == []


def test_a_file_that_is_missing_is_found(world: reconciled.World) -> None:
    def listing(prefix: str) -> Iterator[Listed]:
        return islice(made(world, prefix), 1, None)

    with pytest.raises(RuntimeError, match="not the run that was to be measured"):
        Run(NIGHTS["files"], world, ListedTables(world), listing).reconcile()
