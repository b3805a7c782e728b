"""How the text of a LightGBM model is laid out: lines of `name=value`, trees, parameters, and a line of JSON.

The form is told in LightGBM's source, `src/boosting/gbdt_model_text.cpp`.
"""

START = b"tree\n"
TREE = b"Tree="
CATEGORIES_LINE = b"\npandas_categorical:"
"""Written by the Python package, as the last line."""


def parse_header(text: bytes) -> dict[str, str]:
    """The lines before the first tree, as far as they are whole. Of two equal names the last counts, as for LightGBM."""
    before, found, _ = text.partition(b"\n" + TREE)
    lines = before.split(b"\n")[1 : None if found else -1]
    pairs = (line.decode("utf-8", "replace").partition("=") for line in lines)
    return {name: value for name, _, value in pairs}
