"""What a commit must be before it is sent: the one check of both twins of Tables."""

from collections.abc import Sequence

from shared.domain import limits
from shared.ports import Delete, Insert, Operation


def check(table: str, operations: Sequence[Operation]) -> None:
    """Raises ValueError for a commit that Table Storage would refuse, or that has no condition."""
    limits.check_table(table)
    limits.check_operations([(each.row.partition, each.row.key) for each in operations])
    size = 0
    for operation in operations:
        row = operation.row
        if not isinstance(operation, Insert):
            limits.check_etag(row.etag)
        size += limits.check_row(row.partition, row.key, row.values)
    if len(operations) > 1:
        limits.check_payload(
            [each.row.values for each in operations if not isinstance(each, Delete)], size
        )
