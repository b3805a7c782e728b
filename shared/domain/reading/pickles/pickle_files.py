"""Reads one pickle or joblib file from its first byte to its last."""

from dataclasses import dataclass
from typing import BinaryIO

from shared.domain.reading.containers.content import Content, open_content
from shared.domain.reading.limits import Limits, corrupt
from shared.domain.reading.pickles.dialect import PLAIN, Dialect
from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.pickles.machine import Machine
from shared.domain.reading.pickles.opcodes_calls import CALL_OPCODES
from shared.domain.reading.pickles.opcodes_containers import CONTAINER_OPCODES
from shared.domain.reading.pickles.opcodes_values import VALUE_OPCODES
from shared.domain.reading.pickles.source import Source
from shared.domain.reading.trust.evidence import Evidence

_OPCODES = {
    code[0]: opcode for code, opcode in (VALUE_OPCODES | CONTAINER_OPCODES | CALL_OPCODES).items()
}


@dataclass(frozen=True, slots=True)
class PickleFile:
    """What a pickle builds, and how the file around it is stored."""

    root: Value
    compression: str | None
    joblib: bool
    """Whether only joblib can load it: it is compressed, or holds arrays in joblib's own form."""


def read_pickle(file: BinaryIO, size: int, evidence: Evidence, limits: Limits) -> PickleFile:
    """Walk a whole file. Names and offences go to `evidence`, also when it ends in UnreadableModel."""
    content, compression = open_content(file, size, limits)
    found = read_content(content, evidence, limits)
    return PickleFile(found.root, compression, compression is not None or found.joblib)


def read_content(
    content: Content, evidence: Evidence, limits: Limits, dialect: Dialect = PLAIN
) -> PickleFile:
    """Walk a pickle that is the whole of `content`."""
    source = Source(content)
    machine = Machine(source, evidence, limits, _OPCODES, dialect=dialect)
    root = machine.run()
    if not source.at_end():
        raise corrupt("more bytes follow after the end of the model")
    return PickleFile(root, None, machine.joblib_arrays > 0)
