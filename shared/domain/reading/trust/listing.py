"""How the reviewed lists of names are written: a module, and the names in it that are meant."""

from collections.abc import Mapping


def full_names(listing: Mapping[str, str]) -> frozenset[str]:
    """`{"a.b": "C D"}` as the full names `a.b.C` and `a.b.D`."""
    return frozenset(
        f"{module}.{name}" for module, names in listing.items() for name in names.split()
    )
