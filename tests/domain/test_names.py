"""Names: what Azure takes, and that everything generated is within it."""

import pytest
from hypothesis import given, strategies as st

from shared.domain import ids, names

MOMENTS = st.integers(0, 253_402_300_799_999_999)


@given(MOMENTS)
def test_generated_names_are_names_azure_takes(moment: int) -> None:
    deployment_id = ids.render_id(moment)
    assert names.is_cloud_name(names.generated_deployment_name(deployment_id))
    assert names.is_cloud_name(names.generated_endpoint_name(deployment_id))


@pytest.mark.parametrize("text", ["abc", "a1b", "My-Endpoint", "a" * 32, "a-b-c", "A-1"])
def test_names_of_azures_rule_are_taken(text: str) -> None:
    assert names.is_cloud_name(text)


@pytest.mark.parametrize(
    "text",
    ["", "ab", "a" * 33, "1abc", "-abc", "abc-", "a--b", "a_b", "a.b", "abc\n", "äbc", "a b"],
)
def test_other_names_are_not(text: str) -> None:
    assert not names.is_cloud_name(text)


@given(st.text(max_size=40))
def test_a_cloud_name_is_safe_in_a_row_key(text: str) -> None:
    if names.is_cloud_name(text):
        assert text.isascii()
        assert text.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("given_text", "azure"),
    [
        ("DS2_v2", "Standard_DS2_v2"),
        ("Standard_DS2_v2", "Standard_DS2_v2"),
        ("F4s_v2", "Standard_F4s_v2"),
        ("NC4as_T4_v3", "Standard_NC4as_T4_v3"),
    ],
)
def test_an_instance_type_may_leave_the_prefix_out(given_text: str, azure: str) -> None:
    assert names.parse_instance_type(given_text) == azure


@pytest.mark.parametrize("text", ["", "large", "Standard_", "DS2 v2", "Standard_DS2/v2", "2"])
def test_what_is_no_size_is_refused(text: str) -> None:
    assert names.parse_instance_type(text) is None


def test_registry_names_are_model_name_and_id_then_numbered() -> None:
    base = names.registry_name("churn", "20260101000000000001")
    assert base == "model_churn_20260101000000000001"
    assert names.registry_candidates(base) == (base, f"{base}_v2", f"{base}_v3")
