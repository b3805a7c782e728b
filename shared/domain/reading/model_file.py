"""One file being read: its bytes, how much of it may be looked at, and where offences are noted.

Made by `shared.domain.reading.reader`; each module of `shared.domain.reading.formats` gets one and gives an `Inspection`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from shared.domain.inspection import (
    READER_VERSION,
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.reading.limits import Limits
from shared.domain.reading.trust.evidence import Evidence

ParseYaml: TypeAlias = Callable[[bytes], object]
_SAVE_ONE = (
    "Save a fitted model with pickle, joblib, MLflow or its library's own save method, and upload that: "
    "docs/reading-models.md lists what is read."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A seekable file of `size` bytes, `parse_yaml` for what MLflow writes, and what was found out so far.

    `evidence` is the only part that changes: names and offences are noted there, also where reading ends in an error.
    """

    file: BinaryIO
    size: int
    digest: str
    parse_yaml: ParseYaml
    limits: Limits
    evidence: Evidence

    def head(self, size: int) -> bytes:
        """The first bytes."""
        self.file.seek(0)
        return self.file.read(size)

    def blank(self, kind: ModelFormat, flavor: str) -> Inspection:
        """An inspection that knows nothing yet; the reader puts verdict, reasons and names in at the end."""
        return Inspection(
            reader_version=READER_VERSION,
            digest=self.digest,
            size=self.size,
            format=kind,
            compression=None,
            written_by=None,
            verdict=Verdict.UNKNOWN,
            reasons=(),
            names=(),
            refused=(),
            flavor=flavor,
            estimator=None,
            python_version=None,
            libraries=(),
            features=(),
            named_features=False,
            classes=(),
            sample_row=None,
        )


def not_a_model(reason: str, remedy: str = _SAVE_ONE) -> UnreadableModel:
    """The error for a whole file of another kind."""
    return UnreadableModel(UnreadableCode.NOT_A_MODEL, reason, remedy)
