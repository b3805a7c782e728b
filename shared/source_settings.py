"""The settings of stores: where artifacts are kept, and where models may be taken from.

A part of `shared.settings.Settings`. What is not allowed here is not asked for at all.
"""

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from shared.domain.catalogue.sources import Allowed
from shared.domain.loopback import is_safe

_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?"
)


def _names(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def https_or_loopback(url: str) -> str:
    """An address that secrets may be sent to, or none, without a slash at its end. Raises ValueError."""
    if not url or is_safe(url):
        return url.rstrip("/")
    raise ValueError("must be https; plain http is for loopback addresses only")


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    lowered = tuple(name.lower() for name in names)
    if not all(_HOST.fullmatch(name) and not _is_address(name) for name in lowered):
        raise ValueError("must be names of hosts such as models.example.com, in ASCII")
    return lowered


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Address = Annotated[str, AfterValidator(https_or_loopback)]


class SourceSettings(BaseModel):
    """Stores of artifacts and sources of models."""

    artifact_store: Literal["blob", "s3"] = Field(
        "blob",
        description="Where artifacts are kept, contents and descriptions: `blob`, the container "
        "`CONTENT_CONTAINER`, or `s3`, the bucket `S3_BUCKET`. Packages and logs stay in the container.",
    )
    s3_bucket: str = Field(
        "",
        description="Bucket of the artifacts, created on first use. Credentials are found by boto3's own chain.",
    )
    s3_endpoint_url: Address = Field(
        "", description="Where S3 is, if it is not Amazon's. Plain http on loopback only."
    )
    s3_region: str = Field("us-east-1", min_length=1, description="Region of the S3 buckets.")
    direct_upload_limit: int = Field(
        16 * 1024**3,
        ge=1024,
        le=5 * 1024**4,
        description="Bytes of the largest file uploaded straight to storage or taken from a source. The "
        "worker needs as much room in its temporary folder.",
    )
    upload_link_seconds: int = Field(
        3600,
        ge=60,
        le=21600,
        description="Seconds in which a file is uploaded straight to storage and confirmed.",
    )
    source_containers: Names = Field(
        (),
        description="Blob containers of our own storage account that models may be taken from, by comma.",
    )
    source_buckets: Names = Field(
        (), description="S3 buckets that models may be taken from, by comma."
    )
    allowed_hosts: Annotated[Names, AfterValidator(_hosts)] = Field(
        (),
        description="Hosts that models may be taken from by https, by comma; exact names, on port 443. "
        "Empty: none.",
    )
    mlflow_tracking_uri: Address = Field(
        "",
        description="The MLflow tracking server of `runs:/` and `models:/` sources. Its credentials are "
        "MLflow's own variables (secret).",
    )
    azurewebjobsstorage: str = Field(
        "",
        repr=False,
        description="Connection string of the storage account (secret). Either it or the next.",
    )
    azurewebjobsstorage__accountname: str = Field(
        "", description="Name of the storage account, where the managed identity is used instead."
    )

    @property
    def sources(self) -> Allowed:
        """What a source may be."""
        return Allowed(
            account_url=self._account_url(),
            containers=self.source_containers,
            buckets=self.source_buckets,
            hosts=self.allowed_hosts,
            tracking=bool(self.mlflow_tracking_uri),
        )

    def _account_url(self) -> str:
        """The address of our own blobs; empty where the connection string tells none."""
        name = self.azurewebjobsstorage__accountname
        if name:
            return f"https://{name}.blob.core.windows.net"
        pairs = (part.partition("=") for part in self.azurewebjobsstorage.split(";"))
        told = {key.strip().lower(): value.strip() for key, _, value in pairs}
        if endpoint := told.get("blobendpoint"):
            return endpoint.rstrip("/")
        suffix = told.get("endpointsuffix", "core.windows.net")
        return f"https://{told['accountname']}.blob.{suffix}" if "accountname" in told else ""
