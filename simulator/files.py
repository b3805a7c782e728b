"""What happens to files behind Longshore's back: some are left that nobody needs, others go that somebody does."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field

from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain.errors import Missing
from simulator.ledger import Ledger
from simulator.sights import pick

_FOREIGN = (
    "content/readme.txt",
    "packages/theirs/MLmodel",
    "logs/theirs.txt",
    "LocalUpload/MLmodel",
)


@dataclass(slots=True)
class Files:
    """The store as nobody in the service sees it; `theirs` are the keys that others have in it."""

    blobs: MemoryBlobs
    ledger: Ledger
    theirs: set[str] = field(default_factory=set)

    def stray(self, number: int) -> bool:
        """A content and a package of ours that are on no record: of an upload, or a turn, that died."""
        digest = hashlib.sha256(f"stray {number}".encode()).hexdigest()
        self.blobs.put(f"content/{digest}", b"stray")
        for name in ("model.pkl", "MLmodel"):
            self.blobs.put(f"packages/{digest}/{name}", b"stray")
        return True

    def leave_theirs(self, number: int) -> bool:
        """Files of others, of which one describes an artifact of another installation with its content."""
        digest = hashlib.sha256(f"theirs {number}".encode()).hexdigest()
        described = f'{{"content_digest": "{digest}"}}'.encode()
        artifact = f"artifacts/model-{number + 1}-1600000000000000/metadata.json"
        names = (*(f"{name}.{number}" for name in _FOREIGN), f"content/{digest}")
        for key, data in ((artifact, described), *((name, b"theirs") for name in names)):
            self.blobs.put(key, data)
            self.theirs.add(key)
        return True

    def throw_away(self, which: float) -> bool:
        """The content of a model, as by a run that had not seen it on record."""
        model = pick(list(self.ledger.models.values()), which)
        if model is None:
            return False
        key = f"content/{model.content_digest}"
        with suppress(Missing):
            self.blobs.copy(key, f"trash/{key}")
        self.blobs.touch(f"trash/{key}")
        self.blobs.remove(key)
        return True

    def lose_description(self, which: float) -> bool:
        """That of a model."""
        model = pick(list(self.ledger.models.values()), which)
        if model is None:
            return False
        self.blobs.remove(f"artifacts/{model.id}/metadata.json")
        return True
