"""What skops's loaders of numpy and SciPy objects make of their nodes. Part of `skops_nodes`."""

from collections.abc import Mapping

from shared.domain.reading.containers.archive import MemberContent
from shared.domain.reading.containers.npy import read_exactly, read_npy_header
from shared.domain.reading.formats.skops_tree import Loader, Node, SkopsTree, part
from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.arrays import decode_list
from shared.domain.reading.pickles.graph import Array, Made, Name, Pairs, Skipped, Value
from shared.domain.reading.trust.names import Trust

_ARRAY = "numpy.ndarray"
NUMBERS = frozenset(
    f"numpy.{name}"
    for name in (
        *("bool", "bool_", "int8", "int16", "int32", "int64", "intp", "longlong", "ulonglong"),
        *("uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
        *("complex64", "complex128", "str_", "bytes_", "datetime64", "timedelta64"),
    )
)
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def skip_bytes(tree: SkopsTree, content: MemberContent, size: int) -> Value:
    """Of a file that tells nothing, only the size."""
    del tree, content
    return Skipped(size)


def _array(tree: SkopsTree, node: Node) -> Value:
    kind = tree.expect(node, _ARRAY, *NUMBERS)
    match part(node, "type"):
        case "json":
            items = tree.build_items(node)
            tree.build(part(node, "shape"))
            return items
        case "numpy":
            array = tree.read_file(node, _read_npy)
            if kind.full == _ARRAY:
                return array
            numbers = decode_list(array, 1) if array.shape == (1,) else None
            return numbers[0] if numbers else array
    raise corrupt("an array in it is stored in an unknown way")


def _read_npy(tree: SkopsTree, content: MemberContent, size: int) -> Array:
    """Facts are in short arrays of one dimension; of others only the shape is kept. One number counts as such an array."""
    header = read_npy_header(content)
    if header.has_objects:
        raise corrupt("an array in it holds Python objects, which skops does not load")
    if header.size > size:
        raise corrupt("an array in it ends too early")
    plain = isinstance(header.descr, str) and not header.descr.startswith(">")
    fact = plain and len(header.shape) <= 1 and tree.keeps(header.size)
    data = read_exactly(content, header.size) if fact else None
    dtype = Made(Name("numpy.dtype", Trust.BUILDS), (header.descr, False, True))
    return Array(header.shape or (1,), dtype, "C", data)


def _masked_array(tree: SkopsTree, node: Node) -> Value:
    tree.expect(node, "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray")
    data = tree.build(part(node, "content", "data"))
    tree.build(part(node, "content", "mask"))
    return data


def _random_state(tree: SkopsTree, node: Node) -> Value:
    kind = tree.expect(node, "numpy.random.mtrand.RandomState")
    tree.build(part(node, "content"))
    return Made(kind, ())


def _random_generator(tree: SkopsTree, node: Node) -> Value:
    """The state names the class of numpy.random that loading calls."""
    kind = tree.expect(node, "numpy.random._generator.Generator")
    state = tree.build(part(node, "content", "bit_generator"))
    if tree.protocol > 1:
        tree.build(part(node, "content", "seed_seq"))
    name = state.get("bit_generator") if isinstance(state, Pairs) else None
    if name not in _BIT_GENERATORS:
        tree.name("numpy.random", str(name)[: tree.limits.name // 2])
        tree.evidence.add_unknown("It makes a random generator of an unknown kind.")
    return Made(kind, ())


def _dtype(tree: SkopsTree, node: Node) -> Value:
    tree.own_name(node)
    array = tree.build(part(node, "content"))
    if not isinstance(array, Array | list):
        raise corrupt("a data type in it is not stored as skops stores them")
    return array.dtype if isinstance(array, Array) else Made(tree.name("numpy", "dtype"), ("O",))


def _sparse(tree: SkopsTree, node: Node) -> Value:
    """SciPy reads the file as numpy arrays without Python objects."""
    if part(node, "type") != "scipy":
        raise corrupt("a matrix in it is stored in an unknown way")
    tree.read_file(node, skip_bytes)
    return Made(tree.own_name(node), ())


ARRAY_LOADERS: Mapping[str, Loader] = {
    "NdArrayNode": _array,
    "MaskedArrayNode": _masked_array,
    "RandomStateNode": _random_state,
    "RandomGeneratorNode": _random_generator,
    "DTypeNode": _dtype,
    "SparseMatrixNode": _sparse,
}
