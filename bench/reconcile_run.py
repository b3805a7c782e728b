"""`python -m bench.reconcile_run AREAS RECORDS ENDPOINTS ROUNDS`: a dry run over one of `NIGHTS`, and what it lists alone, in turns, in a process of its own.

Prints what `bench.reconcile` reads: seconds of each, and by how many MB the process has grown.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import islice
from pathlib import Path

from bench import memory, reconciled
from bench.files import ListedBlobs, Listing, count_things, made
from bench.listed import ListedCloud, ListedTables
from bench.reconciled import World
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.sqlite_join import SqliteJoins
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.reconcile.findings import Area
from shared.domain.reconcile.runs import RunState
from shared.ports import Operation, Row, Tables
from shared.reconcile_ports import ReconcilePorts
from shared.service.claims import Mint
from shared.service.reconcile import begin, rows, run as running
from shared.service.reconcile.begin import Wanted
from shared.service.reconcile.hints import RunHint

NIGHTS = {"records": begin.NIGHTLY, "files": begin.ARTIFACTS}
"""The runs of a night, each over some areas."""
_OPERATOR = Principal(user_id="bench", issuer="local", is_operator=True)
_SMALL = (2_000, 2)


@dataclass(frozen=True, slots=True)
class Timed:
    """Wall and processor seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Rounds of the run and of its listings; `memory` is in MB above idle, of all rounds."""

    ours: Sequence[Timed]
    floor: Sequence[Timed]
    memory: float


class Listings:
    """Tables that remember what was listed of all users, and how far: the floor of a run is to list the same once."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._scans: dict[str, Callable[[], Iterable[Row]]] = {}
        self._read: dict[str, int] = {}

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        return self._tables.get(table, partition, key)

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """Does all or nothing."""
        return self._tables.commit(table, operations)

    def scan(
        self,
        table: str,
        partition: str | None,
        *,
        first: str = "",
        last: str = "",
        since: str = "",
        select: Sequence[str] = (),
    ) -> Iterator[Row]:
        """The same rows, counted."""

        def scan() -> Iterator[Row]:
            return self._tables.scan(
                table, partition, first=first, last=last, since=since, select=select
            )

        if partition is not None:
            return scan()
        name = f"{table} {first} {last} {since}"
        self._scans[name] = scan
        return self._counted(name, scan())

    def again(self) -> Iterator[Row]:
        """All that was listed, as far as it was read."""
        for name, scan in self._scans.items():
            yield from islice(scan(), self._read[name])

    def _counted(self, name: str, listed: Iterator[Row]) -> Iterator[Row]:
        self._read[name] = 0
        for each in listed:
            self._read[name] += 1
            yield each


class Run:
    """Dry runs over some areas of a world whose records are in these tables, and whose files a store lists so."""

    def __init__(
        self, areas: Sequence[Area], world: World, tables: Tables, listing: Listing
    ) -> None:
        clock = VirtualClock(reconciled.NOW)
        self._areas, self._world = areas, world
        self._listings, self._blobs = Listings(tables), ListedBlobs(listing)
        held = memory.ports(clock, ListedCloud(world, clock), self._listings, MemoryQueue(clock))
        ours = {each.name: getattr(held, each.name) for each in fields(held)}
        ours |= {"blobs": self._blobs, "artifacts": self._blobs}
        self._ports = ReconcilePorts(**ours, joins=SqliteJoins())
        self._mint = Mint(self._listings, clock, held.random)

    def reconcile(self) -> None:
        """One run: it finds nothing in all that there is. Raises RuntimeError where it was another."""
        ports, policy = self._ports, Policy()
        wanted = Wanted(dry_run=True, areas=self._areas)
        begun = begin.begin_run(ports, self._mint, policy, _OPERATOR, wanted)
        running.run_turn(ports, policy, RunHint(run_id=begun.id))
        stored = rows.load_run(ports.tables, begun.id)
        ended = stored.record if stored else begun
        if ended.state is not RunState.DONE or ended.items or dict(ended.seen) != self._there():
            raise RuntimeError(f"not the run that was to be measured: {ended}")

    def list_only(self) -> None:
        """Lists what a run before has listed, and no more."""
        view = self._ports.view
        if Area.ENDPOINTS in self._areas:
            for endpoint in view.list_endpoints():
                view.list_deployments(endpoint.name)
        for listing in (view.list_models(), self._listings.again(), self._blobs.again()):
            for _ in listing:
                pass

    def _there(self) -> dict[str, int]:
        """How many things there are in each area."""
        records, models = self._world.sizes
        held = len(self._world.endpoints) + len(self._world.deployments)
        seen = {
            Area.ENDPOINTS: held,
            Area.REGISTRY: models,
            Area.RECORDS: records,
            Area.ARTIFACTS: count_things(self._world),
        }
        return {each: seen[each] for each in self._areas}

    def measure(self, rounds: int) -> Measured:
        """Both in turns."""
        ours, floor = [], []
        idle = _reset_peak()
        for _ in range(rounds):
            ours.append(_time(self.reconcile))
            floor.append(_time(self.list_only))
        return Measured(ours=ours, floor=floor, memory=(_peak() - idle) / 1e6)


def main(night: str, records: int, endpoints: int, rounds: int) -> Measured:
    """Measures a world of so many records."""
    small, large = reconciled.make(*_SMALL), reconciled.make(records, endpoints)
    run_over(NIGHTS[night], small).reconcile()  # what comes to be at the first use is idle, too
    return run_over(NIGHTS[night], large).measure(rounds)


def run_over(areas: Sequence[Area], world: World) -> Run:
    """Runs over a world that is made as it is listed."""
    return Run(areas, world, ListedTables(world), partial(made, world))


def _time(work: Callable[[], None]) -> Timed:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def _reset_peak() -> int:
    """Bytes of memory this process has now, from which on its peak is counted."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], *map(int, sys.argv[2:])))))
