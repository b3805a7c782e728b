"""What each of skops's loaders makes of its node, read from skops 0.9 to 0.16. Whatever is not plainly building is told.

Loaders only build where the class they name is one they were written for: several call whatever class a node names, and
skops before 0.11 checked fewer of them. `Inspection.names` holds all names in skops's own spelling, for `trusted=`.
"""

import json
from collections.abc import Mapping

from shared.domain.reading.formats.skops_arrays import ARRAY_LOADERS, NUMBERS, skip_bytes
from shared.domain.reading.formats.skops_tree import Loader, Node, SkopsTree, part
from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.call_rules import accepts_arguments
from shared.domain.reading.pickles.graph import Made, Name, Pairs, Skipped, Value
from shared.domain.reading.pickles.state_rules import find_bad_attributes

_KEY_TYPES = NUMBERS | {f"builtins.{name}" for name in ("str", "int", "float", "bool")}
_LOSSES = ("_loss.", "sklearn._loss._loss.", "sklearn.linear_model._sgd_fast.")
_DEEPEST_JSON = 100
_BUNCH = "sklearn.utils._bunch.Bunch"
"""A dict whose items are its attributes too."""


def _json(tree: SkopsTree, node: Node) -> Value:
    text = part(node, "content")
    try:
        return _plain(tree, json.loads(text), 0)
    except (ValueError, TypeError, RecursionError) as error:
        raise corrupt("a value in it is no JSON") from error


def _plain(tree: SkopsTree, value: Value, depth: int) -> Value:
    if depth > _DEEPEST_JSON:
        raise corrupt("a value in it is nested deeper than any model's")
    if isinstance(value, list):
        return [_plain(tree, one, depth + 1) for one in value]
    if isinstance(value, dict):
        pairs = Pairs()
        pairs.pairs = [(key, _plain(tree, one, depth + 1)) for key, one in value.items()]
        return pairs
    if isinstance(value, str) and len(value) > tree.limits.kept_value:
        return Skipped(len(value))
    return value


def _dict(tree: SkopsTree, node: Node) -> Value:
    own = tree.expect(node, "builtins.dict", "collections.OrderedDict", _BUNCH).full
    types = tree.build(part(node, "key_types"))
    content = part(node, "content")
    if not isinstance(types, list) or not isinstance(content, dict) or len(types) != len(content):
        raise corrupt("a dict in it is not stored as skops stores dicts")
    for kind in types:
        if not isinstance(kind, Name) or kind.full not in _KEY_TYPES:
            tree.evidence.add_unknown("It makes the keys of a dict by calling something unusual.")
    pairs = Pairs()
    for kind, (key, value) in zip(types, content.items(), strict=True):
        name = kind.full if isinstance(kind, Name) else ""
        pairs.pairs.append((_key(name, key), tree.build(value)))
    bad = find_bad_attributes(own, pairs, tree.count_work) if own == _BUNCH else None
    if bad:
        tree.evidence.add_unknown(bad)
    return pairs


def _key(kind: str, key: str) -> Value:
    """A dict's key in its own type; as JSON it was a text."""
    try:
        return int(key) if kind.startswith(("builtins.int", "numpy.int")) else key
    except ValueError as error:
        raise corrupt("a key in it is no number") from error


def _default_dict(tree: SkopsTree, node: Node) -> Value:
    tree.expect(node, "collections.defaultdict")
    main = tree.build(part(node, "content", "main"))
    factory = tree.build(part(node, "content", "default_factory"))
    if not accepts_arguments(
        "collections.defaultdict", (factory,), tree.count_work, keywords=False
    ):
        tree.evidence.add_unknown("It makes the missing values of a dict by something unusual.")
    return main


def _list(tree: SkopsTree, node: Node) -> Value:
    tree.expect(node, "builtins.list")
    return tree.build_items(node)


def _set(tree: SkopsTree, node: Node) -> Value:
    tree.expect(node, "builtins.set", "builtins.frozenset")
    return tree.build_items(node)


