"""What storage takes, checked before anything is sent.

The real services refuse what is beyond these limits; Azurite lets some of it through or answers
with nonsense (a transaction of 101 rows). `shared.adapters` checks here in both its twins, so a
test on memory meets the refusal that production would. Figures are Microsoft's documented limits
of Table, Queue and Blob Storage. Every check raises ValueError: what is refused is our own mistake.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from shared.domain.codec import Value

MAX_OPERATIONS = 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_ROW_BYTES = 1024 * 1024
MAX_PROPERTIES = 252  # 255 with partition, key and timestamp
MAX_TEXT_UNITS = 32 * 1024
MAX_KEY_BYTES = 1024
MAX_MESSAGE_BYTES = 48 * 1024  # 64 KiB as base64
MAX_DELAY_SECONDS = 7 * 24 * 3600 - 1  # below the seven days that a message lives
MAX_BLOB_KEY = 1024
BLOB_KEY_RULE = (
    "a path of 1024 letters, without \\ ? # %, an empty part, or one that ends with a dot"
)
MAX_SOURCE_FILES = 1000

_ENVELOPE_BYTES = 1024  # headers of one operation within a transaction
_MOST_GROWTH = 3  # of a row as sent: JSON may write six bytes for a character that takes two
_INT64 = range(-(2**63), 2**63)
_QUEUE = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")  # containers alike
_ETAG = re.compile(r"[\x21-\x7e]+")
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_REFUSED_IN_KEYS = re.compile(r"[/\\#?%'\x00-\x1f\x7f-\x9f]")
_REFUSED_IN_BLOB_KEYS = re.compile(r"[\\?#%\x00-\x1f\x7f-\x9f]")
_OWN_NAMES = frozenset({"PartitionKey", "RowKey", "Timestamp"})


def check_table(name: str) -> None:
    """A table's name: 3 to 63 letters and digits, a letter first."""
    if not _TABLE.fullmatch(name):
        raise ValueError(f"a table cannot be named {name!r}: 3-63 letters and digits")


def check_queue(name: str) -> None:
    """A queue's or a container's name: 3 to 63 small letters, digits and single dashes."""
    if not _QUEUE.fullmatch(name):
        raise ValueError(f"a queue or container cannot be named {name!r}: 3-63 of a-z, 0-9, -")


def check_operations(rows: Sequence[tuple[str, str]]) -> None:
    """The (partition, key) of each operation of a transaction: few, of one partition, each once."""
    if not 1 <= len(rows) <= MAX_OPERATIONS:
        raise ValueError(f"a transaction has 1 to {MAX_OPERATIONS} operations, not {len(rows)}")
    if len({partition for partition, _ in rows}) > 1:
        raise ValueError("all rows of a transaction are of one partition")
    if len(set(rows)) < len(rows):
        raise ValueError("a transaction has each row only once")


def check_payload(rows: Sequence[Mapping[str, Value]], size: int) -> None:
    """The properties of all rows that one transaction writes: 4 MiB as sent.

    `size` is what the rows take in the table; most are so small that they need not be rendered.
    """
    envelopes = len(rows) * _ENVELOPE_BYTES
    if _MOST_GROWTH * size + envelopes <= MAX_TRANSACTION_BYTES:
        return
    sent = sum(len(json.dumps(values)) for values in rows) + envelopes
    if sent > MAX_TRANSACTION_BYTES:
        raise ValueError(f"a transaction of {sent} bytes; the limit is {MAX_TRANSACTION_BYTES}")


def check_key(key: str) -> None:
    r"""A partition or row key: 1 KiB without / \ # ? and control characters.

    `%` and `'` are refused too: the service takes them and some of its clients cannot send them.
    """
    if not key or _utf16_bytes(key) > MAX_KEY_BYTES or _REFUSED_IN_KEYS.search(key):
        raise ValueError(f"{key[:80]!r} cannot be a key of a row: 1 KiB, none of / \\ # ? % '")


def check_etag(etag: str) -> None:
    """The version that a change is for: a text that can stand in a header, never empty."""
    if not _ETAG.fullmatch(etag):
        raise ValueError(f"{etag!r} names no version of a row: read the row before changing it")


def check_row(partition: str, key: str, values: Mapping[str, Value]) -> int:
    """A row to be written: its keys, the names and values of its properties. The answer is its bytes."""
    check_key(partition)
    check_key(key)
    if len(values) > MAX_PROPERTIES:
        raise ValueError(f"{len(values)} properties in a row; the limit is {MAX_PROPERTIES}")
    size = 4 + _utf16_bytes(partition) + _utf16_bytes(key)
    for name, value in values.items():
        size += _name_bytes(name) + _value_bytes(name, value)
    if size > MAX_ROW_BYTES:
        raise ValueError(f"a row of {size} bytes; the limit is {MAX_ROW_BYTES}: use a blob")
    return size


def check_message(text: str, delay: int) -> None:
    """A queue message: 48 KiB in UTF-8, and a delay in seconds shorter than its life."""
    size = len(text.encode())
    if size > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {size} bytes; the limit is {MAX_MESSAGE_BYTES}")
    if not 0 <= delay <= MAX_DELAY_SECONDS:
        raise ValueError(f"a message delayed by {delay} s; 0 to {MAX_DELAY_SECONDS} is possible")


def check_blob_key(key: str) -> None:
    """A blob's key: a path that no client along the way rewrites."""
    parts = key.split("/")
    if (
        len(key) > MAX_BLOB_KEY
        or _REFUSED_IN_BLOB_KEYS.search(key)
        or any(part in {"", ".", ".."} or part.endswith(".") for part in parts)
    ):
        raise ValueError(f"{key[:80]!r} cannot be the key of a blob: {BLOB_KEY_RULE}")


@lru_cache(maxsize=1024)
def _name_bytes(name: str) -> int:
    """What a property takes beside its value; there are few names, in very many rows."""
    if not name.isidentifier() or len(name) > 255 or name in _OWN_NAMES:
        raise ValueError(f"a property cannot be named {name[:80]!r}")
    return 8 + _utf16_bytes(name)


def _value_bytes(name: str, value: Value) -> int:
    """What a value takes of the row, as Microsoft counts it."""
    kind = type(value)  # exactly: an enum would come back as a plain string
    if isinstance(value, str) and kind is str:
        size = _utf16_bytes(value)
        if size > 2 * MAX_TEXT_UNITS:
            raise ValueError(
                f"{name}: {size // 2} characters; the limit is {MAX_TEXT_UNITS}: use a blob"
            )
        return 4 + size
    if kind is bool:
        return 1
    if kind is float or (kind is int and value in _INT64):
        return 8
    raise ValueError(f"{name}: a property cannot hold {value!r} ({kind.__name__})")


def _utf16_bytes(text: str) -> int:
    return 2 * len(text) if text.isascii() else len(text.encode("utf-16-le"))
