"""What a library's own files may do beyond plain pickles: names of its own, rules for their calls, parts kept elsewhere.

A format's reader hands one to the pickle machine for the files of that format alone: elsewhere the same names are refused.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.trust.names import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`judge` gives the trust in a name, None where the general lists decide. `accepts` tells whether a name may be called
    with these arguments, the last one whether there are keywords too. `outside` gives what a persistent id stands for, None where it is of no known form.
    """

    judge: Callable[[str, str], Trust | None]
    accepts: Callable[[str, tuple[Value, ...], bool], bool]
    outside: Callable[[Value], Value]


PLAIN = Dialect(
    judge=lambda module, name: None,  # noqa: ARG005 - plain pickles have no names of their own
    accepts=lambda full, args, keywords: True,  # noqa: ARG005 - nor rules for them
    outside=lambda reference: None,  # noqa: ARG005 - nor parts kept elsewhere
)
