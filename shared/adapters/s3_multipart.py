"""Large objects of S3 in parts: sent or copied, then completed only if nothing is there. Used by `s3_blobs`.

What fails is aborted, so that no parts are left to pay for; those of a killed process are for a
lifecycle rule of the bucket.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, BinaryIO

from shared.adapters.s3_errors import translated
from shared.domain.errors import Exists, StoreError, Unavailable

PART_BYTES = 8 * 1024 * 1024
"""Sent at once; a smaller content goes in one call."""
_MOST_PARTS = 10_000
_COPIED_AT_ONCE = 1024**3  # bytes
_MOST_COPIED = 5 * 1024**3  # in one call
_PARALLEL = 3

Target = tuple[Any, str, str]
"""Client, bucket and key."""
Part = Callable[[str, int], str]
"""Sends one part of an upload, by its id and the part's number; gives the part's etag."""


def send_in_parts(target: Target, content: BinaryIO, size: int, told: Mapping[str, str]) -> None:
    """Sends `size` bytes of a file with this metadata. Raises Exists, Conflicting, Unavailable.

    So many parts are in memory as are sent at a time, and one more.
    """
    key = target[2]
    at_once = max(PART_BYTES, -(-size // _MOST_PARTS))

    def parts() -> Iterator[Part]:
        left = size
        while left > 0:
            data = content.read(min(at_once, left))
            if not data:
                raise Unavailable(f"writing {key}: the file ended {left} bytes early")
            left -= len(data)
            yield _sender(target, data)

    _upload(target, parts(), told)


def copy_in_parts(
    target: Target, source: str, size: int, etag: str, told: Mapping[str, str]
) -> None:
    """Copies a version of another key of the bucket. Raises as `send_in_parts`, and Changed, Missing."""
    _upload(target, _copiers(target, source, size, etag), told)


def touch_object(target: Target, size: int, found: Mapping[str, Any]) -> None:
    """Copies a version of an object onto itself, with its metadata. Raises Changed, Missing, Unavailable."""
    client, bucket, key = target
    told, etag = found["Metadata"], str(found["ETag"])
    if size > _MOST_COPIED:
        _upload(target, _copiers(target, key, size, etag), told, anew=False)
        return
    with translated(f"touching {key}"):
        client.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": key},
            CopySourceIfMatch=etag,
            Metadata=told,
            MetadataDirective="REPLACE",  # without a change S3 refuses it
        )


def _copiers(target: Target, source: str, size: int, etag: str) -> Iterator[Part]:
    client, bucket, key = target

    def copier(first: int) -> Part:
        last = min(first + _COPIED_AT_ONCE, size) - 1

        def copy(upload: str, number: int) -> str:
            with translated(f"copying {source} to {key}"):
                done = client.upload_part_copy(
                    Bucket=bucket,
                    Key=key,
                    UploadId=upload,
                    PartNumber=number,
                    CopySource={"Bucket": bucket, "Key": source},
                    CopySourceIfMatch=etag,
                    CopySourceRange=f"bytes={first}-{last}",
                )
            return str(done["CopyPartResult"]["ETag"])

        return copy

    return (copier(first) for first in range(0, size, _COPIED_AT_ONCE))


def _sender(target: Target, data: bytes) -> Part:
    client, bucket, key = target

    def send(upload: str, number: int) -> str:
        with translated(f"writing part {number} of {key}"):
            done = client.upload_part(
                Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=data
            )
        return str(done["ETag"])

    return send


def _upload(
    target: Target, parts: Iterator[Part], told: Mapping[str, str], *, anew: bool = True
) -> None:
    """Sends the parts and completes the object; `anew`: only where nothing is."""
    client, bucket, key = target
    condition = {"IfNoneMatch": "*"} if anew else {}
    with translated(f"beginning {key}"):
        begun = client.create_multipart_upload(Bucket=bucket, Key=key, Metadata=dict(told))
    upload = str(begun["UploadId"])
    try:
        done = _send_all(parts, upload)
        with translated(f"completing {key}", condition=Exists):
            client.complete_multipart_upload(
                Bucket=bucket,
                Key=key,
                UploadId=upload,
                MultipartUpload={"Parts": done},
                **condition,
            )
    except BaseException:
        with suppress(StoreError), translated(f"giving up {key}"):
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        raise


def _send_all(parts: Iterator[Part], upload: str) -> list[dict[str, Any]]:
    """Sends some parts at a time, and takes the next one only then."""
    waiting: list[tuple[int, Future[str]]] = []
    done: list[dict[str, Any]] = []

    def take() -> None:
        number, sent = waiting.pop(0)
        done.append({"PartNumber": number, "ETag": sent.result()})

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for number, send in enumerate(parts, start=1):
            waiting.append((number, pool.submit(send, upload, number)))
            if len(waiting) == _PARALLEL:
                take()
        while waiting:
            take()
    return done
