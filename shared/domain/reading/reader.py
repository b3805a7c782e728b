"""From a model file to its `Inspection`: decides the format by content, has it read, and adds the verdict.

The top of the reading code. Runs in the child process that `shared.adapters.model_reader` starts, where start-up time
counts: a format's module is imported only for a file that looks like it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import BinaryIO, TypeAlias, cast

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.inspection_json import render_inspection
from shared.domain.reading.containers.content import find_compression, open_content
from shared.domain.reading.containers.tar_headers import BLOCK, Tape, is_tar
from shared.domain.reading.first_bytes import (
    starts_json,
    starts_old_xgboost,
    starts_onnx,
    starts_safetensors,
)
from shared.domain.reading.limits import DEFAULT_LIMITS, Limits, corrupt, over_limits
from shared.domain.reading.model_file import ModelFile, ParseYaml
from shared.domain.reading.trust.evidence import Evidence

ReadFormat: TypeAlias = Callable[[ModelFile], Inspection]

_HEAD = 512
_FORMATS = "shared.domain.reading.formats."
_OLD_TORCH = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"
"""The number that marks what torch wrote before 1.6, as a pickle holds it."""
_TAR = "tar_archives"
_LOOKS_LIKE: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")), "zip_archives"),
    (starts_safetensors, "safetensors"),
    (starts_onnx, "onnx_models"),
    (starts_json, "json_models"),
    (lambda head: head.startswith(b"{L"), "xgboost_models"),
    (starts_old_xgboost, "xgboost_models"),
    (lambda head: head.startswith((b"tree\n", b"tree\r\n")), "lightgbm_models"),
    (lambda head: head.startswith(b"CBM1"), "catboost_models"),
    (lambda head: head.startswith(b"\x93NUMPY"), "numpy_arrays"),
    (lambda head: head.startswith(b"\x80") and _OLD_TORCH in head[:24], "torch_streams"),
    (lambda head: head.startswith(b"\x89HDF\r\n\x1a\n"), "keras_models"),
    (is_tar, _TAR),
)
"""How the first bytes of a format look, and the module that reads it. What is nothing of these is read as a pickle."""
_OTHERWISE = "pickled_models"


def read_model(
    file: BinaryIO, size: int, digest: str, parse_yaml: ParseYaml, limits: Limits = DEFAULT_LIMITS
) -> Inspection:
    """The inspection of a seekable file. Raises UnreadableModel for what is no model, broken, or beyond the limits.

    A file that breaks off after asking for something dangerous is reported as dangerous: that is what matters about it.
    """
    if size > limits.content:
        raise over_limits(f"the file is larger than {limits.content} bytes")
    evidence = Evidence(limits)
    model_file = ModelFile(
        file=file,
        size=size,
        digest=digest,
        parse_yaml=parse_yaml,
        limits=limits,
        evidence=evidence,
    )
    try:
        inspection = find_format(model_file)(model_file)
        _check_texts(inspection)
    except UnreadableModel as error:
        if evidence.verdict is not Verdict.DANGEROUS:
            raise
        evidence.add_unknown(error.reason)
        inspection = model_file.blank(ModelFormat.PICKLE, "")
    return replace(
        inspection,
        verdict=evidence.verdict,
        reasons=evidence.reasons(),
        names=evidence.names,
        refused=evidence.refused,
    )


def _check_texts(inspection: Inspection) -> None:
    """Columns and labels are sent and stored: half a character in one could not be."""
    try:
        json.dumps(render_inspection(inspection), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise corrupt("a name or a label in it holds half a character") from error


def find_format(model_file: ModelFile) -> ReadFormat:
    """What reads a file, by its first bytes. Raises UnreadableModel for an empty one."""
    head = model_file.head(_HEAD)
    if not head:
        raise UnreadableModel(
            UnreadableCode.NOT_A_MODEL, "The file is empty.", "Upload the saved model file."
        )
    module = next((module for matches, module in _LOOKS_LIKE if matches(head)), _OTHERWISE)
    if module == _OTHERWISE and find_compression(head) and _is_packed_tar(model_file):
        module = _TAR
    return cast("ReadFormat", import_module(_FORMATS + module).read)


def _is_packed_tar(model_file: ModelFile) -> bool:
    content, _ = open_content(model_file.file, model_file.size, model_file.limits)
    return is_tar(Tape(content).rest(BLOCK))
