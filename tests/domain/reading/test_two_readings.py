"""Files that a library would read otherwise than they look at first sight: each was loaded so, by the library it is for."""

import io
import json
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.inspection import UnreadableCode, Verdict
from tests.domain.reading.rezipped import changed, kept, read, unzipped, verdict, zipped

SCRIPTED = "torch-2.13.0/dense.scripted.pt"
WHOLE = "torch-2.13.0/dense.whole.pt"
KERAS = "keras-2.15/dense.keras"
HDF5 = "keras-2.15/dense.h5"
RELU = "__torch__.torch.nn.modules.activation.___torch_mangle_8"
SAVES = """class ReLU(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: {0}.ReLU,
    input: Tensor) -> Tensor:
    _0 = torch.save(input, "there")
    return input
"""


def with_code(place: str) -> bytes:
    """The kept module with a layer whose code, at another place, writes a file."""
    files = {
        name: data.replace(RELU.encode(), place.encode())
        for name, data in unzipped(kept(SCRIPTED)).items()
    }
    code = f"dense.scripted/code/{place.replace('.', '/')}.py"
    return zipped(files | {code: SAVES.format(place).encode()})


@pytest.mark.parametrize("place", ["__torch__.own.code", "__torch__.__MACOSX.code"])
def test_code_is_found_wherever_torch_would_find_it(place: str) -> None:
    assert verdict(with_code(place)) in (Verdict.DANGEROUS, UnreadableCode.CORRUPT)


@pytest.mark.parametrize("folder", ["__MACOSX", "._model"])
@pytest.mark.parametrize("name", [WHOLE, KERAS, "skops-0.16.0/Ridge.skops"])
def test_what_macos_adds_is_left_out_of_folders_only(name: str, folder: str) -> None:
    assert verdict(zipped({f"{folder}/data.pkl": b"x"} | unzipped(kept(name)))) == "model_corrupt"


def renamed(files: Mapping[str, bytes], names: Mapping[str, str]) -> bytes:
    """An archive whose files have second names in Unicode, which Python reads from 3.12 on."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            other = names.get(name, "").encode()
            if other:
                head = struct.pack("<2HBI", 0x7075, 5 + len(other), 1, zlib.crc32(name.encode()))
                info.extra = struct.pack("<2H", 0xCAFE, 2) + b"--" + head + other
            archive.writestr(info, data)
    return file.getvalue()


def test_a_file_with_a_second_name_is_refused() -> None:
    files = unzipped(kept(KERAS)) | {"assets/two.txt": b"{}"}
    assert verdict(renamed(files, {})) is Verdict.CLEAN
    two = {"config.json": "assets/one.txt", "assets/two.txt": "config.json"}
    assert verdict(renamed(files, two)) is UnreadableCode.CORRUPT


@pytest.mark.parametrize("by", [-1, 1])
def test_a_list_that_counts_other_files_than_it_has_is_refused(by: int) -> None:
    data = bytearray(kept(WHOLE))
    (count,) = struct.unpack_from("<H", data, len(data) - 12)
    struct.pack_into("<2H", data, len(data) - 14, count + by, count + by)
    assert verdict(bytes(data)) is UnreadableCode.CORRUPT


def with_hidden(hidden: dict[str, Any]) -> Verdict:
    """A kept model that was compiled with something more."""

    def change(text: bytes) -> bytes:
        config = json.loads(text)
        config.setdefault("compile_config", {})["extra"] = {"config": {}, **hidden}
        return json.dumps(config).encode()

    return read(changed(KERAS, "config.json", change)).verdict


@pytest.mark.parametrize("name", ["slice", "__slice__", "__tensor__", "TFOpLambda", "Dense"])
@pytest.mark.parametrize(
    ("module", "registered"),
    [("their_package", None), ("keras.layers", "Own"), ("builtins", "Own"), (None, ["Own"])],
)
def test_a_class_is_not_taken_for_a_value_or_layer_of_keras(
    name: str, module: str | None, registered: object
) -> None:
    hidden = {"class_name": name, "module": module, "registered_name": registered}
    assert with_hidden(hidden) is Verdict.UNKNOWN


def test_a_function_is_not_looked_up_by_another_name() -> None:
    relu = {"class_name": "function", "module": "keras.utils", "config": "relu"}
    assert with_hidden(relu | {"registered_name": "relu"}) is Verdict.CLEAN
    assert with_hidden(relu | {"registered_name": "get_file"}) is Verdict.UNKNOWN


def test_what_keras_writes_for_a_value_is_clean() -> None:
    value = {"class_name": "__slice__", "module": "builtins", "config": {"start": None}}
    assert with_hidden(value | {"registered_name": "slice"}) is Verdict.CLEAN
    assert with_hidden({"class_name": "__tensor__", "config": {"value": [1.0]}}) is Verdict.CLEAN


def test_two_texts_of_one_number_are_refused_for_hdf5_takes_the_last() -> None:
    data = bytearray(kept(HDF5))
    assert verdict(bytes(data)) is Verdict.CLEAN
    at = data.index(b"GCOL") + 16
    (size,) = struct.unpack_from("<Q", data, at + 8)
    following = at + 16 + size + -size % 8
    data[following : following + 2] = data[at : at + 2]
    assert verdict(bytes(data)) is UnreadableCode.CORRUPT


def test_two_attributes_of_one_name_are_refused_for_hdf5_looks_in_one_place() -> None:
    data = bytearray(kept(HDF5))
    at = data.index(b"training_config\0")
    data[at : at + 16] = b"model_config\0\0\0\0"
    struct.pack_into("<H", data, at - 6, 13)
    assert verdict(bytes(data)) is UnreadableCode.CORRUPT


def overlapping() -> bytes:
    """An HDF5 file whose root goes on at thousands of places, each a MiB long and within the one before."""
    start, empty = 0x40000, struct.pack("<HHB3x", 0, 0xFFF8, 0)
    data = bytearray(start) + empty * ((0x130000) // 8)
    further = b"".join(
        struct.pack("<HHB3xQQ", 0x10, 16, 0, start + 8 * number, 1 << 20) for number in range(4_000)
    )
    header = struct.pack("<BBHII4x", 1, 0, 4_000, 1, len(further)) + further
    data[256 : 256 + len(header)] = header
    sizes = struct.pack("<HHI4Q", 4, 16, 0, 0, 2**64 - 1, len(data), 2**64 - 1)
    top = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0" + sizes + struct.pack("<QQII16x", 0, 256, 0, 0)
    data[: len(top)] = top
    return bytes(data)


def nested_folders() -> bytes:
    """A short archive of many files, each below more folders than the next tool wants to remember."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        for number in range(4_000):
            archive.addfile(tarfile.TarInfo(f"{number}{'/a' * 140}"), io.BytesIO())
    return file.getvalue()


@pytest.mark.parametrize("make", [overlapping, nested_folders])
def test_a_short_file_costs_little(make: Any) -> None:
    data = make()
    started = time.process_time()
    assert verdict(data) is UnreadableCode.OVER_LIMITS
    assert time.process_time() - started < 1
