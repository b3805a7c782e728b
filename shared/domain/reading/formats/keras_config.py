"""A saved Keras model's configuration, judged: every object it names is looked at, wherever it is nested.

Keras builds an object of each `class_name` it finds, looks up texts under keys such as `activation` among its functions,
and opens what stands under `vocabulary` as a file where that is a text.
"""

import json
import re
from typing import Any

from shared.domain.reading.limits import Limits, corrupt, over_limits
from shared.domain.reading.trust.evidence import Evidence
from shared.domain.reading.trust.keras_names import (
    CLASSES,
    CODE_LAYERS,
    FILE_LAYERS,
    FUNCTIONS,
    PLACES,
    TF_FUNCTIONS,
    judge_keras_name,
)

_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "slice"})  # fmt: skip
"""What stands for a plain value: Keras puts it together itself."""
_CALLED_BY_NAME = re.compile(
    r"(.*_)?(activation|initializer|regularizer|constraint|optimizer)|loss|metrics|weighted_metrics|fn"
)
"""Keys under which a text names a function or class."""
_OPENED = frozenset({"vocabulary", "vocabulary_path", "filepath", "file_path", "path", "filename"})
_KNOWN = CLASSES | CODE_LAYERS | FILE_LAYERS
_TF_LAYERS = ("TFOpLambda", "SlicingOpLambda")
_OWN = "custom_objects"
"""What Keras calls the classes that are not its own."""
_LAMBDA = "It has a {}: code of the sender's, which would run when the model is loaded or called."
_SHOWN = 80
_LONGEST_KEY = 100


def parse_config(text: bytes | str, what: str) -> dict[str, Any]:
    """A configuration's JSON. Raises UnreadableModel for anything but an object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise corrupt(f"its {what} is no JSON") from error
    if not isinstance(found, dict):
        raise corrupt(f"its {what} is not what Keras writes")
    return found


def judge_config(config: dict[str, Any], evidence: Evidence, limits: Limits) -> None:
    """Look at all of a configuration; names and offences go to `evidence`. Raises UnreadableModel past the limits."""
    todo: list[tuple[str, Any]] = [("", config)]
    seen = 0
    while todo:
        key, value = todo.pop()
        if isinstance(value, str):
            _judge_text(key, value, evidence)
            continue
        seen += isinstance(value, dict | list)
        if seen > limits.document_nodes:
            raise over_limits("its configuration has more parts than any model's")
        if isinstance(value, list):
            named = key if _calls_by_name(key) else ""
            todo += [(named, inner) for inner in value]
        elif isinstance(value, dict):
            todo += _judge_object(key, value, evidence)


def _calls_by_name(key: str) -> bool:
    """Whether texts under a key are names. Keras has no argument with a long one."""
    return len(key) <= _LONGEST_KEY and _CALLED_BY_NAME.fullmatch(key) is not None


def _judge_object(key: str, value: dict[str, Any], evidence: Evidence) -> list[tuple[str, Any]]:
    """Judge an object and give its parts with the key each is under; a dict by outputs keeps the key it is under."""
    if "class_name" in value:
        _judge_class(value, evidence)
        key = ""
    by_name = _calls_by_name(key)
    return [(key if by_name else str(inner), part) for inner, part in value.items()]


def _judge_class(value: dict[str, Any], evidence: Evidence) -> None:
    name, module = value["class_name"], value.get("module")
    registered, config = value.get("registered_name"), value.get("config")
    if not isinstance(name, str) or not isinstance(module, str | None):
        raise corrupt("its configuration names a class by something else than a text")
    place = "builtins" if module is None else module
    by_keras = place == "builtins"
    if name == "__lambda__":
        evidence.add_dangerous(_LAMBDA.format("lambda function"))
        return
    if name == "function":
        _judge_function(module, config, evidence)
    if registered not in _own_names(name, config):
        evidence.add_name(_OWN, str(registered)[:_SHOWN], judge_keras_name)
    elif name == "function" or (name in _VALUES and by_keras):
        return
    elif name in _TF_LAYERS and (by_keras or PLACES.fullmatch(place)):
        _judge_tf_function(config, evidence)
    elif by_keras:
        evidence.add_name("keras" if name in _KNOWN else _OWN, name, judge_keras_name)
    else:
        evidence.add_name(place, name, judge_keras_name)
    if name in CODE_LAYERS:
        evidence.add_dangerous(_LAMBDA.format(f"{name} layer"))


def _own_names(name: str, config: object) -> tuple[object, ...]:
    """What an object may be registered as: Keras before 3.12 takes that name of any module where it finds no other."""
    return (None, name, config if name == "function" else name.strip("_"))


def _judge_function(module: str | None, config: object, evidence: Evidence) -> None:
    name = config if isinstance(config, str) else str(config)[:_SHOWN]
    if module not in (None, "builtins") and not module.startswith("keras."):
        evidence.add_dangerous(
            f"It asks for a function of another library's: {module[:_SHOWN]}.{name[:_SHOWN]}."
        )
    elif name not in FUNCTIONS:
        evidence.add_name(_OWN, name)


def _judge_tf_function(config: object, evidence: Evidence) -> None:
    name = config.get("function") if isinstance(config, dict) else None
    if not isinstance(name, str) or not TF_FUNCTIONS.fullmatch(name):
        evidence.add_name("tensorflow", str(name)[:_SHOWN])


def _judge_text(key: str, text: str, evidence: Evidence) -> None:
    if key in _OPENED and text:
        evidence.add_dangerous(f"Loading it would open a file: {key} is {text[:_SHOWN]!r}.")
    elif _calls_by_name(key) and text not in FUNCTIONS and text not in CLASSES:
        evidence.add_name(_OWN, text)
