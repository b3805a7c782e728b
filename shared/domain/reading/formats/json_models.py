"""JSON files: whose model one holds is told by the names at its top."""

from shared.domain.inspection import Inspection
from shared.domain.reading.containers.json_skim import skim_json
from shared.domain.reading.facts.xgboost_facts import UNWANTED
from shared.domain.reading.formats import xgboost_models
from shared.domain.reading.formats.booster_files import unsupported
from shared.domain.reading.model_file import ModelFile, not_a_model

_CATBOOST = frozenset({"oblivious_trees", "ctr_data"})
"""CatBoost's trees and category statistics: its long parts."""


def read(model_file: ModelFile) -> Inspection:
    """The inspection of an XGBoost model. Raises UnreadableModel for all others, with what to save instead."""
    model_file.file.seek(0)
    document = skim_json(model_file.file, model_file.limits, unwanted=UNWANTED | _CATBOOST)
    if not isinstance(document, dict):
        raise not_a_model("The file is JSON, but no model that is read here.")
    if "model_info" in document and "features_info" in document:
        raise unsupported(
            "The file is a CatBoost model in JSON, from which MLflow cannot serve.",
            "Save it with model.save_model('model.cbm') and upload that file.",
        )
    if "feature_names" in document and "max_feature_idx" in document:
        raise unsupported(
            "The file is LightGBM's description of a model in JSON (dump_model), which LightGBM cannot load.",
            "Save it with booster.save_model('model.txt') and upload that file.",
        )
    if "learner" not in document and "Model" not in document:
        raise not_a_model("The file is JSON, but no model that is read here.")
    return xgboost_models.inspect_document(model_file, document, written_as="json")
