"""joblib's arrays: a wrapper object in the pickle, and the array's bytes right behind it, outside of the pickle.

Called by the pickle machine when such a wrapper is complete. joblib 0.10 to 1.1 write the bytes at once, later ones align
them to 16 (a byte with the padding's length comes first). Arrays of objects follow as a pickle of their own.
"""

from math import prod

from shared.domain.inspection import UnreadableCode, UnreadableModel
from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.dtypes import count_fields, parse_dtype
from shared.domain.reading.pickles.graph import Array, Made, Pairs, Value
from shared.domain.reading.pickles.machine import Machine

JOBLIB_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
_OLD_ARRAYS = ("NDArrayWrapper", "ZNDArrayWrapper")
_ATTRIBUTES = ("subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes")
_MOST_DIMENSIONS = 64


def read_joblib_array(machine: Machine, wrapper: Made) -> Value:
    """The array that a complete wrapper announces; the source stands behind its bytes afterwards."""
    state = wrapper.state
    if machine.nested or not _is_plain_wrapper(wrapper):
        raise corrupt("an array in it is not stored as joblib stores arrays")
    machine.joblib_arrays += 1
    machine.source.leave_frame()
    told = state.get("dtype")
    machine.count_work(count_fields(told.state) if isinstance(told, Made) else 0)
    dtype = parse_dtype(told, records=True)
    if dtype is None:
        raise corrupt("an array in it has a data type that cannot be told")
    if dtype.has_objects:
        return machine.read_nested()
    size = prod(_shape(state)) * dtype.size
    if state.get("numpy_array_alignment_bytes") is not None:
        machine.source.take(machine.source.byte())
    if size > machine.limits.kept_value:
        machine.source.skip(size)
        data = None
    else:
        machine.count_text(size)
        data = machine.source.take(size)
    return Array(_shape(state), state.get("dtype"), state.get("order"), data)


def is_array_elsewhere(instance_of: str) -> bool:
    """Whether an instance stands for an array in another file, as joblib before 0.10 stored them."""
    return instance_of.startswith("joblib.") and instance_of.rpartition(".")[2] in _OLD_ARRAYS


def arrays_elsewhere() -> UnreadableModel:
    """The error for a model whose arrays are not in the file."""
    return UnreadableModel(
        UnreadableCode.UNSUPPORTED,
        "The file was saved by joblib before 0.10: the model's arrays are not in it, but in other files beside it.",
        "Load it where all its files are, save it again with joblib.dump(model, path, compress=('zlib', 3)) "
        "by a newer joblib, and upload the one file.",
    )


def _is_plain_wrapper(wrapper: Made) -> bool:
    """Whether a wrapper has just the attributes joblib gives it: another one could replace its methods."""
    state, rebuilt = wrapper.state, wrapper.full != JOBLIB_ARRAY
    if not isinstance(state, Pairs) or (wrapper.args and not rebuilt) or wrapper.pairs:
        return False
    keys = [key for key, _ in state.pairs]
    known = all(isinstance(key, str) and key in _ATTRIBUTES for key in keys) and len(
        set(keys)
    ) == len(keys)
    alignment = state.get("numpy_array_alignment_bytes")
    return (
        known and state.get("order") in ("C", "F") and (alignment is None or type(alignment) is int)
    )


def _shape(state: Pairs) -> tuple[int, ...]:
    shape = state.get("shape")
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise corrupt("an array in it has no shape")
    if not all(type(length) is int and 0 <= length < 2**48 for length in shape):
        raise corrupt("an array in it has an impossible shape")
    if prod(shape) >= 2**48:
        raise corrupt("an array in it has an impossible shape")
    return shape
