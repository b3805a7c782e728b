"""Whatever the length of what a user or Azure says: it is refused at the door, shortened, or kept in a blob."""

from typing import Any

import pytest

from shared.domain.errors import CloudError, InvalidRequest, Trouble
from shared.domain.records import Status
from shared.service import store
from shared.service.catalogue import content
from shared.service.store import RECORDS
from tests.service.promises import check_failed_clean, check_one_active
from tests.service.troubles import failure_of, for_a_while
from tests.service.world import World

CALLS = ["register_model", "put_endpoint", "put_deployment", "score"]
TEXTS = {
    "100 KB": "why " * 25_000,
    "100 KB beyond the BMP": "😀" * 25_000,
    "a character of a pair": "half \ud83d of a character" * 4_000,
    "control characters": "\x00\x01\x1b[31m\r\n" * 12_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("call", CALLS)
def test_a_failure_of_any_length_is_told_with_the_end_of_its_text(call: str, text: str) -> None:
    world = World(operation_seconds=5)
    record = world.deploy(world.upload())
    for_a_while(world, call, CloudError(Trouble.PERMANENT, text, text), 1e9)
    world.settle()
    check_failed_clean(world, record, "cloud_refused")
    told = failure_of(world, record)
    assert len(told.cloud) <= 4000
    assert len(told.cause) <= 2000


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("call", CALLS)
def test_trouble_of_any_length_passes(call: str, text: str) -> None:
    world = World(operation_seconds=5)
    for_a_while(world, call, CloudError(Trouble.TRANSIENT, text, text), 20)
    check_one_active(world, world.live())


def test_a_log_of_megabytes_is_kept_whole_and_not_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(operation_seconds=5)
    log = "a line, with half \ud83d of a character\n" * 200_000
    monkeypatch.setattr(world.cloud, "read_logs", lambda *_, **__: log)
    record = world.deploy(world.upload())
    for_a_while(world, "score", CloudError(Trouble.PERMANENT, "no", "no"), 1e9)
    world.settle()
    assert world.read(record).status is Status.FAILED
    with world.blobs.open(content.log_key(record.id, record.generation)) as file:
        assert file.read() == log.encode(errors="replace")


def test_the_longest_request_that_is_taken_is_deployed() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    variables = {f"{'V' * 120}{number:02d}": "x" * 200 for number in range(48)}
    record = world.deploy(model, description="ü" * 1000, environment_variables=variables)
    world.settle()
    check_one_active(world, record)
    assert world.read(record).environment_variables == variables


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "x" * 1001},
        {"environment_variables": {"A": "x" * 1025}},
        {"environment_variables": {f"A{number}": "x" * 1000 for number in range(20)}},
        {"environment_variables": {f"A{number}": "x" for number in range(51)}},
    ],
    ids=["description", "a value", "all values", "their number"],
)
def test_a_request_beyond_the_limits_is_refused_before_anything_is_written(
    fields: dict[str, Any],
) -> None:
    world = World()
    model = world.upload()
    before = [each.key for each in world.tables.scan(RECORDS, None)]
    with pytest.raises(InvalidRequest):
        world.deploy(model, **fields)
    assert [each.key for each in world.tables.scan(RECORDS, None)] == before
    assert list(world.tables.scan(store.INFLIGHT, None)) == []


def test_an_endpoint_with_all_the_members_it_may_have_fits_into_its_row() -> None:
    world = World(operation_seconds=0)
    world.cloud.cores = 1000
    model = world.upload()
    names = [f"m{'x' * 28}{number:02d}" for number in range(world.policy.max_members)]
    for name in names:
        world.deploy(model, endpoint_name="shop", deployment_name=name)
    world.settle()
    endpoint = world.endpoint("shop")
    assert endpoint is not None
    assert sorted(each.deployment_name for each in endpoint.members) == names
