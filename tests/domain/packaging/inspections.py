"""Inspections made by hand: a file of a kind, with what a test is about."""

from typing import Any

from shared.domain.inspection import READER_VERSION, Inspection, ModelFormat, Verdict


def inspection(
    kind: ModelFormat = ModelFormat.PICKLE, flavor: str = "sklearn", **told: Any
) -> Inspection:
    """A clean file of 1,000 bytes that tells nothing but what is given."""
    blank: dict[str, Any] = {
        "reader_version": READER_VERSION,
        "digest": "0" * 64,
        "size": 1_000,
        "format": kind,
        "compression": None,
        "written_by": None,
        "verdict": Verdict.CLEAN,
        "reasons": (),
        "names": (),
        "refused": (),
        "flavor": flavor,
        "estimator": None,
        "python_version": None,
        "libraries": (),
        "features": (),
        "named_features": False,
        "classes": (),
        "sample_row": None,
    }
    return Inspection(**(blank | told))
