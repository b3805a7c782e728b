"""What may be asked for: everything wrong is said at once, and no secret gets in."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.domain import codec, limits, requests
from shared.domain.errors import InvalidRequest
from shared.domain.requests import TrafficRequest
from tests.domain import examples

MODEL = {"model_id": "model-1-1763490543100000"}


def problems(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        requests.parse_deploy_request({**MODEL, **fields})
    return {each["field"]: each["problem"] for each in refused.value.problems}


def test_what_is_left_out_has_the_documented_defaults() -> None:
    request = requests.parse_deploy_request(MODEL)
    assert request.instance_type == "Standard_DS1_v2"
    assert request.instance_count == 1
    assert request.endpoint_name is None
    assert request.deployment_name is None
    assert request.environment_variables == {}


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        model_id="",
        endpoint_name="-",
        deployment_name="a--b",
        instance_type="large",
        instance_count=0,
        description="x" * 1001,
        environment_variables={"PASSWORD": "x"},
        colour="red",
    )
    assert set(found) == {
        "model_id",
        "endpoint_name",
        "deployment_name",
        "instance_type",
        "instance_count",
        "description",
        "environment_variables",
        "colour",
    }


def test_all_wrong_variables_are_told_at_once() -> None:
    told = problems(environment_variables={"A-B": "1", "DB_PASSWORD": "2", "LONG": "x" * 2000})
    for name in ("A-B", "DB_PASSWORD", "LONG"):
        assert name in told["environment_variables"]


@pytest.mark.parametrize("count", [0, 11, "2", 1.0, True, None])
def test_an_instance_count_is_a_number_of_1_to_10(count: object) -> None:
    assert "instance_count" in problems(instance_count=count)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "x"),
        ("db_passwd", "x"),
        ("HF_TOKEN", "x"),
        ("token", "x"),
        ("OPENAI_API_KEY", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AzureWebJobsStorageConnectionString", "x"),
        ("URL", "https://a.blob.core.windows.net/x?sv=1&sig=abc"),
        ("STORAGE", "DefaultEndpointsProtocol=https;AccountKey=abc=="),
        ("CERT", "-----BEGIN PRIVATE KEY-----"),
        ("ID", "AKIAABCDEFGHIJKLMNOP"),
        ("JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"),
    ],
)
def test_what_looks_like_a_secret_is_refused_with_what_to_do(name: str, value: str) -> None:
    told = problems(environment_variables={name: value})["environment_variables"]
    assert "Key Vault" in told
    assert value not in told or value == "x"


@pytest.mark.parametrize(
    "name", ["TOKENIZERS_PARALLELISM", "MAX_TOKENS", "LOG_LEVEL", "OMP_NUM_THREADS", "KEYWORDS"]
)
def test_plain_settings_are_no_secrets(name: str) -> None:
    request = requests.parse_deploy_request({**MODEL, "environment_variables": {name: "4"}})
    assert request.environment_variables == {name: "4"}


@pytest.mark.parametrize("letter", ["x", "ä", "😀", '"', "\x01"])
def test_the_largest_request_that_is_taken_fits_into_a_row(letter: str) -> None:
    taken = 0
    for count in range(1, 51):
        variables = {f"V{n}": letter * 1000 for n in range(count)}
        data = {**MODEL, "environment_variables": variables, "description": letter * 1000}
        try:
            request = requests.parse_deploy_request(data)
        except InvalidRequest:
            break
        record = replace(
            examples.deployment(),
            description=request.description,
            deployment_config=request.model_dump(mode="json"),
            environment_variables=request.environment_variables,
        )
        limits.check_row("p", "k", codec.render_record(record))
        taken = count
    assert taken or letter != "x"


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_data_is_taken_or_refused_in_words(data: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requests.parse_deploy_request(data)
    assert refused.value.problems


def test_equal_requests_have_equal_fingerprints_whatever_their_order() -> None:
    one = requests.fingerprint("deploy", {"a": 1, "b": [1, 2]})
    assert one == requests.fingerprint("deploy", {"b": [1, 2], "a": 1})
    assert one != requests.fingerprint("deploy", {"a": 1, "b": [2, 1]})
    assert one != requests.fingerprint("retry", {"a": 1, "b": [1, 2]})


def wrong_traffic(traffic: Any, **others: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        requests.parse_model(TrafficRequest, {"traffic": traffic, **others})
    return {each["field"]: each["problem"] for each in refused.value.problems}


@pytest.mark.parametrize(
    "traffic", [{}, {"blue": 0}, {"blue": 100}, {"blue": 1, "green": 99, "red": 0}]
)
def test_traffic_is_whole_percents_that_sum_up_to_all_or_nothing(traffic: dict[str, int]) -> None:
    assert requests.parse_model(TrafficRequest, {"traffic": traffic}).traffic == traffic


@pytest.mark.parametrize("share", [-1, 101, 50.0, "50", True, None, 1e400])
def test_a_share_that_is_no_whole_percent_is_told_by_its_name(share: object) -> None:
    assert set(wrong_traffic({"blue": share, "green": 100})) == {"traffic.blue"}


def test_all_that_is_wrong_with_traffic_is_told_at_once() -> None:
    assert set(wrong_traffic({"blue": -1, "green": "x"}, other=1)) == {
        "traffic.blue",
        "traffic.green",
        "other",
    }
    problem = wrong_traffic({"a--b": 50, "blue": 20, "BLUE": 20})["traffic"]
    assert "'a--b'" in problem
    assert "twice" in problem
    assert "90" in problem


def test_no_more_deployments_can_be_named_than_an_endpoint_has() -> None:
    shares = {f"blue-{number}": 5 for number in range(20)}
    assert requests.parse_model(TrafficRequest, {"traffic": shares}).traffic == shares
    assert set(wrong_traffic(shares | {"green": 0})) == {"traffic"}


@pytest.mark.parametrize("traffic", [None, [], "blue", 100])
def test_traffic_that_is_no_object_is_told(traffic: object) -> None:
    assert set(wrong_traffic(traffic)) == {"traffic"}


def test_fingerprints_made_in_another_way_leave_it_to_the_key() -> None:
    one, other = requests.fingerprint("deploy", {}), requests.fingerprint("retry", {})
    assert requests.is_same_request(one, one)
    assert not requests.is_same_request(one, other)
    older = one.partition(":")[2]  # as version 0.1 made them
    assert requests.is_same_request(older, other)
    assert requests.is_same_request("0" + other, one)


def test_what_is_given_as_its_default_is_the_same_request() -> None:
    plain, explicit = (
        requests.parse_deploy_request(MODEL | more).model_dump(mode="json", exclude_defaults=True)
        for more in ({}, {"instance_count": 1, "instance_type": "DS1_v2", "description": " "})
    )
    assert plain == explicit == MODEL


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("model_id", 7, "must be a text"),
        ("instance_count", "2", "must be a whole number"),
        ("environment_variables", [1], "must be a JSON object"),
    ],
)
def test_a_value_of_another_kind_is_told_in_the_words_of_json(
    field: str, value: object, told: str
) -> None:
    assert problems(**{field: value})[field] == told
