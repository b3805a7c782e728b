"""How the first bytes of formats without a magic number look. Used for every file, so nothing is imported here."""

_HIGHEST_FORMAT_VERSION = 63
_NAMES = (0x12, 0x1A, 0x22)  # producer's name and version, domain
_DOC, _GRAPH, _MODEL_VERSION = 0x32, 0x3A, 0x28
_PARTS = (0x42, 0x72)  # operator set, metadata
_BREAKS = b"\t\n\r"
_HEADER = 8
_MOST_HEADER = 100_000_000  # safetensors' own limit


def starts_onnx(head: bytes) -> bool:
    """Whether a file starts as ONNX's ModelProto is written: the format's version, then its other fields up to the graph."""
    if len(head) < 4 or head[0] != 0x08 or not 0 < head[1] <= _HIGHEST_FORMAT_VERSION:
        return False
    at = 2
    while at < len(head):
        tag = head[at]
        if tag == _GRAPH:
            return True
        value, at = _varint(head, at + 1)
        if tag == _MODEL_VERSION:
            continue
        text = head[at : at + value]
        if tag not in (*_NAMES, _DOC, *_PARTS) or (tag in _NAMES and not _is_line(text)):
            return False
        if tag == _DOC and not _is_line(text.translate(None, _BREAKS)):
            return False
        at += value
        if at >= len(head):
            return tag == _DOC
    return False


def starts_safetensors(head: bytes) -> bool:
    """Whether a file starts with the length of a JSON object, in eight bytes, and the object."""
    length = int.from_bytes(head[:_HEADER], "little")
    return (
        len(head) > _HEADER + 1
        and 2 <= length <= _MOST_HEADER
        and head[_HEADER:10] in (b'{"', b"{}")
    )


def starts_json(head: bytes) -> bool:
    """Whether a file starts as a JSON object."""
    return head[:1] == b"{" and head[1:].lstrip()[:1] in (b'"', b"}")


def starts_old_xgboost(head: bytes) -> bool:
    """Whether a file starts as XGBoost's binary form: a mark, or (before 1.1) its parameters, objective and booster."""
    if head.startswith((b"binf", b"bs64\t")):
        return True
    objective = int.from_bytes(head[136:144], "little")
    if not 0 < objective < 64:
        return False
    at = 144 + objective
    name = head[at + 8 : at + 8 + int.from_bytes(head[at : at + 8], "little")]
    return name in (b"gbtree", b"gblinear", b"dart")


def _varint(head: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(head) and shift < 64:
        value |= (head[at] & 0x7F) << shift
        at += 1
        if head[at - 1] < 0x80:
            break
        shift += 7
    return value, at


def _is_line(text: bytes) -> bool:
    return all(byte >= 0x20 and byte != 0x7F for byte in text)
