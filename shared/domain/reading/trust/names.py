"""How far a name that a file asks for is trusted. Fail closed: what is not on the allowlist is refused.

Applied by the pickle machine to every name, before anything else is known about the file.
"""

from enum import StrEnum

from shared.domain.reading.trust.allowed import BUILDERS, MENTIONED, RESTORED, SKLEARN_REFUSED
from shared.domain.reading.trust.dangerous import (
    CODE_NAMES,
    CODE_PREFIXES,
    DANGEROUS_MODULES,
    DANGEROUS_NAMES,
    DANGEROUS_PREFIXES,
)
from shared.domain.reading.trust.own_code import is_own_name, reaches_out
from shared.domain.reading.trust.sklearn_names import SKLEARN_CLASSES

_COMPILED_LOSSES = "_loss"  # how `sklearn._loss._loss` calls itself in pickles
_CYTHON_BUILDER = "__pyx_unpickle_"


class Trust(StrEnum):
    """What loading may do with a name."""

    BUILDS = "builds"
    """May be called: it only builds a value."""
    RESTORED = "restored"
    """An instance may be made without its constructor and be given its state; calling it is refused."""
    MENTIONED = "mentioned"
    """May be looked up, as the parameter of a model, and not called."""
    CODE = "code"
    """Rebuilds Python code that the file brings along."""
    OWN = "own"
    """Is the sender's, of a script or notebook that nothing else can import."""
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"


ALLOWED = frozenset({Trust.BUILDS, Trust.RESTORED, Trust.MENTIONED})


def judge_name(module: str, name: str) -> Trust:
    """The trust in `module.name`, as an unpickler would look it up."""
    full = f"{module}.{name}"
    if full in BUILDERS:
        return Trust.BUILDS
    if full in RESTORED:
        return Trust.RESTORED
    if full in MENTIONED:
        return Trust.MENTIONED
    if _is_sklearn_class(module, name):
        return Trust.BUILDS
    if full in CODE_NAMES:
        return Trust.CODE
    if is_own_name(module, name):
        return Trust.OWN
    if _is_dangerous(module, name, full):
        return Trust.DANGEROUS
    return Trust.CODE if full.startswith(CODE_PREFIXES) else Trust.UNKNOWN


def _is_sklearn_class(module: str, name: str) -> bool:
    parts = module.split(".")
    name = name.removeprefix(_CYTHON_BUILDER)
    if module == _COMPILED_LOSSES:
        return name.startswith("Cy") and name in SKLEARN_CLASSES
    refused = any(part in SKLEARN_REFUSED for part in parts)
    return parts[0] == "sklearn" and not refused and name in SKLEARN_CLASSES


def _is_dangerous(module: str, name: str, full: str) -> bool:
    reaches_inside = "." in name and "__" in name
    return (
        module.partition(".")[0] in DANGEROUS_MODULES
        or full in DANGEROUS_NAMES
        or full.startswith(DANGEROUS_PREFIXES)
        or reaches_inside
        or (full.startswith(CODE_PREFIXES) and reaches_out(full))
    )
