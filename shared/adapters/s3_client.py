"""How S3 is reached: one client, with credentials found by boto3's own chain and limits that fit a function.

boto3 takes a quarter of a second and 33 MB, so it is loaded with the first call. Used by `s3_blobs`.
"""

import functools
from dataclasses import dataclass
from typing import Any

from shared.adapters.storage_session import CONNECT_SECONDS, READ_SECONDS, RETRIES
from shared.domain.loopback import is_safe

_CONNECTIONS = 32


@dataclass(frozen=True)
class S3Account:
    """Where S3 is: a region, and an endpoint where it is not Amazon's. Raises ValueError for a plain one."""

    region: str
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuses an address that would carry contents in the clear."""
        if self.endpoint_url and not is_safe(self.endpoint_url):
            raise ValueError("S3_ENDPOINT_URL must be https, or a loopback address")

    @functools.cached_property
    def client(self) -> Any:
        """The client, safe to share; boto3 ships no types."""
        import boto3  # noqa: PLC0415 - see above
        from botocore.config import Config  # noqa: PLC0415 - see above

        config = Config(
            region_name=self.region,
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=_CONNECTIONS,
            retries={"total_max_attempts": 1 + RETRIES, "mode": "standard"},
            # a server that is not Amazon's may not know the newer checksums; content is under its own
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = boto3.session.Session()  # the one that boto3 keeps is not for threads
        return session.client("s3", endpoint_url=self.endpoint_url or None, config=config)
