"""Deployments on the virtual clock: what is counted there is what the worker does."""

import logging

import pytest

from bench import virtual
from bench.turns import LOOK


@pytest.fixture(autouse=True)
def events_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "longshore")


def test_a_slow_cloud_costs_looks_and_the_first_deployment_teaches_the_next() -> None:
    first, second, third = virtual.deploy_often(3, spread=0)

    steps = [kind for kind in first.kinds if kind != LOOK]
    assert steps == ["prepare+register", "endpoint", "deployment+verify", "traffic+finish"]
    assert first.cloud == second.cloud == virtual.CLOUD_SECONDS
    assert first.seconds >= first.cloud
    assert len(third.kinds) <= len(second.kinds) < len(first.kinds)
