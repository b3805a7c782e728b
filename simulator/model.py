"""The models that are deployed here: tiny, and the same bytes for ever."""

import hashlib
from collections.abc import Sequence
from typing import BinaryIO

from shared.domain.inspection import READER_VERSION, Column, Inspection, ModelFormat, Verdict
from shared.domain.packaging.package import Inline, Package, PackageFile, Whole

_MLMODEL = b"flavors: {}\n"


class Reader:
    """The `ModelReader` port."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        """What every file here is: a model of one input."""
        return Inspection(
            reader_version=READER_VERSION,
            digest=digest,
            size=len(content.read()),
            format=ModelFormat.PICKLE,
            compression=None,
            written_by=None,
            verdict=Verdict.CLEAN,
            reasons=(),
            names=(),
            refused=(),
            flavor="sklearn",
            estimator="Model",
            python_version=None,
            libraries=(),
            features=(Column(name=None, type="double"),),
            named_features=False,
            classes=(),
            sample_row=(1.0,),
        )


class Packager:
    """The `Packager` port."""

    def package(
        self,
        inspection: Inspection,
        content: BinaryIO,
        requirements: Sequence[str] = (),  # noqa: ARG002 - nothing here needs an exception
    ) -> Package:
        """Two files: the model as it is, and what describes it."""
        files = (
            PackageFile(path="model.pkl", size=inspection.size, origin=Whole()),
            PackageFile(path="MLmodel", size=len(_MLMODEL), origin=Inline(_MLMODEL)),
        )
        return Package(digest=package_digest(content.read()), files=files)


def content(user: str, endpoint: str, *, fragile: bool) -> bytes:
    """The bytes of a model: one for each endpoint, whoever has it, and one of each user's whose container crashes."""
    return f"a fragile model of {user}".encode() if fragile else f"a model for {endpoint}".encode()


def package_digest(content: bytes) -> str:
    """The name of a model's package."""
    return hashlib.sha256(b"package of " + content).hexdigest()
