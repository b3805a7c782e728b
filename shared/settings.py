"""Settings: read once from the environment, frozen, and complaining about everything at once; see `docs/settings.md`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError

from shared.domain.errors import LongshoreError
from shared.domain.policy import Policy
from shared.domain.prices import PriceList, parse_prices
from shared.domain.requests import in_plain_words
from shared.reconcile_settings import ReconcileSettings
from shared.source_settings import Address, Names, SourceSettings

_SPELLED = {
    "azurewebjobsstorage": "AzureWebJobsStorage",
    "azurewebjobsstorage__accountname": "AzureWebJobsStorage__accountName",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A setting by its name, and what is expected of it; never its value."""

    name: str
    problem: str


class SettingsError(LongshoreError):
    """Settings are missing or wrong; the message lists each with what is expected."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        listed = "\n".join(f"  - {each.name}: {each.problem}" for each in problems)
        super().__init__(
            f"{len(problems)} setting(s) are missing or wrong:\n{listed}\n"
            "Set them in the function app's settings (locally: local.settings.json, or "
            "the environment of `make up`) and start again."
        )
        self.problems = tuple(problems)


def setting_name(field: str) -> str:
    """The environment variable of a field."""
    return _SPELLED.get(field, field.upper())


def _built(mode: object) -> object:
    if mode in ("jwt", "easyauth"):
        raise ValueError(f"'{mode}' is not built yet: this version knows 'local' only")
    return mode


def _known_layers(layers: tuple[str, ...]) -> tuple[str, ...]:
    if set(layers) <= {"landlock", "seccomp"}:
        return layers
    raise ValueError("knows 'landlock' and 'seccomp' only")


class Settings(SourceSettings, ReconcileSettings):
    """Every setting, by the name of its environment variable in lower case.

    Times are in seconds, sizes in bytes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    auth_mode: Annotated[Literal["local"], BeforeValidator(_built)] = Field(
        description="How callers are known. `local`: by `user_id` in the query, on a loopback host "
        "only. No default: nobody trusts every caller by mistake. `jwt` and `easyauth` are not "
        "built yet and are refused."
    )
    azure_subscription_id: str = Field(min_length=1, description="Subscription of the workspace.")
    azure_resource_group: str = Field(min_length=1, description="Resource group of the workspace.")
    azure_ml_workspace: str = Field(min_length=1, description="The Azure ML workspace.")
    azure_ml_url: Address = Field(
        "https://management.azure.com",
        min_length=1,
        description="Azure Resource Manager, or the emulator. Plain http on loopback only, since "
        "tokens travel there.",
    )
    azure_ml_datastore: str = Field(
        "workspaceblobstore",
        description="The workspace's datastore over `CONTENT_CONTAINER`: models are registered by "
        "their path in it, so nothing is uploaded twice.",
    )
    content_container: str = Field(
        "longshore", description="Blob container of model bytes, packages and logs."
    )
    operators: Names = Field((), description="Users who may do an operator's work, by comma.")
    producer_users: Names = Field(
        (),
        description="Users that messages on `deploy-requests` may name, by comma. Empty refuses "
        "all: who can write to the queue could act for anybody.",
    )
    upload_limit: int = Field(
        64 * 1024 * 1024,
        ge=1024,
        le=100_000_000,
        description="Bytes of the largest model uploaded over HTTP. The host hands a body over "
        "whole, so it is memory; it takes no more than 100 MB itself.",
    )
    lease_seconds: float = Field(
        60.0,
        ge=1,
        le=600,
        description="Seconds a turn holds a record. After a crash the work stands still so long.",
    )
    cloud_timeout_seconds: float | None = Field(
        None,
        gt=0,
        description="Seconds one cloud call may take. A third of the lease if not given, and no "
        "more, so that no call outlives the right to make it.",
    )
    deploy_deadline_seconds: float = Field(
        3600.0,
        ge=10,
        description="Seconds after which a deployment that is not ready has failed. Azure ML takes 8 to 20 minutes for one.",
    )
    rehint_after_seconds: float = Field(
        15.0,
        ge=0,
        description="Seconds that due work may be late before the sweep sends a new hint.",
    )
    max_unfinished_per_user: int = Field(
        100,
        ge=1,
        description="Deployments of one user that may be unfinished at a time, and uploads as many; beyond, "
        "new ones and retries are refused with 429. Deletions count and are never refused.",
    )
    deploys_per_minute_per_user: int = Field(
        120,
        ge=1,
        description="Deployments of one user that are begun in a minute, at each instance; ten begin "
        "at once. A minute's worth may wait; beyond, new ones are refused with 429.",
    )
    require_evaluation: bool = Field(
        False,
        description="Whether only models are deployed whose `evaluation` says `passed: true`.",
    )
    allow_reset: bool = Field(
        False,
        description="Whether operators may clear the whole catalogue (`POST /artifacts/reset`): in test "
        "environments only.",
    )
    default_python: str = Field(
        "3.10",
        pattern=r"^3\.(9|1[0-9])$",
        description="Python of the serving environment where the model file tells none.",
    )
    instance_prices: Annotated[tuple[tuple[str, float], ...], BeforeValidator(parse_prices)] = (
        Field(
            (),
            description="What one instance costs an hour, in USD, by its size and by comma "
            "(`Standard_DS1_v2=0.073,Standard_NC6s_v3=3.06`), in place of Longshore's own table and beside it.",
        )
    )
    sandbox_min: Annotated[Names, AfterValidator(_known_layers)] = Field(
        (),
        description="Walls of the kernel that must stand around the process that reads model files, by comma: "
        "`landlock`, `seccomp`. Without them the app does not start. Those that are there are used in any case.",
    )
    website_instance_id: str = Field(
        "", description="Set by Azure, never by hand: with it `AUTH_MODE=local` is refused."
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Reads the environment; an empty value is none. Raises SettingsError with every problem."""
        given = {name.lower(): value for name, value in env.items() if value != ""}
        problems = _contradictions(given)
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError([*_problems(error), *problems]) from None  # it holds the values
        if settings.cloud_timeout > settings.lease_seconds / 3:
            problems.append(Wrong("CLOUD_TIMEOUT_SECONDS", "at most a third of LEASE_SECONDS"))
        if problems:
            raise SettingsError(problems)
        return settings

    @property
    def cloud_timeout(self) -> float:
        """Bound of one cloud call, in seconds."""
        return self.cloud_timeout_seconds or self.lease_seconds / 3

    @property
    def policy(self) -> Policy:
        """The numbers that decisions use."""
        return Policy(
            lease=self.lease_seconds,
            cloud_timeout=self.cloud_timeout,
            deploy_deadline=self.deploy_deadline_seconds,
            rehint_after=self.rehint_after_seconds,
            upload_limit=self.upload_limit,
            direct_upload_limit=self.direct_upload_limit,
            upload_link=self.upload_link_seconds,
            datastore=self.azure_ml_datastore,
            sources=self.sources,
            max_unfinished=self.max_unfinished_per_user,
            deploys_per_minute=self.deploys_per_minute_per_user,
            require_evaluation=self.require_evaluation,
            allow_reset=self.allow_reset,
            default_python=self.default_python,
            reconcile_days=self.reconcile_days,
            sighting_gap=self.sighting_gap_seconds,
            paid_grace=self.paid_grace(self.deploy_deadline_seconds),
            trash_days=self.trash_days,
            event_days=self.event_days,
            reconcile_repairs=self.repairs,
            prices=PriceList(own=dict(self.instance_prices)),
            usage_days=self.usage_retention_days,
            idle_days=self.idle_days,
        )


def _contradictions(given: Mapping[str, str]) -> list[Wrong]:
    """Settings that do not go together, whatever else is wrong."""
    problems = []
    if bool(given.get("azurewebjobsstorage")) == bool(
        given.get("azurewebjobsstorage__accountname")
    ):
        problems.append(
            Wrong("AzureWebJobsStorage", "give either it or AzureWebJobsStorage__accountName")
        )
    if given.get("artifact_store") == "s3" and not given.get("s3_bucket"):
        problems.append(Wrong("S3_BUCKET", "is needed where ARTIFACT_STORE is s3"))
    for ours, sources in (
        (given.get("s3_bucket"), "source_buckets"),
        (given.get("content_container", "longshore"), "source_containers"),
    ):
        if ours in [each.strip() for each in given.get(sources, "").split(",")]:
            problems.append(Wrong(sources.upper(), f"must not name {ours}: it has everybody's"))
    if given.get("auth_mode") == "local" and given.get("website_instance_id"):
        problems.append(
            Wrong("AUTH_MODE", "'local' trusts every caller, so it does not run in Azure")
        )
    return problems


def _problems(error: ValidationError) -> list[Wrong]:
    return [
        Wrong(
            setting_name(str(each["loc"][0])),
            "is not set, and has no default"
            if each["type"] == "missing"
            else in_plain_words(each["msg"]),
        )
        for each in error.errors(include_url=False, include_input=False)
    ]
