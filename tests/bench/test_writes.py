"""The floor of `accept` and `cold_start` does what the service does, and not less."""

import pytest

from bench import writes

OTHER = "20310203040506000007"


@pytest.fixture(scope="module")
def template() -> str:
    return writes.record()


def test_the_floor_writes_to_every_table_and_sends_the_hint(template: str) -> None:
    filled = writes.fill(template, OTHER)
    assert {write["table"] for write in filled["writes"]} == set(writes.TABLES)
    transaction = filled["writes"][-1]
    assert [row["RowKey"][:2] for row in transaction["rows"]] == ["d-", "v-", "e-"]
    assert OTHER in filled["message"]


def test_no_two_acceptances_of_the_floor_touch_the_same_row(template: str) -> None:
    recorded = template[:20]
    places = [
        {
            (write["table"], row["PartitionKey"], row["RowKey"])
            for write in writes.fill(template, deployment_id)["writes"]
            for row in write["rows"]
        }
        for deployment_id in (recorded, OTHER)
    ]
    assert len(places[0]) == len(places[1]) == 6
    assert not places[0] & places[1]
