"""How the text of a LightGBM model is laid out: lines of `name=value`, trees, parameters, and a line of JSON.

The form is told in LightGBM's source, `src/boosting/gbdt_model_text.cpp`.
"""

import re

from shared.domain.reading.limits import corrupt

_MOST_LINES = 1_000
TREE = b"Tree="
_HEADER_END = re.compile(rb"\n(?=Tree=|end of trees)")
CATEGORIES_LINE = b"\npandas_categorical:"
"""Written by the Python package, as the last line."""


def find_header_end(text: bytes) -> int:
    """Where the lines before the first tree end; -1 where the text does not reach so far."""
    found = _HEADER_END.search(text)
    return found.start() if found else -1


def parse_header(text: bytes) -> dict[str, str]:
    """The lines before the first tree. Raises UnreadableModel for far too many. Of two equal names the last counts, as for LightGBM."""
    lines = text.split(b"\n", _MOST_LINES)[1:]
    if len(lines) == _MOST_LINES:
        raise corrupt("it has more lines before its trees than LightGBM writes")
    pairs = (line.decode("utf-8", "replace").partition("=") for line in lines)
    return {name: value for name, _, value in pairs}
