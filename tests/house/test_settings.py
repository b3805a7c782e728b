"""Settings: every problem at once, no secret in any message, and documented as they are."""

import json
import logging
import re
import traceback
from pathlib import Path
from typing import Any

import pytest

from local import app_settings
from shared import wiring
from shared.adapters.model_reader import ProcessModelReader
from shared.reconcile_settings import grace_of
from shared.settings import Settings, SettingsError, setting_name
from shared.telemetry import Happened, tell

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "settings.md").read_text()
SECRET = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;"
GOOD = {
    "AUTH_MODE": "local",
    "AzureWebJobsStorage": SECRET,
    "AZURE_SUBSCRIPTION_ID": "s",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZURE_ML_WORKSPACE": "ws",
}


def wrong(**changed: str) -> dict[str, str]:
    """The problems of good settings with these changed, by name."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(GOOD | changed)
    return {each.name: each.problem for each in caught.value.problems}


def test_good_settings_are_read_whatever_else_the_environment_holds() -> None:
    settings = Settings.from_env(
        GOOD | {"PATH": "/bin", "OPERATORS": "ann, bob,", "azure_ml_url": ""}
    )

    assert settings.operators == ("ann", "bob")
    assert settings.producer_users == ()
    assert settings.azure_ml_url == "https://management.azure.com"
    assert settings.cloud_timeout == settings.lease_seconds / 3


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(
            {"UPLOAD_LIMIT": "much", "LEASE_SECONDS": "0", "AZURE_ML_URL": "http://a"}
        )

    names = [each.name for each in caught.value.problems]
    assert sorted(names) == [
        "AUTH_MODE",
        "AZURE_ML_URL",
        "AZURE_ML_WORKSPACE",
        "AZURE_RESOURCE_GROUP",
        "AZURE_SUBSCRIPTION_ID",
        "AzureWebJobsStorage",
        "LEASE_SECONDS",
        "UPLOAD_LIMIT",
    ]
    assert all(name in str(caught.value) for name in names)
    assert str(caught.value).startswith("8 setting(s) are missing or wrong:")


def test_sign_in_has_no_default() -> None:
    assert wrong(AUTH_MODE="") == {"AUTH_MODE": "is not set, and has no default"}


@pytest.mark.parametrize("mode", ["jwt", "easyauth"])
def test_sign_in_that_is_not_built_yet_stops_with_the_reason(mode: str) -> None:
    assert wrong(AUTH_MODE=mode) == {
        "AUTH_MODE": f"'{mode}' is not built yet: this version knows 'local' only"
    }


def test_local_sign_in_does_not_run_in_azure() -> None:
    assert wrong(WEBSITE_INSTANCE_ID="abc") == {
        "AUTH_MODE": "'local' trusts every caller, so it does not run in Azure"
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_ML_URL", "http://example.com"),
        ("AZURE_ML_URL", "http://127.0.0.1.example.com"),
        ("AZURE_ML_URL", "ftp://127.0.0.1"),
        ("UPLOAD_LIMIT", "100000001"),
        ("LEASE_SECONDS", "nan"),
        ("CLOUD_TIMEOUT_SECONDS", "21"),
        ("DEFAULT_PYTHON", "2.7"),
        ("REHINT_AFTER_SECONDS", "-1"),
        ("S3_ENDPOINT_URL", "http://s3.example.com"),
        ("MLFLOW_TRACKING_URI", "http://mlflow.example.com"),
        ("DIRECT_UPLOAD_LIMIT", "0"),
        ("UPLOAD_LINK_SECONDS", "86400"),
        ("ALLOWED_HOSTS", "10.0.0.1"),
        ("ALLOWED_HOSTS", "localhost"),
        ("ALLOWED_HOSTS", "models.example.com,https://example.com"),
        ("ALLOWED_HOSTS", "m\u00f6dels.example.com"),
        ("SOURCE_CONTAINERS", "models, longshore"),
        ("INSTANCE_PRICES", "Standard_DS1_v2"),
        ("INSTANCE_PRICES", "Standard_DS1_v2=0"),
        ("INSTANCE_PRICES", "Standard_DS1_v2=-0.1"),
        ("INSTANCE_PRICES", "Standard_DS1_v2=nan"),
        ("INSTANCE_PRICES", "Standard_DS1_v2=1001"),
        ("INSTANCE_PRICES", "small=0.1"),
        ("INSTANCE_PRICES", "DS1_v2=0.1,Standard_DS1_v2=0.2"),
        ("INSTANCE_PRICES", ",".join(f"Standard_D{each}=1" for each in range(201))),
    ],
)
def test_a_value_out_of_bounds_is_refused(name: str, value: str) -> None:
    assert list(wrong(**{name: value})) == [name]


def test_prices_are_read_by_size_and_a_wrong_one_is_told_with_what_is_expected() -> None:
    given = {"INSTANCE_PRICES": " Standard_DS1_v2 = 0.08, NC6s_v3=3.06, "}
    prices = Settings.from_env(GOOD | given).policy.prices

    assert prices.find("Standard_DS1_v2") == 0.08
    assert prices.find("Standard_NC6s_v3") == 3.06
    assert prices.find("Standard_DS2_v2") == 0.146  # as in Longshore's own table
    told = wrong(INSTANCE_PRICES="Standard_DS1_v2=secret")["INSTANCE_PRICES"]
    assert told.startswith(
        "must be sizes and what one instance costs an hour, from 0.0001 to 1000 USD"
    )
    assert "secret" not in told


def test_artifacts_in_s3_need_a_bucket_that_is_no_source() -> None:
    assert list(wrong(ARTIFACT_STORE="s3")) == ["S3_BUCKET"]
    stored = {"ARTIFACT_STORE": "s3", "S3_BUCKET": "ours"}
    assert list(wrong(**stored, SOURCE_BUCKETS="theirs,ours")) == ["SOURCE_BUCKETS"]
    assert Settings.from_env(GOOD | stored).s3_bucket == "ours"


@pytest.mark.parametrize(
    "other", [{"AzureWebJobsStorage": ""}, {"AzureWebJobsStorage__accountName": "a"}]
)
def test_storage_is_named_in_one_way(other: dict[str, str]) -> None:
    assert list(wrong(**other)) == ["AzureWebJobsStorage"]


def test_no_secret_is_in_a_repr_a_message_or_a_traceback() -> None:
    assert "c2VjcmV0" not in repr(Settings.from_env(GOOD))
    assert "c2VjcmV0" not in str(Settings.from_env(GOOD))
    without = {name: value for name, value in GOOD.items() if name != "AUTH_MODE"}
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(without)
    assert "c2VjcmV0" not in "".join(traceback.format_exception(caught.value))


def rows() -> dict[str, list[str]]:
    """The lines of the document's tables, by the setting they begin with."""
    found = re.findall(r"^\| `(\w+)` \|(.*)\|$", DOCS, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in found}


