"""How much of a file the reader looks at before it gives up. Each figure bounds memory or time, whatever the file says."""

from dataclasses import dataclass

from shared.domain.inspection import UnreadableCode, UnreadableModel

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes are bytes, all others are counts."""

    content: int = 16 * GIB
    unpacked: int = 8 * GIB
    lz4_unpacked: int = 512 * MIB
    """lz4 is unpacked in plain Python, 15 to 70 MB a second."""
    free_ratio_below: int = 64 * MIB
    """Unpacked bytes that are never judged by ratio: small files of zeros shrink without any harm."""
    ratio: int = 200
    slow_ratio: int = 60
    """For bz2, xz and lzma, which unpack 400 to 500 MB a second even of zeros, a fifth of what zlib does."""
    lzma_memory: int = 160 * MIB
    """xz and lzma name the dictionary they need; level 9 needs 65 MiB."""

    opcodes: int = 4_000_000
    objects: int = 700_000
    judged: int = 500_000
    """Values that rules look at, to tell whether a library may be given them."""
    described: int = 1_000_000
    """Values that are looked at for facts, each as often as it is: parts of a model may be shared, or hold themselves."""
    memo: int = 1_200_000
    stack: int = 1_000_000
    marks: int = 10_000
    kept_text: int = 96 * MIB
    """All strings and bytes kept together; a single one longer than `kept_value` is skipped and only its size kept."""
    kept_value: int = 64 * KIB
    kept_ends: int = 32
    """Boosters in a pickle of which the first and last `kept_value` bytes are kept."""
    kept_items: int = 20_000
    """Of a longer list or dict the first ones are kept: enough for every fact the reader looks for."""
    names: int = 2_000
    name: int = 300

    passed_over: int = 1_200_000
    """Values of a booster's document that are passed over one by one: fifty thousand trees have one million."""
    fields: int = 400_000
    """Parts of a protocol buffer that are looked at one by one."""
    nesting: int = 24
    """Levels of trees that are read by recursion: graphs in graphs, types of types."""
    sample_values: int = 4_096
    """Numbers in a sample input; larger inputs are described without one."""

    entries: int = 20_000
    """Files in a zip: a folder, or the arrays of a forest saved by skops."""
    unpacked_file: int = 64 * MIB
    """A file in an archive that is unpacked into memory to be read in any order."""
    document: int = 4 * MIB
    """MLmodel, requirements.txt and their kind."""
    document_nodes: int = 100_000
    yaml_events: int = 10_000
    """Values, keys, and beginnings and ends of groups; MLflow's own files have some hundred."""
    schema: int = 32 * MIB
    """What skops writes of a model besides its arrays; a forest of a thousand trees has 16 MiB."""
    schema_nodes: int = 700_000
    schema_depth: int = 100
    columns: int = 10_000
    classes: int = 1_000


DEFAULT_LIMITS = Limits()


def over_limits(what: str) -> UnreadableModel:
    """The error for a file that asks for more than its share of reading."""
    return UnreadableModel(
        UnreadableCode.OVER_LIMITS,
        f"Reading stopped: {what}.",
        "Save the fitted estimator alone, without data or caches, and upload it again.",
    )


def corrupt(what: str) -> UnreadableModel:
    """The error for a file that no loader could load, or that two loaders would read differently."""
    return UnreadableModel(
        UnreadableCode.CORRUPT,
        f"The file is broken: {what}.",
        "Save the model again, check that it loads, and upload the whole file.",
    )
