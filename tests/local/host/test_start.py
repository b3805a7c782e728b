"""What keeps a host from starting is told all at once, by name, with exit code 2."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from local.host.process import start
from tests.local.host.conftest import APPS, Bench

ROOT = Path(__file__).parents[3]
GOOD_APP = """
import azure.functions as func

app = func.FunctionApp()

@app.route(route="who")
def who(req: func.HttpRequest) -> str:
    import os
    return os.environ.get("WHO", "")
"""


def run(app: Path, *options: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    command = [sys.executable, "-m", "local.host", "--app", str(app), "--port", "0", *options]
    done = subprocess.run(
        command, cwd=ROOT, env=env or {}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


def make_app(folder: Path, code: str, host: object = None) -> Path:
    (folder / "function_app.py").write_text(code)
    (folder / "host.json").write_text(json.dumps(host or {"version": "2.0"}))
    return folder


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    code = (APPS / "clock" / "function_app.py").read_text()
    code += """
@app.queue_trigger(arg_name="msg", queue_name="%JOBS%", connection="Storage")
def work(msg: func.QueueMessage) -> None:
    pass
"""
    queues = {"batchSize": 33, "visibilityTimeout": "soon", "messageEncoding": "utf7"}
    app = make_app(tmp_path, code, {"version": "2.0", "extensions": {"queues": queues}})

    exit_code, said = run(app, "--functions", "often,work,absent")

    assert exit_code == 2
    told = [line.partition("cannot start: ") for line in said.splitlines()]
    assert [problem for _, mark, problem in told if mark] == [
        "host.json: extensions.queues.batchSize must be a whole number from 1 to 32, not 33",
        """host.json: extensions.queues.visibilityTimeout must be a time span "hh:mm:ss" from 0 s to 604800 s, not 'soon'""",
        "host.json: extensions.queues.messageEncoding must be one of base64, none, not 'utf7'",
        "--functions: the app has no function absent; it has: at_start, nightly, often, work",
        "often: setting OFTEN is not set (used as %OFTEN%)",
        "work: setting JOBS is not set (used as %JOBS%)",
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"OFTEN": "00:00:30"}, "often: '00:00:30' is a time span; write an NCRONTAB expression"),
        ({"OFTEN": "0 0 0 30 2 *"}, "often: '0 0 0 30 2 *' is never due"),
        (
            {"OFTEN": "* * * * *"},
            "timers keep their locks in AzureWebJobsStorage: connection Storage is not set",
        ),
        (
            {"OFTEN": "* * * * *", "AzureWebJobsStorage": "mine"},
            "connection AzureWebJobsStorage holds no storage connection string",
        ),
        (
            {"OFTEN": "* * * * *", "Storage__accountName": "x"},
            "connection Storage is identity-based (Storage__...)",
        ),
    ],
    ids=["time-span", "never", "no-storage", "not-a-string", "identity"],
)
def test_a_timer_that_cannot_run_says_why(settings: dict[str, str], said: str) -> None:
    exit_code, error = run(APPS / "clock", "--functions", "often", env=settings)

    assert (exit_code, said in error) == (2, True), error


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nowhere", "No module named 'nowhere'"),
        ("x = 1", "must bind exactly one FunctionApp; it binds no name"),
        (GOOD_APP + "\nother = app", "it binds 2 names (app, other)"),
        (GOOD_APP.replace("(req:", "(request:"), "not bound ['request'], not declared ['req']"),
        (
            GOOD_APP.replace('who")', 'who/{x:odd}")'),
            "who: the route constraint odd() is not known",
        ),
        (
            GOOD_APP.replace(
                'route(route="who")', 'blob_trigger("req", path="a/b", connection="S")'
            ),
            "who: the local host has no blobTrigger",
        ),
    ],
    ids=["import", "no-app", "two-names", "parameters", "constraint", "trigger"],
)
def test_an_app_that_cannot_be_served_says_why(tmp_path: Path, code: str, said: str) -> None:
    exit_code, error = run(make_app(tmp_path, code))

    assert (exit_code, said in error) == (2, True), error


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        exit_code, error = run(make_app(tmp_path, GOOD_APP), "--port", str(taken.getsockname()[1]))

    assert exit_code == 2
    assert "Address already in use" in error


def test_local_settings_fill_what_the_environment_leaves_open(tmp_path: Path) -> None:
    app = make_app(tmp_path, GOOD_APP)
    values = {"WHO": "file", "AzureWebJobs.absent.Disabled": "1"}
    (app / "local.settings.json").write_text(json.dumps({"Values": values}))

    for env, expected in [({}, "file"), ({"WHO": "environment"}, "environment")]:
        with start(app, env=env, log=tmp_path / "host.log") as host:
            assert httpx.get(f"{host.url}/api/who", trust_env=False).text == expected


def test_a_disabled_function_is_not_served(tmp_path: Path) -> None:
    env = {"AzureWebJobs.who.Disabled": "true"}
    with start(make_app(tmp_path, GOOD_APP), env=env, log=tmp_path / "host.log") as host:
        assert httpx.get(f"{host.url}/api/who", trust_env=False).status_code == 404


def test_an_http_host_imports_no_storage_sdk(tmp_path: Path) -> None:
    code = GOOD_APP.replace('os.environ.get("WHO", "")', "' '.join(__import__('sys').modules)")
    with start(make_app(tmp_path, code), env={}, log=tmp_path / "host.log") as host:
        loaded = httpx.get(f"{host.url}/api/who", trust_env=False).text.split()

    assert "azure.functions" in loaded
    assert {"azure.storage.queue", "azure.storage.blob"} & set(loaded) == set()


def test_the_functions_served_are_printed_with_their_triggers(bench: Bench) -> None:
    bench.settings["OFTEN"] = "0 */5 * * * *"
    bench.start("clock", "--functions", "often,nightly")

    printed = [line.split(maxsplit=2) for line in bench.log().splitlines() if "timer" in line]

    assert printed == [
        ["nightly", "timer", "0 0 4 * * *"],
        ["often", "timer", "0 */5 * * * *"],
    ]
