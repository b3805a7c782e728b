"""Deployments of `CloudView`, `CloudControl` and `Scorer`: what the service may rely on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.cloud_ports import KeyName
from shared.domain.errors import CloudError, Trouble
from tests.contracts.clouds import (
    ROWS,
    TAGS,
    Cloud,
    create_endpoint,
    new_deployment,
    new_model,
    refusal,
    serve,
    settled_deployment,
    settled_endpoint,
)
from tests.contracts.emulated import BROKEN_PATH


def test_a_deployment_shows_its_states_tags_and_log(cloud: Cloud, endpoint: str) -> None:
    cloud.control.register_model(new_model())
    create_endpoint(cloud, endpoint)
    wanted = new_deployment(endpoint)
    with cloud.holding():
        cloud.control.put_deployment(wanted)
        creating = cloud.view.find_deployment(endpoint, "blue")
        assert creating
        assert creating.state == "Creating"
        cloud.control.put_deployment(wanted)  # a repeated call is the same
    found = settled_deployment(cloud, endpoint)
    assert (found.name, found.endpoint_name) == ("blue", endpoint)
    assert (found.state, found.tags, found.error) == ("Succeeded", wanted.tags, "")
    assert cloud.view.list_deployments(endpoint) == [found]
    log = cloud.view.read_logs(endpoint, "blue", lines=100)
    assert log
    assert len(cloud.view.read_logs(endpoint, "blue", lines=1).splitlines()) <= 1
    with cloud.holding():
        cloud.control.remove_deployment(endpoint, "blue")
        cloud.control.remove_deployment(endpoint, "blue")
        deleting = cloud.view.find_deployment(endpoint, "blue")
        assert deleting
        assert deleting.state == "Deleting"
    cloud.until(lambda: cloud.view.find_deployment(endpoint, "blue") is None)


def test_a_list_of_deployments_goes_over_all_pages(cloud: Cloud, endpoint: str) -> None:
    names = ("one", "two", "three", "four", "five")
    serve(cloud, endpoint, *names)
    assert [held.name for held in cloud.view.list_deployments(endpoint)] == list(names)


def test_one_operation_at_a_time_runs_on_an_endpoint_and_below_it(
    cloud: Cloud, endpoint: str
) -> None:
    serve(cloud, endpoint, "blue")
    changes: list[Callable[[], None]] = [
        lambda: cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"blue": 100}),
        lambda: cloud.control.put_deployment(new_deployment(endpoint, "red")),
        lambda: cloud.control.put_deployment(new_deployment(endpoint, "green", tags={})),
        lambda: cloud.control.remove_deployment(endpoint, "blue"),
        lambda: cloud.control.remove_deployment(endpoint, "green"),
        lambda: cloud.control.remove_endpoint(endpoint),
    ]
    with cloud.holding():
        cloud.control.put_deployment(new_deployment(endpoint, "green"))
        for change in changes:
            with pytest.raises(CloudError) as caught:
                change()
            assert refusal(caught)[0] is Trouble.CONFLICT
    assert settled_deployment(cloud, endpoint, "green").state == "Succeeded"
    with cloud.holding():
        cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"blue": 100})
        with pytest.raises(CloudError) as updating:
            cloud.control.put_deployment(new_deployment(endpoint, "red"))
        assert refusal(updating)[0] is Trouble.CONFLICT
    assert settled_endpoint(cloud, endpoint).traffic == {"blue": 100}


def test_a_deployment_needs_its_endpoint_and_its_model(cloud: Cloud, endpoint: str) -> None:
    with pytest.raises(CloudError) as no_endpoint:
        cloud.control.put_deployment(new_deployment(endpoint))
    assert refusal(no_endpoint) == (Trouble.PERMANENT, "not_found")
    create_endpoint(cloud, endpoint)
    with pytest.raises(CloudError) as no_model:
        cloud.control.put_deployment(new_deployment(endpoint))
    assert refusal(no_model)[0] is Trouble.PERMANENT


def test_a_container_that_crashes_fails_its_deployment_and_leaves_its_log(
    cloud: Cloud, endpoint: str
) -> None:
    cloud.control.register_model(new_model("broken", BROKEN_PATH))
    create_endpoint(cloud, endpoint)
    cloud.control.put_deployment(new_deployment(endpoint, model_name="broken"))
    found = settled_deployment(cloud, endpoint)
    assert found.state == "Failed"
    assert found.error.startswith("ResourceNotReady: ")
    assert [held.error for held in cloud.view.list_deployments(endpoint)] == [""]
    assert "Traceback" in cloud.view.read_logs(endpoint, "blue", lines=100)
    assert {usage.used for usage in cloud.view.list_usages()} == {0}
    with pytest.raises(CloudError) as again:
        cloud.control.put_deployment(new_deployment(endpoint, model_name="broken"))
    assert refusal(again)[0] is Trouble.PERMANENT
    cloud.control.remove_deployment(endpoint, "blue")
    cloud.until(lambda: cloud.view.find_deployment(endpoint, "blue") is None)


@pytest.mark.parametrize("state", ["Failed", "Canceled", "Weird"])
def test_an_operation_that_does_not_succeed_shows_its_state_and_tells_why(
    cloud: Cloud, endpoint: str, state: str
) -> None:
    cloud.control.register_model(new_model())
    cloud.fail_next("Oops", "no endpoint today", state)
    cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={})
    assert settled_endpoint(cloud, endpoint).state == state
    create_endpoint(cloud, endpoint)
    cloud.fail_next("OutOfCapacity", "no machines", state)
    cloud.control.put_deployment(new_deployment(endpoint))
    ended = settled_deployment(cloud, endpoint)
    assert (ended.state, ended.error) == (state, "OutOfCapacity: no machines")
    cloud.control.remove_deployment(endpoint, "blue")
    cloud.until(lambda: cloud.view.find_deployment(endpoint, "blue") is None)


def test_a_change_of_traffic_that_fails_leaves_the_old_traffic(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue", "green")
    cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"blue": 100})
    assert settled_endpoint(cloud, endpoint).traffic == {"blue": 100}
    cloud.fail_next("InternalServerError", "sorry")
    cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"green": 100})
    failed = settled_endpoint(cloud, endpoint)
    assert (failed.state, failed.traffic) == ("Failed", {"blue": 100})
    key = cloud.view.read_keys(endpoint).primary
    answer = cloud.scorer.score(failed.scoring_uri, key=key, deployment_name="blue", payload=ROWS)
    assert answer.status == 200
    with pytest.raises(CloudError) as caught:
        cloud.control.put_deployment(new_deployment(endpoint, "red"))
    assert refusal(caught)[0] is Trouble.CONFLICT
    cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"green": 100})
    mended = settled_endpoint(cloud, endpoint)
    assert (mended.state, mended.traffic) == ("Succeeded", {"green": 100})


def test_a_rotation_that_fails_leaves_both_keys(cloud: Cloud, endpoint: str) -> None:
    create_endpoint(cloud, endpoint)
    before = cloud.view.read_keys(endpoint)
    cloud.fail_next("InternalServerError", "sorry")
    cloud.view.rotate_key(endpoint, "primary")
    cloud.until(lambda: _is_free(cloud, endpoint))
    assert cloud.view.read_keys(endpoint) == before
    assert settled_endpoint(cloud, endpoint).state == "Succeeded"


def _is_free(cloud: Cloud, endpoint: str) -> bool:
    """Whether the endpoint takes another change; asked by one that changes nothing."""
    try:
        cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={})
    except CloudError:
        return False
    return True


def test_a_deployment_beyond_the_quota_is_refused_with_the_numbers(
    cloud: Cloud, endpoint: str
) -> None:
    serve(cloud, endpoint, "blue")
    usages = {usage.name: usage for usage in cloud.view.list_usages()}
    assert (usages["standardDSv2Family"].used, usages["standardDSv2Family"].limit) == (2, 24)
    big = new_deployment(endpoint, "green", instance_type="Standard_DS4_v2", instance_count=2)
    with pytest.raises(CloudError) as caught:
        cloud.control.put_deployment(big)
    assert refusal(caught) == (Trouble.PERMANENT, "quota")
    assert "Not enough quota available for Standard_DS4_v2" in caught.value.message
    assert "Current usage/limit: 2/24. Additional needed: 24" in caught.value.message
    assert cloud.view.find_deployment(endpoint, "green") is None


@pytest.mark.parametrize("wrong", [{"instance_type": "Standard_None"}, {"instance_count": 51}])
def test_sizes_and_counts_that_azure_does_not_have_are_refused(
    cloud: Cloud, endpoint: str, wrong: dict[str, Any]
) -> None:
    serve(cloud, endpoint)
    with pytest.raises(CloudError) as caught:
        cloud.control.put_deployment(new_deployment(endpoint, **wrong))
    code = "size" if "instance_type" in wrong else "InferencingClientCreateDeploymentFailed"
    assert refusal(caught) == (Trouble.PERMANENT, code)


def test_what_is_used_cannot_be_removed_before_what_uses_it(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue")
    with pytest.raises(CloudError) as in_use:
        cloud.view.remove_model("good", "1")
    assert refusal(in_use)[0] is Trouble.CONFLICT
    cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"blue": 100})
    assert settled_endpoint(cloud, endpoint).traffic == {"blue": 100}
    with pytest.raises(CloudError) as has_traffic:
        cloud.control.remove_deployment(endpoint, "blue")
    assert refusal(has_traffic)[0] is Trouble.PERMANENT
    cloud.control.remove_endpoint(endpoint)
    cloud.until(lambda: cloud.view.find_endpoint(endpoint) is None)
    assert cloud.view.find_deployment(endpoint, "blue") is None
    assert {usage.used for usage in cloud.view.list_usages()} == {0}
    cloud.view.remove_model("good", "1")


def test_a_named_deployment_answers_before_it_has_traffic(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue")
    shown = settled_endpoint(cloud, endpoint)
    key = cloud.view.read_keys(endpoint).primary

    def score(key: str = key, name: str = "blue") -> tuple[int, str, str]:
        answer = cloud.scorer.score(shown.scoring_uri, key=key, deployment_name=name, payload=ROWS)
        return answer.status, answer.deployment_name, answer.text

    status, name, text = score()
    assert (status, name, json.loads(text)) == (200, "blue", [0, 0])
    assert score(key=cloud.view.read_keys(endpoint).secondary)[0] == 200
    assert score(key="wrong")[0] == 401
    assert score(name="green")[0] == 404


@pytest.mark.parametrize("which", ["primary", "secondary"])
def test_a_rotated_key_is_refused_from_then_on_and_the_other_goes_on(
    cloud: Cloud, endpoint: str, which: KeyName
) -> None:
    serve(cloud, endpoint, "blue")
    uri = settled_endpoint(cloud, endpoint).scoring_uri
    before = cloud.view.read_keys(endpoint)

    def status(key: str) -> int:
        return cloud.scorer.score(uri, key=key, deployment_name="blue", payload=ROWS).status

    with cloud.holding():
        cloud.view.rotate_key(endpoint, which)
        assert cloud.view.read_keys(endpoint) == before
        with pytest.raises(CloudError) as busy:
            cloud.view.rotate_key(endpoint, which)
        assert refusal(busy)[0] is Trouble.CONFLICT
    cloud.until(lambda: cloud.view.read_keys(endpoint) != before)
    after = cloud.view.read_keys(endpoint)
    other = "secondary" if which == "primary" else "primary"
    assert getattr(after, other) == getattr(before, other)
    assert status(getattr(before, which)) == 401
    assert status(getattr(after, which)) == status(getattr(after, other)) == 200
    assert settled_endpoint(cloud, endpoint).state == "Succeeded"


def test_the_keys_of_what_is_not_there_cannot_be_rotated(cloud: Cloud, endpoint: str) -> None:
    with pytest.raises(CloudError) as caught:
        cloud.view.rotate_key(endpoint, "primary")
    assert refusal(caught) == (Trouble.PERMANENT, "not_found")
