"""Models and endpoints of `CloudView` and `CloudControl`: what the service may rely on."""

import pytest

from shared.domain.errors import CloudError, Trouble
from tests.contracts.clouds import (
    TAGS,
    Cloud,
    create_endpoint,
    new_model,
    refusal,
    serve,
    settled_endpoint,
)
from tests.contracts.emulated import BROKEN_PATH


def test_what_is_not_there_is_none_and_its_removal_is_done(cloud: Cloud, endpoint: str) -> None:
    assert cloud.view.find_model("none", "1") is None
    assert cloud.view.find_endpoint(endpoint) is None
    assert cloud.view.find_deployment(endpoint, "blue") is None
    assert cloud.view.list_deployments(endpoint) == []
    cloud.view.remove_model("none", "1")
    cloud.control.remove_deployment(endpoint, "blue")
    cloud.control.remove_endpoint(endpoint)
    create_endpoint(cloud, endpoint)
    assert cloud.view.find_deployment(endpoint, "blue") is None
    cloud.control.remove_deployment(endpoint, "blue")


def test_keys_and_logs_of_what_is_not_there_are_refused_as_not_found(
    cloud: Cloud, endpoint: str
) -> None:
    with pytest.raises(CloudError) as keys:
        cloud.view.read_keys(endpoint)
    with pytest.raises(CloudError) as no_endpoint:
        cloud.view.read_logs(endpoint, "blue", lines=5)
    create_endpoint(cloud, endpoint)
    with pytest.raises(CloudError) as no_deployment:
        cloud.view.read_logs(endpoint, "blue", lines=5)
    for caught in (keys, no_endpoint, no_deployment):
        assert refusal(caught) == (Trouble.PERMANENT, "not_found")


def test_a_model_is_registered_with_its_tags_and_can_be_removed(cloud: Cloud) -> None:
    cloud.control.register_model(new_model(tags={"longshore-digest": "a"}))
    found = cloud.view.find_model("good", "1")
    assert found
    assert (found.name, found.version, found.tags) == ("good", "1", {"longshore-digest": "a"})
    assert cloud.view.find_model("good", "2") is None
    cloud.control.register_model(new_model(tags={"longshore-digest": "b"}))
    again = cloud.view.find_model("good", "1")
    assert again
    assert again.tags == {"longshore-digest": "b"}
    cloud.view.remove_model("good", "1")
    cloud.view.remove_model("good", "1")
    assert cloud.view.find_model("good", "1") is None


def test_a_model_without_files_and_one_with_another_path_are_refused(cloud: Cloud) -> None:
    with pytest.raises(CloudError) as missing:
        cloud.control.register_model(new_model(path="no/such"))
    assert refusal(missing) == (Trouble.PERMANENT, "ModelAssetPathNotFoundInStorage")
    cloud.control.register_model(new_model())
    with pytest.raises(CloudError) as moved:
        cloud.control.register_model(new_model(path=BROKEN_PATH))
    assert refusal(moved) == (Trouble.PERMANENT, "UserError")


def test_an_endpoint_shows_its_states_tags_and_addresses(cloud: Cloud, endpoint: str) -> None:
    with cloud.holding():
        cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={})
        creating = cloud.view.find_endpoint(endpoint)
        assert creating
        assert creating.state == "Creating"
        cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={})  # a repeated call is the same
    found = settled_endpoint(cloud, endpoint)
    assert (found.name, found.state, found.tags) == (endpoint, "Succeeded", TAGS)
    assert found.traffic == {}
    assert found.scoring_uri.endswith("/score")
    assert found.swagger_uri.endswith("/swagger.json")
    keys = cloud.view.read_keys(endpoint)
    assert keys.primary
    assert keys.primary != keys.secondary
    with cloud.holding():
        cloud.control.remove_endpoint(endpoint)
        cloud.control.remove_endpoint(endpoint)
        deleting = cloud.view.find_endpoint(endpoint)
        assert deleting
        assert deleting.state == "Deleting"
    cloud.until(lambda: cloud.view.find_endpoint(endpoint) is None)


def test_every_put_of_an_endpoint_replaces_tags_and_traffic(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue", "green")
    with cloud.holding():
        cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={"blue": 100, "green": 0})
        updating = cloud.view.find_endpoint(endpoint)
        assert updating
        assert (updating.state, updating.traffic) == ("Updating", {})
    assert settled_endpoint(cloud, endpoint).traffic == {"blue": 100}
    cloud.control.put_endpoint(endpoint, tags={"new": "1"}, traffic={"blue": 40, "green": 60})
    found = settled_endpoint(cloud, endpoint)
    assert (found.tags, found.traffic) == ({"new": "1"}, {"blue": 40, "green": 60})
    cloud.control.put_endpoint(endpoint, tags=TAGS, traffic={})
    assert settled_endpoint(cloud, endpoint).traffic == {}


@pytest.mark.parametrize("traffic", [{"blue": 50}, {"blue": 50, "none": 50}, {"blue": 101}])
def test_traffic_adds_up_and_goes_to_deployments_that_exist(
    cloud: Cloud, endpoint: str, traffic: dict[str, int]
) -> None:
    serve(cloud, endpoint, "blue")
    with pytest.raises(CloudError) as caught:
        cloud.control.put_endpoint(endpoint, tags=TAGS, traffic=traffic)
    assert refusal(caught)[0] is Trouble.PERMANENT
    assert settled_endpoint(cloud, endpoint).traffic == {}


@pytest.mark.parametrize("name", ["1st", "a_b", "ab", "a" * 33, "a--b", "ab-"])
def test_names_that_azure_does_not_allow_are_refused(cloud: Cloud, name: str) -> None:
    with pytest.raises(CloudError) as caught:
        cloud.control.put_endpoint(name, tags=TAGS, traffic={})
    assert refusal(caught)[0] is Trouble.PERMANENT


def test_names_are_the_same_in_any_case(cloud: Cloud, endpoint: str) -> None:
    serve(cloud, endpoint, "blue")
    found = cloud.view.find_endpoint(endpoint.upper())
    assert found
    assert found.name == endpoint
    assert cloud.view.find_deployment(endpoint, "BLUE")
