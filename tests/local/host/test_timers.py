"""Timers run on schedule, on one host only, one run at a time, and make up for missed runs."""

import datetime as dt
import json
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient

from local import processes
from local.host.timer_store import CONTAINER
from tests.local.host.conftest import Bench


def starts(bench: Bench, function: str) -> list[dict[str, Any]]:
    return [note for note in bench.notes(function) if note["moment"] == "start"]


def container(bench: Bench) -> ContainerClient:
    found = ContainerClient.from_connection_string(bench.connection, CONTAINER)
    bench.stack.callback(found.close)
    with suppress(ResourceExistsError):
        found.create_container()
    return found


def write_status(bench: Bench, last: dt.datetime, following: dt.datetime) -> None:
    status = {
        "Last": last.isoformat(),
        "Next": following.isoformat(),
        "LastUpdated": last.isoformat(),
    }
    name = f"timers/{bench.jobs}/nightly/status"
    container(bench).upload_blob(name, json.dumps(status))


def wait_for_status(bench: Bench, fits: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    def status() -> dict[str, str] | None:
        blob = container(bench).download_blob(f"timers/{bench.jobs}/nightly/status")
        written: dict[str, str] = json.loads(blob.readall())
        return written if fits(written) else None

    return processes.wait_until(status, seconds=20, what="the status is written")


def four_oclock(days_ago: int) -> dt.datetime:
    day = dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago)
    return day.replace(hour=4, minute=0, second=0, microsecond=0)


def test_a_timer_runs_every_second_and_a_failed_start_is_not_tried_again(bench: Bench) -> None:
    bench.settings["OFTEN"] = "* * * * * *"

    bench.start("clock", "--functions", "often,at_start")
    bench.wait_for("often", 4)
    runs = starts(bench, "often")

    assert 0.5 < runs[1]["at"] - runs[0]["at"] < 1.5
    assert [run["past_due"] for run in runs] == [False] * len(runs)
    assert len(bench.notes("at_start")) == 1


def test_runs_never_overlap_and_the_ticks_meanwhile_are_left_out(bench: Bench) -> None:
    bench.settings |= {"OFTEN": "* * * * * *", "TAKES": "1.2"}

    bench.start("clock", "--functions", "often")
    notes = bench.wait_for("often", 5)

    assert [note["moment"] for note in notes[:5]] == ["start", "end", "start", "end", "start"]
    assert notes[2]["at"] - notes[0]["at"] > 1.5


def test_of_two_hosts_one_runs_the_timer_and_the_other_takes_over_when_it_stops(
    bench: Bench,
) -> None:
    bench.settings["OFTEN"] = "* * * * * *"
    hosts = [bench.start("clock", "--functions", "often") for _ in range(2)]
    bench.wait_for("often", 6)
    [holder] = {note["pid"] for note in bench.notes("often")}
    first, second = sorted(hosts, key=lambda host: host.process.pid != holder)

    assert first.stop() == 0
    processes.wait_until(
        lambda: bench.notes("often")[-1]["pid"] == second.process.pid,
        seconds=10,
        what="the other host takes over",
    )


def test_a_killed_host_that_starts_again_has_its_timers_at_once(bench: Bench) -> None:
    bench.settings["OFTEN"] = "* * * * * *"
    port = str(processes.free_port())
    first = bench.start("clock", "--functions", "often", "--port", port)
    bench.wait_for("often", 2)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()

    second = bench.start("clock", "--functions", "often", "--port", port)

    processes.wait_until(
        lambda: bench.notes("often")[-1]["pid"] == second.process.pid,
        seconds=4,
        what="the new host runs the timer",
    )


def test_a_missed_run_is_made_up_once_as_past_due(bench: Bench) -> None:
    write_status(bench, four_oclock(3), four_oclock(2))

    bench.start("clock", "--functions", "nightly")
    [note] = bench.wait_for("nightly")

    written = wait_for_status(bench, lambda status: "T04:00:00" not in status["Last"])

    assert note["past_due"] is True
    assert dt.datetime.fromisoformat(written["Next"]) > dt.datetime.now(dt.UTC)


def test_a_changed_schedule_is_not_past_due(bench: Bench) -> None:
    write_status(bench, four_oclock(3), four_oclock(2) + dt.timedelta(hours=1))

    host = bench.start("clock", "--functions", "nightly")
    written = wait_for_status(bench, lambda status: status["Last"].startswith("0001-01-01"))

    assert dt.datetime.fromisoformat(written["Next"]) > dt.datetime.now(dt.UTC)
    assert host.stop() == 0
    assert bench.notes("nightly") == []


def test_a_timer_runs_by_hand(bench: Bench) -> None:
    host = bench.start("clock", "--functions", "nightly")

    answer = httpx.post(f"{host.url}/admin/functions/nightly", json={}, trust_env=False)

    assert answer.status_code == 202
    assert bench.wait_for("nightly")[0]["past_due"] is False
