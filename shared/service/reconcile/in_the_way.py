"""Why a repair is not done, in words for the report."""

from shared.domain.errors import LongshoreError


class NotNow(LongshoreError):
    """Something is in the way that will pass, or that somebody else has begun; the message says what."""


class Stays(NotNow):
    """It cannot be done as long as something is there that is not ours, or that is needed again."""
