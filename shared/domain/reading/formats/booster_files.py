"""Model files of the gradient boosting libraries: what they tell, put into an `Inspection`.

Such files are clean: their loaders build trees out of numbers. What was looked at in the libraries' source is told below.
"""

from dataclasses import replace

from shared.domain.inspection import Inspection, ModelFormat, UnreadableCode, UnreadableModel
from shared.domain.reading.facts.boosters import BoosterFacts
from shared.domain.reading.model_file import ModelFile

# XGBoost (src/learner.cc, src/gbm/): objective and booster are looked up by name among those compiled in, an unknown one
# is an error; attributes are texts; a model file has no training parameters (process_type, updater).
# LightGBM (src/boosting/gbdt_model_text.cpp): the parameters behind the trees, among them paths such as
# forcedsplits_filename and machine_list_filename, are kept as text, to be shown; `parser:` is for predicting from text
# files, which serving does not do.
# CatBoost (catboost/libs/model/): parts for texts and embeddings are numbers and dictionaries of the library's own;
# `params` is there to train on.
_SKLEARN_CLASSES = "xgboost.XGB"


def inspect_booster(
    model_file: ModelFile, kind: ModelFormat, facts: BoosterFacts, *, written_as: str
) -> Inspection:
    """The inspection of a file of one of the three libraries."""
    needs: tuple[str, ...] = () if facts.version else (facts.library,)
    if (facts.model_class or "").startswith(_SKLEARN_CLASSES):
        needs += ("scikit-learn",)
    told = {
        "objective": facts.objective,
        "trees": None if facts.trees is None else str(facts.trees),
        "predicts": facts.predicts,
    }
    return replace(
        model_file.blank(kind, facts.library),
        written_by=written_as,
        estimator=facts.model_class,
        libraries=((facts.library, facts.version),) if facts.version else (),
        needs=needs,
        features=facts.columns,
        named_features=facts.named,
        classes=facts.classes,
        sample_row=facts.sample or None,
        details=(*((name, value) for name, value in told.items() if value), *facts.details),
    )


def unsupported(reason: str, remedy: str) -> UnreadableModel:
    """The error for a file that a library wrote for another purpose than loading it again, or long ago."""
    return UnreadableModel(UnreadableCode.UNSUPPORTED, reason, remedy)
