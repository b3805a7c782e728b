from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.local.azure_ml.running import ROWS, Rest, Running, act, score

HEADER = "azureml-model-deployment"


def test_traffic_is_split_and_the_header_chooses(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    model = rest.register("actor", actor_path)
    rest.wait(rest.put_endpoint(name))
    for color in ("blue", "green"):
        rest.wait(
            rest.put_deployment(f"{name}/{color}", model, environmentVariables={"COLOR": color})
        )
    rest.wait(rest.put_endpoint(name, traffic={"blue": 70, "green": 30}))
    key = rest.key(name)
    answers = [act(shared.url, name, key, "env COLOR") for _ in range(60)]
    counts = Counter(answer.json()[0] for answer in answers)
    assert counts["blue"] > counts["green"] > 0
    assert all(answer.headers[HEADER] == answer.json()[0] for answer in answers)
    chosen = act(shared.url, name, key, "env COLOR", **{HEADER: "green"})
    assert chosen.json() == ["green"]
    assert score(shared.url, name, key, **{HEADER: "red"}).status_code == 404


def test_without_traffic_or_key_nothing_is_scored(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    rest.wait(rest.put_endpoint(name))
    rest.wait(rest.put_deployment(f"{name}/blue", rest.register("tree", model_path)))
    nobody = score(shared.url, name, rest.key(name))
    assert (nobody.status_code, "positive weight" in nobody.text) == (404, True)
    assert score(shared.url, name, "wrong").status_code == 401
    assert score(shared.url, "no-such-endpoint", "wrong").status_code == 404


def test_input_needs_columns_index_and_data(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    key = rest.key(name)
    assert score(shared.url, name, key, {"input_data": ROWS}).json() == [0, 1]
    assert score(shared.url, name, key, {"input_data": [[9.0, 9.0]]}).json() == [1]
    without_index = {key: ROWS[key] for key in ("columns", "data")}
    wrong: list[Any] = [{"input_data": without_index}, {"input_data": {}}, {"data": []}, [1]]
    for body in wrong:
        answer = score(shared.url, name, key, body)
        assert answer.status_code == 424, (body, answer.text)
        assert answer.headers["ms-azureml-model-error-statuscode"] in ("400", "500")


def test_a_slow_model_times_out_and_its_queue_overflows(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    limits = {"requestTimeout": "PT1S", "maxQueueWait": "PT0.05S"}
    rest.serve(f"{name}/blue", rest.register("actor", actor_path), requestSettings=limits)
    key = rest.key(name)
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(lambda _: act(shared.url, name, key, "sleep 5").status_code, range(2))
        assert sorted(both) == [408, 429]


def test_a_model_that_refuses_is_a_424_with_its_words(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("actor", actor_path))
    answer = act(shared.url, name, rest.key(name), "refuse too hot")
    assert (answer.status_code, "too hot" in answer.text) == (424, True)
    assert answer.headers["ms-azureml-model-error-statuscode"] == "500"


def test_the_swagger_address_describes_the_scoring_call(
    shared: Running, rest: Rest, name: str
) -> None:
    rest.wait(rest.put_endpoint(name))
    found = rest.send("GET", f"onlineEndpoints/{name}").json()["properties"]
    assert found["swaggerUri"].startswith(shared.url)
    described = httpx.get(found["swaggerUri"], trust_env=False).json()
    assert "/score" in described["paths"]


def test_instances_work_side_by_side(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("actor", actor_path), capacity=2)
    key = rest.key(name)
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(lambda _: act(shared.url, name, key, "sleep 0.6").status_code, range(2))
        assert list(both) == [200, 200]