def documented(field: Any) -> list[str]:
    """The cells that a field has to have: its default, its bounds, and what it is."""
    if field.is_required():
        default = "required"
    elif field.default in ("", (), None):
        default = "none"
    else:
        default = (
            f"`{field.default:.15g}`" if isinstance(field.default, float) else f"`{field.default}`"
        )
    return [default, bounds(field), field.description]


def bounds(field: Any) -> str:
    """What a number has to be, in words; nothing for what has no bounds."""
    said = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}"}
    told = [
        said[name].format(f"{value:.15g}")
        for limit in field.metadata
        for name in said
        if (value := getattr(limit, name, None)) is not None
    ]
    return ", ".join(told)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    cells = documented(Settings.model_fields[name])

    assert rows()[setting_name(name)] == cells, f"| `{setting_name(name)}` | {' | '.join(cells)} |"


def test_nothing_is_documented_that_is_no_setting() -> None:
    triggers = "".join(path.read_text() for path in ROOT.glob("functions/*/trigger.py"))
    by_the_host = set(re.findall(r"%(\w+)%", triggers))
    by_the_platform = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}

    known = {setting_name(name) for name in Settings.model_fields}
    assert set(rows()) == known | by_the_host | by_the_platform


def test_the_local_cloud_sets_nothing_that_is_no_setting() -> None:
    given = app_settings.app_env(storage="s", azure_ml="http://127.0.0.1:1", settings={})

    assert set(given) - set(app_settings.process_env()) <= set(rows())


def test_a_log_line_is_one_line_with_its_name_and_its_deployment(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        tell(Happened.STEP_TROUBLE, "20260101000000000000", reason="a\nb c")

    [record] = caplog.records
    assert record.getMessage() == ('step_trouble deployment=20260101000000000000 reason="a\\nb c"')
    assert json.dumps(record.__dict__["fields"]) == '{"reason": "a\\nb c"}'
    assert record.levelno == logging.WARNING


def test_an_app_whose_machine_lacks_a_demanded_wall_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings.from_env(GOOD | {"SANDBOX_MIN": "landlock,seccomp"})
    wiring.model_reader(settings)
    monkeypatch.setattr(ProcessModelReader, "layers", lambda _: ("landlock",))

    with pytest.raises(SettingsError, match=r"SANDBOX_MIN: this machine.*: seccomp"):
        wiring.model_reader(settings)

    assert "knows 'landlock' and 'seccomp' only" in wrong(SANDBOX_MIN="jail")["SANDBOX_MIN"]


def test_what_costs_money_is_left_alone_for_longer_than_a_deployment_may_take() -> None:
    assert grace_of(600) == 2 * 3600
    assert grace_of(5 * 3600) > 5 * 3600
