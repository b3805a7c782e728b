"""What `make bench` leaves behind, with figures made up; the real ones are measured, not tested."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench import __main__ as command
from bench.report import Figure, at_least, at_most, render_table, spread


def run(monkeypatch: pytest.MonkeyPatch, output: Path, figures: list[Figure], *names: str) -> int:
    """The command with one measurement named `made_up` that gives these figures."""
    module = ModuleType("bench.made_up")
    module.measure = lambda: figures  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "bench.made_up", module)
    monkeypatch.setattr(command, "MEASUREMENTS", ("made_up",))
    return command.main(names, output)


FAST = at_least("rate", 90, "1/s", floor=100, goal=0.8, note="steady")
SLOW = at_most("p99", 40, "ms", floor=20, goal=1.5, note="limited by the disk")
PLAIN = Figure(name="CPU", value=2.5, unit="ms")


def test_the_file_is_a_list_of_figures_with_seven_fields(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "build" / "bench.json"
    run(monkeypatch, output, [FAST, PLAIN])

    assert json.loads(output.read_text()) == [
        {
            "name": "rate",
            "value": 90,
            "unit": "1/s",
            "floor": 100,
            "ratio": 0.9,
            "goal": "ratio >= 0.8",
            "ok": True,
        },
        {
            "name": "CPU",
            "value": 2.5,
            "unit": "ms",
            "floor": None,
            "ratio": None,
            "goal": "",
            "ok": None,
        },
    ]


def test_a_missed_goal_fails_the_command_and_is_seen_in_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path / "all.json", [FAST, PLAIN]) == 0
    assert "MISSED" not in capsys.readouterr().out

    assert run(monkeypatch, tmp_path / "all.json", [FAST, SLOW], "made_up") == 1
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("p99"))
    assert line.split() == ["p99", "40", "ms", "20", "2", "ratio", "<=", "1.5", "MISSED"]


def test_an_unknown_name_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path / "none.json", [FAST], "made_up", "latency")
    assert not (tmp_path / "none.json").exists()


def test_notes_stand_below_the_table() -> None:
    shown = render_table([FAST, PLAIN, SLOW]).splitlines()
    assert shown[-2:] == ["- rate: steady", "- p99: limited by the disk"]


def test_the_spread_tells_median_least_and_greatest() -> None:
    assert spread([3, 1, 2]) == "median 2.00 (1.00 to 3.00)"
