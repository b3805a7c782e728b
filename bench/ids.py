"""Ids from many processes at once: no two are alike, and few claims are in vain.

Every process mints through Azurite, by the service's own `Mint` and adapters.
"""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier

from bench import parts
from bench.report import Figure
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain.bookkeeping import ClaimKind
from shared.ports import Clock, Operation
from shared.service.claims import Mint

PROCESSES, EACH = 8, 2000
FROZEN_PROCESSES, FROZEN_EACH = 4, 250
MOST_CLAIMS = 3.0


def measure() -> list[Figure]:
    """Duplicates among ids of a live and of a frozen clock, and claims for each id."""
    with parts.folder() as folder, parts.storage(folder) as azurite:
        live, live_claims = _mint_at_once(azurite.connection_string, PROCESSES, EACH, None)
        noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
        frozen, frozen_claims = _mint_at_once(
            azurite.connection_string, FROZEN_PROCESSES, FROZEN_EACH, noon
        )
    claims = live_claims / len(live)
    return [
        _duplicates("ids: duplicates, live clock", live, f"{PROCESSES} processes x {EACH}"),
        Figure(
            name="ids: claims for each, live clock",
            value=claims,
            unit="claims",
            goal=f"<= {MOST_CLAIMS:g}",
            ok=claims <= MOST_CLAIMS,
        ),
        _duplicates(
            "ids: duplicates, frozen clock",
            frozen,
            f"{FROZEN_PROCESSES} processes x {FROZEN_EACH} at the same frozen moment; "
            f"{frozen_claims / len(frozen):.2f} claims for each",
        ),
    ]


def _duplicates(name: str, minted: Sequence[int], note: str) -> Figure:
    twice = len(minted) - len(set(minted))
    return Figure(name=name, value=twice, unit="ids", goal="0", ok=not twice, note=note)


class _Counted(AzureTables):
    """Counts the commits that were tried."""

    tried = 0

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        self.tried += 1
        return super().commit(table, operations)


def _mint_at_once(
    connection: str, processes: int, each: int, frozen: datetime | None
) -> tuple[list[int], int]:
    """All moments that were minted, and how many claims that took."""
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(processes)
    with ProcessPoolExecutor(
        processes, mp_context=spawning, initializer=_meet_at, initargs=(barrier,)
    ) as pool:
        futures = [pool.submit(_mint, connection, each, frozen) for _ in range(processes)]
        minted = [future.result() for future in futures]
    return [moment for moments, _ in minted for moment in moments], sum(t for _, t in minted)


def _meet_at(barrier: Barrier) -> None:
    """Every process of the pool starts minting when all are there."""
    barrier.wait(60)


def _mint(connection: str, each: int, frozen: datetime | None) -> tuple[list[int], int]:
    tables = _Counted(storage_account.from_connection_string(connection))
    clock: Clock = VirtualClock(frozen) if frozen else SystemClock()
    mint = Mint(tables, clock, SystemRandom())
    return [mint.claim(ClaimKind.DEPLOYMENT, "0" * 32) for _ in range(each)], tables.tried
