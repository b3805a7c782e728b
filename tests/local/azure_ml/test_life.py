"""What happens to the emulator's state and processes when it ends, in every way it can."""

import os
import signal
from pathlib import Path

import pytest

from local import processes
from local.azurite import Azurite
from tests.local.azure_ml.running import Rest, Running, emulator, score


def _alive(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False


def _scorer(running: Running) -> int:
    (deployment,) = running.control("GET", "resources")["deployments"]
    assert _alive(deployment["pid"])
    return int(deployment["pid"])


def test_state_and_serving_survive_a_kill_and_no_scoring_process_does(
    azurite: Azurite, model_path: str, tmp_path: Path
) -> None:
    with emulator(tmp_path, azurite.connection_string) as first:
        rest = Rest(first.url, "ws")
        rest.serve("kept/blue", rest.register("tree", model_path))
        key, before = rest.key("kept"), rest.send("GET", "onlineEndpoints/kept").json()
        scorer = _scorer(first)
        begun = rest.put_endpoint("begun")
        operation = begun.headers["Azure-AsyncOperation"].removeprefix(first.url)
        first.process.kill()
        first.process.wait(20)
        processes.wait_until(lambda: not _alive(scorer), seconds=60, what="the end of the scorer")
    with emulator(tmp_path, azurite.connection_string) as second:
        rest = Rest(second.url, "ws")
        after = rest.send("GET", "onlineEndpoints/kept").json()
        assert after["systemData"] == before["systemData"]
        assert after["properties"]["traffic"] == {"blue": 100}
        assert rest.key("kept") == key
        processes.wait_until(
            lambda: score(second.url, "kept", key).status_code == 200, seconds=60, what="scoring"
        )
        processes.wait_until(
            lambda: rest.send("GET", operation).json()["status"] == "Succeeded",
            seconds=60,
            what="the operation begun before",
        )
        scorer = _scorer(second)
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(20) == 0
        assert not _alive(scorer)


def test_a_deployment_in_creation_is_finished_by_the_next_emulator(
    azurite: Azurite, model_path: str, tmp_path: Path
) -> None:
    options = ["--operation-seconds", "1"]
    with emulator(tmp_path, azurite.connection_string, *options) as first:
        rest = Rest(first.url, "ws")
        model = rest.register("tree", model_path)
        rest.wait(rest.put_endpoint("early"))
        assert rest.put_deployment("early/blue", model).status_code == 201
        first.process.kill()
    with emulator(tmp_path, azurite.connection_string, *options) as second:
        rest = Rest(second.url, "ws")
        place = "onlineEndpoints/early/deployments/blue"
        processes.wait_until(
            lambda: (
                rest.send("GET", place).json()["properties"]["provisioningState"] == "Succeeded"
            ),
            seconds=60,
            what="the deployment",
        )
        header = {"azureml-model-deployment": "blue"}
        assert score(second.url, "early", rest.key("early"), **header).json() == [0, 1]


def test_a_state_directory_has_one_emulator(
    azurite: Azurite, model_path: str, tmp_path: Path
) -> None:
    assert model_path
    with (
        emulator(tmp_path, azurite.connection_string),
        pytest.raises(AssertionError, match="in use by another emulator"),
        emulator(tmp_path, azurite.connection_string),
    ):
        pass


def test_light_serving_scores_many_deployments_in_one_process(
    azurite: Azurite, model_path: str, actor_path: str, tmp_path: Path
) -> None:
    options = ["--serving", "light", "--operation-seconds", "0", "--cores", "10000"]
    options += ["--resident-models", "1", "--endpoints", "60", "--deployments-per-endpoint", "1"]
    with emulator(tmp_path, azurite.connection_string, *options) as light:
        rest = Rest(light.url, "ws")
        models = [rest.register("tree", model_path), rest.register("actor", actor_path)]
        for number in range(60):
            rest.serve(f"many-{number}/blue", models[number % 2])
        for number in (0, 1, 2, 59):
            status = score(light.url, f"many-{number}", rest.key(f"many-{number}")).status_code
            assert status == (424 if number % 2 else 200)
        assert rest.put_endpoint("many-60").status_code == 400
        assert rest.put_deployment("many-0/green", models[0]).status_code == 400
        pids = {held["pid"] for held in light.control("GET", "resources")["deployments"]}
        assert len(pids) == 1
        assert os.getpgid(pids.pop()) != os.getpgid(light.process.pid)
