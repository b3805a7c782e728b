"""The model in an MLflow folder, described by its MLmodel file and by what its model file tells."""

from dataclasses import replace

from shared.domain.inspection import Inspection, Json, ModelFormat
from shared.domain.reading.containers.entries import FileArchive
from shared.domain.reading.facts.columns import describe_columns
from shared.domain.reading.facts.signatures import convert_sample
from shared.domain.reading.formats.mlflow_folder import MlflowFolder, read_mlflow_folder
from shared.domain.reading.formats.pickled_models import describe_estimator
from shared.domain.reading.model_file import ModelFile


def read_folder(model_file: ModelFile, archive: FileArchive) -> Inspection:
    """The inspection of the folder in an archive. Raises UnreadableModel."""
    limits = model_file.limits
    folder = read_mlflow_folder(archive, model_file.parse_yaml, model_file.evidence, limits)
    columns, sample, named = describe_columns(folder.model, limits)
    if folder.inputs:
        sample = _fit_sample(
            folder, dict(zip([column.name for column in columns], sample or (), strict=True))
        )
        columns, named = folder.inputs, folder.inputs[0].name is not None
    blank = model_file.blank(ModelFormat.MLFLOW, "sklearn")
    inspection = describe_estimator(blank, folder.model, limits)
    return replace(
        inspection,
        written_by=folder.serialization,
        libraries=tuple(sorted((folder.libraries | dict(inspection.libraries)).items())),
        python_version=folder.python_version,
        features=columns,
        named_features=named,
        sample_row=sample,
        mlmodel=folder.mlmodel,
    )


def _fit_sample(folder: MlflowFolder, known: dict[str | None, Json]) -> tuple[Json, ...]:
    """A value for each column of the folder's own signature: the one the model tells, in the signature's type."""
    return tuple(convert_sample(known.get(column.name), column) for column in folder.inputs)
