"""Settings: read once from the environment, frozen, and complaining about everything at once."""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.domain.errors import LongshoreError
from shared.domain.policy import Policy

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(LongshoreError):
    """Settings are missing or wrong; the message lists each with what is expected."""


def _names(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def _https_or_loopback(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url.rstrip("/")
    raise ValueError("must be https; plain http is for loopback addresses only")


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Settings(BaseModel):
    """Every setting, by the name of its environment variable in lower case.

    Times are in seconds, sizes in bytes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    auth_mode: Literal["local"] = Field(
        description="How callers are known. `local`: by `user_id`, on a loopback host only."
    )
    azurewebjobsstorage: str = Field(
        "", repr=False, description="Connection string of the storage account."
    )
    azurewebjobsstorage__accountname: str = Field(
        "", description="The storage account, where the managed identity is used instead."
    )
    azure_subscription_id: str = Field(min_length=1, description="Subscription of the workspace.")
    azure_resource_group: str = Field(min_length=1, description="Resource group of the workspace.")
    azure_ml_workspace: str = Field(min_length=1, description="The Azure ML workspace.")
    azure_ml_url: Annotated[str, AfterValidator(_https_or_loopback)] = Field(
        "https://management.azure.com", description="Azure Resource Manager, or the emulator."
    )
    azure_ml_datastore: str = Field(
        "workspaceblobstore", description="Datastore over the container of the content."
    )
    content_container: str = Field(
        "longshore", description="Container of model bytes, packages and logs."
    )
    operators: Names = Field((), description="Users who may do an operator's work, by comma.")
    producer_users: Names = Field(
        (), description="Users that queue producers may name, by comma; empty refuses all."
    )
    upload_limit: int = Field(
        64 * 1024 * 1024, ge=1024, le=100_000_000, description="Largest upload over HTTP."
    )
    lease_seconds: float = Field(60.0, ge=1, le=600, description="How long a turn holds a record.")
    cloud_timeout_seconds: float | None = Field(
        None, gt=0, description="Bound of one cloud call; a third of the lease where not given."
    )
    deploy_deadline_seconds: float = Field(
        3600.0, ge=10, description="After this a deployment that is not ready has failed."
    )
    rehint_after_seconds: float = Field(
        15.0, ge=0, description="How late due work is before the sweep sends a new hint."
    )
    default_python: str = Field(
        "3.10",
        pattern=r"^3\.(9|1[0-9])$",
        description="Python of the serving environment where the model file tells none.",
    )
    website_instance_id: str = Field("", description="Set by Azure; `local` sign-in then refuses.")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Reads the environment. Raises SettingsError listing every problem."""
        given = {name.lower(): value for name, value in env.items() if value != ""}
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            found = [
                f"{str(each['loc'][0]).upper()}: {each['msg'].removeprefix('Value error, ')}"
                for each in error.errors(include_url=False, include_input=False)
            ]
            raise _wrong(found) from error
        problems = settings.contradictions()
        if problems:
            raise _wrong(problems)
        return settings

    def contradictions(self) -> list[str]:
        """Settings that are each right and do not go together."""
        problems = []
        if bool(self.azurewebjobsstorage) == bool(self.azurewebjobsstorage__accountname):
            problems.append("AzureWebJobsStorage: give it, or AzureWebJobsStorage__accountName")
        if self.website_instance_id:
            problems.append("AUTH_MODE: 'local' trusts every caller and does not run in Azure")
        if self.cloud_timeout > self.lease_seconds / 3:
            problems.append("CLOUD_TIMEOUT_SECONDS: at most a third of LEASE_SECONDS")
        return problems

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
        )


def _wrong(problems: list[str]) -> SettingsError:
    listed = "\n".join(f"  - {problem}" for problem in problems)
    return SettingsError(
        f"{len(problems)} setting(s) are missing or wrong:\n{listed}\n"
        "Set them in the function app's settings (locally: local.settings.json) and start again."
    )
