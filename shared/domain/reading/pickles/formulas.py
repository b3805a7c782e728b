"""Model formulas, as statsmodels keeps them: `sales ~ np.log(price) + C(city)`. Their parts are Python expressions.

patsy, or formulaic, evaluates them while a model is loaded, so they are part of the verdict; and they name the columns. Names
are looked up in the table of training data first, then among the functions of patsy and in the program that loads.
"""

import re
from collections.abc import Iterable

_LONGEST = 10_000
_NAME = r"[^\W\d]\w*"
_ATOM = rf"\s*(?:{_NAME}(?:\s*\*\*\s*\d{{1,2}})?|\d{{1,9}}(?:\.\d{{1,9}})?)\s*"
_ARITHMETIC = rf"{_ATOM}(?:[-+*/]{_ATOM})*"
_FUNCTIONS = "C|I|center|scale|standardize"
_NUMPY = "abs|cbrt|exp|expm1|log|log10|log1p|log2|sqrt|square"
_CALL = rf"(?:(?:{_FUNCTIONS})|np\.(?:{_NUMPY}))\({_ARITHMETIC}\)"
_TERM = rf"\s*(?:{_CALL}|{_NAME}|\d+(?:\.\d+)?)\s*"
_SIDE = rf"{_TERM}(?:[-+:*]{_TERM})*"
_PLAIN = re.compile(rf"(?:{_SIDE})?~{_SIDE}")
_COLUMN = re.compile(rf"(C\(\s*)?(?<![\w.])({_NAME})(?![\w.(])")
_TAKEN = frozenset(("np", *_FUNCTIONS.split("|")))


def is_plain_formula(formula: str, columns: Iterable[object] | None) -> bool:
    """Whether evaluating a formula over a table of these columns only does arithmetic on them.

    Plain are names, numbers, the operators ~ + - : * between them, and a few functions of numpy and patsy on names and
    numbers, as long as no column has the name of a function. None stands for a table that cannot be read.
    """
    if len(formula) > _LONGEST or _PLAIN.fullmatch(formula) is None:
        return False
    return "(" not in formula or (columns is not None and _TAKEN.isdisjoint(map(str, columns)))


def find_formula_columns(formula: str) -> dict[str, bool]:
    """The columns that a formula's right side needs, in order, and whether each is a category; none of one that is not plain."""
    if not is_plain_formula(formula, ()):
        return {}
    found: dict[str, bool] = {}
    for match in _COLUMN.finditer(formula.partition("~")[2]):
        found[match[2]] = found.get(match[2], False) or match[1] is not None
    return found
