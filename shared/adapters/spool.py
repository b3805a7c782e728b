"""Room for a file while it is worked on: a file without a name in the temporary folder."""

import tempfile
from typing import BinaryIO, cast


class TemporarySpool:
    """The `Spool` port. What is written is on disk, not in memory, and gone when the process ends."""

    def new(self) -> BinaryIO:
        """An empty file, gone when it is closed."""
        return cast(BinaryIO, tempfile.TemporaryFile())
