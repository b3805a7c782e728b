"""The in-memory cloud's listings may be of a while ago, while a look at one thing is of now."""

from datetime import UTC, datetime, timedelta

from shared.adapters.memory_cloud import MemoryCloud
from shared.cloud_ports import NewModel

BEGAN = datetime(2026, 1, 9, tzinfo=UTC)
LAG = 60


class Watch:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now


def lagging() -> tuple[MemoryCloud, Watch]:
    watch = Watch()
    cloud = MemoryCloud(watch)
    cloud.lag_seconds = LAG
    return cloud, watch


def listed(cloud: MemoryCloud) -> tuple[list[str], list[str], list[str]]:
    endpoints = [each.name for each in cloud.list_endpoints()]
    versions = [each.version for each in cloud.list_versions("churn")]
    return endpoints, list(cloud.list_models()), versions


def test_listings_that_lag_show_later_what_came_and_what_went() -> None:
    cloud, watch = lagging()
    nothing: tuple[list[str], list[str], list[str]] = ([], [], [])
    all_of_it = (["shop"], ["churn"], ["1"])
    cloud.put_endpoint("shop", tags={}, traffic={})
    cloud.register_model(NewModel(name="churn", version="1", path="p", description="", tags={}))
    assert cloud.find_endpoint("shop")
    assert cloud.find_model("churn", "1")
    assert listed(cloud) == nothing

    watch.now += timedelta(seconds=LAG)
    assert listed(cloud) == all_of_it
    cloud.remove_endpoint("shop")
    cloud.remove_model("churn", "1")
    assert not cloud.find_endpoint("shop")
    assert not cloud.find_model("churn", "1")
    assert listed(cloud) == all_of_it

    watch.now += timedelta(seconds=LAG + 1)
    assert listed(cloud) == nothing
