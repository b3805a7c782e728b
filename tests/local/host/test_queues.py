"""Queue functions run on real queues by the rules of the real host, crashes included."""

import base64
import datetime as dt
import json
import shutil
import signal
import time
from pathlib import Path

import httpx
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from local import azurite as storage, processes
from tests.local.host.conftest import APPS, WAIT_SECONDS, Bench


def texts(queue: QueueClient) -> list[str]:
    """What is in a queue now, decoded."""
    peeked = queue.peek_messages(max_messages=32)
    return [base64.b64decode(message.content).decode() for message in peeked]


def wait_until_empty(queue: QueueClient) -> None:
    processes.wait_until(
        lambda: queue.get_queue_properties().approximate_message_count == 0,
        seconds=WAIT_SECONDS,
        what=f"{queue.queue_name} empty",
    )


def wait_for_message(queue: QueueClient) -> QueueMessage:
    """The first message of a queue that may not exist yet."""

    def first() -> QueueMessage | None:
        try:
            return next(iter(queue.peek_messages()), None)
        except ResourceNotFoundError:
            return None

    return processes.wait_until(first, seconds=WAIT_SECONDS, what=f"{queue.queue_name} has one")


def test_a_message_runs_once_with_its_metadata_and_is_deleted(bench: Bench) -> None:
    sent = bench.queue().send_message("hello ü")

    bench.start("jobs", "--functions", "work")
    [note] = bench.wait_for("work")
    wait_until_empty(bench.queue())

    assert (note["body"], note["count"], note["id"]) == ("hello ü", 1, sent.id)
    assert note["inserted"].startswith(str(sent.inserted_on)[:19])
    assert dt.datetime.fromisoformat(note["expires"]) > dt.datetime.fromisoformat(note["inserted"])
    hidden = dt.datetime.fromisoformat(note["next_visible"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=9) < hidden <= dt.timedelta(minutes=10)
    assert note["receipt"]


def test_a_failing_message_is_tried_three_times_and_then_copied_to_the_poison_queue(
    bench: Bench,
) -> None:
    sent = bench.queue().send_message("fail")

    bench.start("jobs", "--functions", "work")
    buried = wait_for_message(bench.queue("-poison"))
    wait_until_empty(bench.queue())

    assert [note["count"] for note in bench.notes("work")] == [1, 2, 3]
    assert texts(bench.queue("-poison")) == ["fail"]
    assert buried.id != sent.id


def test_a_failing_message_of_a_poison_queue_stays_hidden_for_its_lease(bench: Bench) -> None:
    bench.queue("-poison").send_message("rest")

    bench.start("jobs", "--functions", "buried", "--lease", "1")
    counts = [note["count"] for note in bench.wait_for("buried", 2)]

    assert counts[:2] == [1, 2]
    with pytest.raises(ResourceNotFoundError):
        QueueClient.from_connection_string(
            bench.connection, f"{bench.jobs}-poison-poison"
        ).get_queue_properties()


def test_a_message_received_too_often_is_buried_unrun(bench: Bench) -> None:
    queue = bench.queue()
    queue.send_message("cursed")
    for _ in range(3):
        taken = queue.receive_message()
        assert taken is not None
        queue.update_message(taken, visibility_timeout=0)

    bench.start("jobs", "--functions", "work")
    wait_for_message(bench.queue("-poison"))

    assert bench.notes("work") == []


def test_a_body_that_is_not_base64_is_buried_unrun_as_it_is(bench: Bench) -> None:
    bench.queue(raw=True).send_message("not base64!")

    bench.start("jobs", "--functions", "work")
    buried = wait_for_message(bench.queue("-poison"))
    wait_until_empty(bench.queue())

    assert buried.content == "not base64!"
    assert bench.notes("work") == []
    assert "is not base64" in bench.log()


def test_a_job_longer_than_its_lease_is_renewed_and_runs_once(bench: Bench) -> None:
    bench.queue().send_message("wait")
    bench.start("jobs", "--functions", "work", "--lease", "2")
    bench.wait_for("work")
    later = time.monotonic() + 3

    processes.wait_until(lambda: time.monotonic() > later, seconds=20, what="1.5 leases")
    (bench.folder / "go").touch()
    bench.wait_for("work ended")
    wait_until_empty(bench.queue())

    assert [note["count"] for note in bench.notes("work")] == [1]


def test_a_killed_host_gives_its_message_back_after_the_lease(bench: Bench) -> None:
    bench.queue().send_message("wait")
    first = bench.start("jobs", "--functions", "work", "--lease", "2")
    bench.wait_for("work")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()

    (bench.folder / "go").touch()
    bench.start("jobs", "--functions", "work", "--lease", "2")
    [ended] = bench.wait_for("work ended")
    wait_until_empty(bench.queue())

    assert [note["count"] for note in bench.notes("work")] == [1, 2]
    assert (ended["count"], ended["pid"] != first.process.pid) == (2, True)


def test_sigterm_takes_nothing_new_and_lets_the_running_job_end(bench: Bench) -> None:
    bench.queue().send_message("wait")
    host = bench.start("jobs", "--functions", "work")
    bench.wait_for("work")

    host.process.terminate()
    processes.wait_until(lambda: "stopping" in bench.log(), seconds=20, what="stopping")
    bench.queue().send_message("too late")
    (bench.folder / "go").touch()

    assert host.process.wait(WAIT_SECONDS) == 0
    assert [note["body"] for note in bench.notes("work ended")] == ["wait"]
    assert texts(bench.queue()) == ["too late"]


def test_a_job_that_does_not_end_in_time_is_cut_off_and_told(bench: Bench) -> None:
    bench.queue().send_message("wait")
    host = bench.start("jobs", "--functions", "work", "--grace", "1", "--lease", "1")
    bench.wait_for("work")

    assert host.stop() == 1
    assert "cut off after 1 s: work" in bench.log()
    assert bench.notes("work ended") == []


def test_a_job_that_takes_longer_than_its_timeout_ends_the_process_and_comes_back_at_once(
    bench: Bench, tmp_path: Path
) -> None:
    app = tmp_path / "hurried"
    shutil.copytree(APPS / "jobs", app)
    host = json.loads((app / "host.json").read_text()) | {"functionTimeout": "00:00:02"}
    (app / "host.json").write_text(json.dumps(host))
    bench.queue().send_message("wait")

    first = bench.start(str(app), "--functions", "work")
    assert first.process.wait(WAIT_SECONDS) == 1
    (bench.folder / "go").touch()
    bench.start(str(app), "--functions", "work")
    [ended] = bench.wait_for("work ended")

    assert "work took longer than functionTimeout, 2 s" in bench.log()
    # It was released: its lease would have been ten minutes. The ending host may have received it once more.
    assert ended["count"] in (2, 3)


def test_no_more_run_at_once_than_batch_and_threshold_allow(bench: Bench) -> None:
    for number in range(8):
        bench.queue().send_message(f"wait {number}")
    bench.settings["PYTHON_THREADPOOL_THREAD_COUNT"] = "16"
    bench.start("jobs", "--functions", "work")
    bench.wait_for("work", 4)
    waiting = bench.queue().peek_messages(max_messages=32)

    (bench.folder / "go").touch()
    bench.wait_for("work ended", 8)

    assert len(waiting) == 4  # batchSize 4; the next batch starts at 1 running


def test_a_missing_queue_is_waited_for_and_not_created(bench: Bench) -> None:
    bench.start("jobs", "--functions", "work")
    missing = QueueClient.from_connection_string(bench.connection, bench.jobs)
    with pytest.raises(ResourceNotFoundError):
        missing.get_queue_properties()

    bench.queue().send_message("at last")

    assert bench.wait_for("work")[0]["body"] == "at last"


def test_a_host_rides_out_a_restart_of_its_storage(bench: Bench, tmp_path: Path) -> None:
    log, folder = tmp_path / "azurite.log", tmp_path / "state"
    with storage.start(folder=folder, log=log) as first:
        bench.connection = first.connection_string
        bench.queue().send_message("before")
        bench.start("jobs", "--functions", "work")
        bench.wait_for("work")
        wait_until_empty(bench.queue())
    processes.wait_until(lambda: "trying on" in bench.log(), seconds=20, what="it is noticed")

    with storage.start(folder=folder, log=log, ports=first.ports):
        bench.queue().send_message("after")
        bodies = [note["body"] for note in bench.wait_for("work", 2)]

    assert bodies == ["before", "after"]
    assert "can be reached again" in bench.log()


def test_an_output_that_is_a_json_array_becomes_one_message_an_item(bench: Bench) -> None:
    bench.queue("-in").send_message(json.dumps(["plain", {"a": [1, "ü"]}, 7]))

    bench.start("jobs", "--functions", "relay,done")
    bodies = {note["body"] for note in bench.wait_for("done", 3)}

    assert bodies == {"plain", '{\n  "a": [\n    1,\n    "ü"\n  ]\n}', "7"}


def test_an_output_wakes_the_listener_of_the_same_host(bench: Bench) -> None:
    bench.queue("-out")
    host = bench.start("jobs", "--functions", "submit,done")

    answer = httpx.post(f"{host.url}/api/submit", content=b"7", trust_env=False)

    assert (answer.status_code, answer.text) == (200, "7")
    assert bench.wait_for("done")[0]["body"] == "7"


def test_nothing_is_put_out_when_the_function_fails(bench: Bench) -> None:
    bench.queue("-in").send_message("set, then fail")
    bench.start("jobs", "--functions", "relay")
    wait_for_message(bench.queue("-in-poison"))

    assert texts(bench.queue("-out")) == []


def test_a_function_runs_by_hand_and_a_drained_host_takes_no_more(bench: Bench) -> None:
    bench.queue()
    host = bench.start("jobs", "--functions", "work")
    with httpx.Client(base_url=host.url, trust_env=False) as http:
        accepted = http.post("/admin/functions/work", json={"input": "by hand"})
        bench.wait_for("work")
        drain = http.post("/admin/host/drain")
        bench.queue().send_message("unheard")
        state = http.get("/admin/host/drain/status").json()["state"]

        assert (accepted.status_code, drain.status_code, state) == (202, 202, "Completed")
        assert http.post("/admin/functions/work", content=b"[").status_code == 400
    assert host.stop() == 0
    assert [note["body"] for note in bench.notes("work")] == ["by hand"]
    assert texts(bench.queue()) == ["unheard"]
