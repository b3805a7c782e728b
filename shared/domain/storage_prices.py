"""What kept bytes cost a month. Azure's price, dated; what S3 asks differs by a few percent."""

A_GIB_MONTH = 0.0184
"""USD for Blob Storage, general purpose v2, block blobs, hot, LRS, the first 50 TiB, in East US: as pages that cite
https://azure.microsoft.com/pricing/details/storage/blobs/ had it in 2025; Azure itself was not asked. Requests come on top."""


def cost_a_month(size: int) -> float:
    """What so many bytes cost a month, in USD."""
    return size / 1024**3 * A_GIB_MONTH
