"""How the text of a LightGBM model is laid out: lines of `name=value`, trees, parameters, and a line of JSON.

The form is told in LightGBM's source, `src/boosting/gbdt_model_text.cpp`.
"""

import re

TREE = b"Tree="
_HEADER_END = re.compile(rb"\n(?=Tree=|end of trees)")
CATEGORIES_LINE = b"\npandas_categorical:"
"""Written by the Python package, as the last line."""


def find_header_end(text: bytes) -> int:
    """Where the lines before the first tree end; -1 where the text does not reach so far."""
    found = _HEADER_END.search(text)
    return found.start() if found else -1


def parse_header(text: bytes) -> dict[str, str]:
    """The lines before the first tree. Of two equal names the last counts, as for LightGBM."""
    pairs = (line.decode("utf-8", "replace").partition("=") for line in text.split(b"\n")[1:])
    return {name: value for name, _, value in pairs}
