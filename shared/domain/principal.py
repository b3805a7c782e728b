"""Who is asking, as verified by the door they came through."""

import hashlib
from dataclasses import dataclass


def user_key(issuer: str, user_id: str) -> str:
    """The partition of a user's rows: a hash, never the text a user may choose."""
    return hashlib.sha256(f"{issuer}\n{user_id}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, by the name its issuer gives it, and whether it may do an operator's work."""

    user_id: str
    issuer: str
    is_operator: bool = False

    @property
    def user_key(self) -> str:
        """The partition this principal's rows are in; it reaches no other."""
        return user_key(self.issuer, self.user_id)
