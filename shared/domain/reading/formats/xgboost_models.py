"""XGBoost's own model files: UBJSON, JSON (handed over by `json_models`), and the binary form it no longer reads."""

from typing import Any

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.reading.containers.content import PlainContent
from shared.domain.reading.containers.ubjson import skim_ubjson
from shared.domain.reading.facts.xgboost_facts import UNWANTED, describe_xgboost
from shared.domain.reading.formats.booster_files import inspect_booster, unsupported
from shared.domain.reading.limits import corrupt
from shared.domain.reading.model_file import ModelFile, not_a_model

_REMEDY = (
    "Load it with the xgboost that wrote it, call booster.save_model('model.json') on it "
    "(xgboost 1.0 or later), and upload that file."
)
_UBJSON = b"{L"


def read(model_file: ModelFile) -> Inspection:
    """The inspection of a file that begins as UBJSON or as the old binary form. Raises UnreadableModel."""
    if model_file.head(2) != _UBJSON:
        raise unsupported(
            "The file is an XGBoost model in the binary form that newer releases do not read.",
            _REMEDY,
        )
    model_file.file.seek(0)
    content = PlainContent(model_file.file, model_file.size)
    document = skim_ubjson(content, model_file.size, model_file.limits, unwanted=UNWANTED)
    return inspect_document(model_file, document, written_as="ubjson")


def inspect_document(model_file: ModelFile, document: Any, *, written_as: str) -> Inspection:
    """The inspection of a document that was read. Raises UnreadableModel for what XGBoost would not load."""
    if not isinstance(document, dict):
        raise not_a_model("The file is UBJSON, but no model that is read here.")
    if "Model" in document:
        raise unsupported(
            "The file is an XGBoost memory snapshot, which other releases do not read.", _REMEDY
        )
    learner = document.get("learner")
    if not isinstance(learner, dict):
        raise not_a_model("The file is no XGBoost model: it has no 'learner'.")
    if "learner_train_param" in learner:
        raise not_a_model("The file is an XGBoost configuration (save_config), without the model.")
    if not all(_is_object(learner, name) for name in ("gradient_booster", "learner_model_param")):
        raise corrupt("it has not all that XGBoost needs to load a model")
    facts = describe_xgboost(document, model_file.limits)
    if facts.objective is None:
        raise corrupt("it names no objective, without which XGBoost loads no model")
    return inspect_booster(model_file, ModelFormat.XGBOOST, facts, written_as=written_as)


def _is_object(learner: dict[str, Any], name: str) -> bool:
    return isinstance(learner.get(name), dict)
