"""What a signed link says of itself: a SAS of Blob Storage, or a presigned request of S3."""

from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit


def ends_at(url: str) -> datetime:
    """When the link is over."""
    told = query(url)
    if "se" in told:
        return datetime.fromisoformat(told["se"])
    signed_at = datetime.strptime(told["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    return signed_at + timedelta(seconds=int(told["X-Amz-Expires"]))


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
