"""Whose things findings are about, by the name that they sign in with: their own records tell, and each user is asked for once."""

from dataclasses import dataclass, field

from shared.ports import Tables
from shared.service import listing


@dataclass(slots=True)
class Owners:
    """What one run has found out."""

    tables: Tables
    _known: dict[str, str] = field(default_factory=dict)

    def name(self, user_key: str) -> str:
        """A user's name; their key, where they have no deployment to tell it; empty for nobody's. Raises StoreError."""
        if user_key and user_key not in self._known:
            self._known[user_key] = self._find(user_key) or user_key
        return self._known.get(user_key, "")

    def _find(self, user_key: str) -> str:
        for row in listing.deployment_rows(self.tables, user_key, ("user_id",)):
            if told := row.values.get("user_id"):
                return str(told)
        return ""
