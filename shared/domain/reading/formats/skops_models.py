"""Models saved by skops: a zip with a tree of nodes in JSON and the arrays beside it, read like what a pickle builds."""

from dataclasses import replace

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.packaging.environment import parse_version
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.facts.answering import find_mute
from shared.domain.reading.facts.columns import describe_columns, takes_texts
from shared.domain.reading.facts.estimators import is_estimator
from shared.domain.reading.facts.kinds import tell_no_model
from shared.domain.reading.facts.samples import TEXTS
from shared.domain.reading.formats.pickled_models import describe_estimator
from shared.domain.reading.formats.skops_nodes import LOADERS
from shared.domain.reading.formats.skops_tree import SkopsTree, read_schema
from shared.domain.reading.limits import over_limits
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.pickles.graph import Value

_NEWEST_PROTOCOL = 2
_SHOWN = 80


def read_archive(model_file: ModelFile, archive: Archive) -> Inspection:
    """The inspection of a model saved by skops. Raises UnreadableModel.

    `names` holds every name for which skops asks `trusted=`, in its own spelling.
    """
    schema = read_schema(archive, model_file.limits)
    protocol = schema.get("protocol")
    if type(protocol) is not int or not 0 <= protocol <= _NEWEST_PROTOCOL:
        raise UnreadableModel(
            UnreadableCode.UNSUPPORTED,
            f"The file is of skops's protocol {str(protocol)[:20]}, which is not read here.",
            "Save it again with skops 0.16 or earlier.",
        )
    tree = SkopsTree(archive, model_file.evidence, model_file.limits, LOADERS, protocol)
    try:
        root = tree.build(schema)
    except RecursionError as error:
        raise over_limits("it is nested deeper than any model is") from error
    _note_leftovers(model_file, archive, tree)
    return _describe(model_file, root, schema.get("_skops_version"))


def _describe(model_file: ModelFile, root: Value, version: object) -> Inspection:
    if model_file.evidence.verdict is Verdict.CLEAN and not is_estimator(root):
        raise tell_no_model(root)
    columns, sample, named = describe_columns(root, model_file.limits)
    known = parse_version(version) if isinstance(version, str) else None
    described = describe_estimator(
        model_file.blank(ModelFormat.SKOPS, "python_function"), root, model_file.limits
    )
    return replace(
        described,
        written_by=f"skops {known}" if known else "skops",
        libraries=(*described.libraries, *((("skops", known),) if known else ())),
        needs=described.needs if known else (*described.needs, "skops"),
        features=columns,
        named_features=named,
        sample_row=sample,
        sample_input=TEXTS if not columns and takes_texts(root) else None,
        obstacle=find_mute(root),
    )


def _note_leftovers(model_file: ModelFile, archive: Archive, tree: SkopsTree) -> None:
    """Files that no node refers to are nothing that skops wrote."""
    for entry in archive.entries:
        if entry.name not in tree.used:
            model_file.evidence.add_unknown(
                f"It holds a file that is no part of the model: {entry.name[:_SHOWN]!r}."
            )
