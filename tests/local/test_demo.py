"""`make demo`: the whole way for real, and nothing left behind, however it ends."""

import signal
from pathlib import Path

from tests.local.running_command import require_gone, running


def test_the_demo_goes_the_whole_way_and_leaves_nothing(tmp_path: Path) -> None:
    log, env = tmp_path / "demo.log", {"TMPDIR": str(tmp_path)}

    with running("local.demo", "--operation-seconds", "0.3", log=log, env=env) as demo:
        assert demo.process.wait(120) == 0, demo.said()

    said = demo.said()
    assert said.count("6 of 6 are the same") == 2
    assert said.count("Live: verified, scoring address on record") == 2
    assert said.count("torn down, and confirmed") == 2
    for kind in ("endpoints", "deployments", "models"):
        assert f"{kind} in the Azure ML workspace: 0" in said
    assert not list(tmp_path.glob("longshore-demo-*"))


def test_ctrl_c_ends_the_demo_and_all_it_started(tmp_path: Path) -> None:
    log, env = tmp_path / "demo.log", {"TMPDIR": str(tmp_path)}
    with running("local.demo", log=log, env=env) as demo:
        demo.wait_for("Request accepted")
        started = demo.descendants()
        assert len(started) >= 4

        assert demo.end(signal.SIGINT) == 130

        require_gone(started)
    assert demo.said().splitlines()[-1] == "stopped; nothing is left running"
    assert not list(tmp_path.glob("longshore-demo-*"))
