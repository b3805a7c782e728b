"""Model formulas, as statsmodels keeps them: `sales ~ price + C(city)`. Their parts are Python expressions.

patsy, or formulaic, evaluates them while a model is loaded, so they are part of the verdict; and they name the columns.
"""

import re

_LONGEST = 10_000
_TERM = r"\s*(?:C\(\s*[^\W\d]\w*\s*\)|[^\W\d]\w*|\d+(?:\.\d+)?)\s*"
_SIDE = rf"{_TERM}(?:[-+:*]{_TERM})*"
_PLAIN = re.compile(rf"(?:{_SIDE})?~{_SIDE}")
_COLUMN = re.compile(r"(C\(\s*)?([^\W\d]\w*)")


def is_plain_formula(formula: str) -> bool:
    """Whether evaluating a formula only looks up columns: names, numbers, C(name), and the operators ~ + - : * between them."""
    return len(formula) <= _LONGEST and _PLAIN.fullmatch(formula) is not None


def find_formula_columns(formula: str) -> dict[str, bool]:
    """The columns that a plain formula's right side needs, in order, and whether each is a category."""
    if not is_plain_formula(formula):
        return {}
    found: dict[str, bool] = {}
    for match in _COLUMN.finditer(formula.partition("~")[2]):
        found[match[2]] = found.get(match[2], False) or match[1] is not None
    return found