def _tuple(tree: SkopsTree, node: Node) -> Value:
    tree.expect(node, "builtins.tuple")
    return tuple(tree.build_items(node))


def _slice(tree: SkopsTree, node: Node) -> Value:
    bounds = tuple(part(node, "content", name) for name in ("start", "stop", "step"))
    return tree.call(tree.name("builtins", "slice"), bounds)


def _bytes(tree: SkopsTree, node: Node) -> Value:
    tree.expect(node, "builtins.bytes", "builtins.bytearray")
    return tree.read_file(node, skip_bytes)


def _mention(tree: SkopsTree, node: Node) -> Value:
    return tree.own_name(node)


def _function(tree: SkopsTree, node: Node) -> Value:
    """Until protocol 0 a function's name stood in the content. Both are judged, so that neither reader is misled."""
    own = tree.own_name(node)
    if tree.protocol > 0 and "content" not in node:
        return own
    return tree.name(part(node, "content", "module_path"), part(node, "content", "function"))


def _partial(tree: SkopsTree, node: Node) -> Value:
    """Not called while loading, but the file decides what a later call does."""
    parts = [
        tree.build(part(node, "content", name)) for name in ("func", "args", "kwds", "namespace")
    ]
    return tree.call(tree.own_name(node), tuple(parts))


def _method(tree: SkopsTree, node: Node) -> Value:
    target = tree.build(part(node, "content", "obj"))
    function = part(node, "content", "func")
    own = tree.own_name(node)
    module, _, name = (target if isinstance(target, Made | Name) else own).full.rpartition(".")
    return tree.name(module, f"{name}.{function}")


def _operator(tree: SkopsTree, node: Node) -> Value:
    """Calls a function of Python's `operator`, whatever module the node names."""
    tree.own_name(node)
    tree.build(part(node, "attrs"))
    return tree.instance(tree.name("operator", node.get("__class__")))


def _object(tree: SkopsTree, node: Node) -> Value:
    """Makes an instance without its constructor, and fills in its state."""
    made = tree.instance(tree.own_name(node))
    if node.get("content") is not None:
        tree.fill(made, tree.build(node["content"]))
    return made


def _construct(tree: SkopsTree, node: Node) -> Value:
    callee, args = tree.own_name(node), tree.build(part(node, "content"))
    return tree.call(callee, args)


def _reduced(tree: SkopsTree, node: Node, callee: Name) -> Value:
    state = tree.build(part(node, "content"))
    made = tree.call(callee, tree.build(part(node, "__reduce__", "args")))
    tree.fill(made, state)
    return made


def _tree(tree: SkopsTree, node: Node) -> Value:
    tree.own_name(node)
    return _reduced(tree, node, tree.name("sklearn.tree._tree", "Tree"))


def _loss(tree: SkopsTree, node: Node) -> Value:
    callee = tree.own_name(node)
    if not callee.full.startswith(_LOSSES):
        tree.evidence.add_unknown(f"It makes {callee.full[:80]} as if it were a loss function.")
    return _reduced(tree, node, callee)


def _cached(tree: SkopsTree, node: Node) -> Value:
    del tree, node
    raise corrupt("it refers to a node that was not there before")


LOADERS: Mapping[str, Loader] = {
    "JsonNode": _json,
    "DictNode": _dict,
    "DefaultDictNode": _default_dict,
    "ListNode": _list,
    "SetNode": _set,
    "TupleNode": _tuple,
    "SliceNode": _slice,
    "BytesNode": _bytes,
    "BytearrayNode": _bytes,
    "TypeNode": _mention,
    "FunctionNode": _function,
    "PartialNode": _partial,
    "MethodNode": _method,
    "OperatorFuncNode": _operator,
    "ObjectNode": _object,
    "ConstructorFromReduceNode": _construct,
    "TreeNode": _tree,
    "LossNode": _loss,
    "SGDNode": _loss,
    "CachedNode": _cached,
    **ARRAY_LOADERS,
}
