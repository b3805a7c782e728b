"""The data that every recipe learns from: a few rows, the same in every version of numpy and pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

ROWS = 60
CITIES = ("Bonn", "Rom", "Ulm")


def numbers() -> Any:
    """Four columns of doubles."""
    return np.random.RandomState(7).normal(size=(ROWS, 4))


def kinds() -> Any:
    """Three classes that depend on the numbers."""
    x = numbers()
    return (x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5).astype(int)


def amounts() -> Any:
    """A quantity that depends on the numbers."""
    x = numbers()
    return 3 + 2 * x[:, 0] - x[:, 1] + 0.5 * x[:, 2] * x[:, 3]


def counts() -> Any:
    """Whole amounts, never negative."""
    return np.floor(np.exp(0.3 * amounts())).astype(int)


def people() -> Any:
    """A data frame with a column of each kind: double, string, boolean and long."""
    import pandas as pd  # noqa: PLC0415 - not every environment has it

    chance = np.random.RandomState(11)
    return pd.DataFrame(
        {
            "age": chance.uniform(18, 80, ROWS).round(1),
            "city": [CITIES[at] for at in chance.randint(0, 3, ROWS)],
            "member": chance.randint(0, 2, ROWS).astype(bool),
            "visits": chance.randint(0, 4, ROWS),
        }
    )


PEOPLE_COLUMNS = [["age", "double"], ["city", "string"], ["member", "boolean"], ["visits", "long"]]


def answers() -> Any:
    """What people answered: yes or no."""
    rows = people()
    return np.where((rows["age"] > 45) ^ rows["member"], "yes", "no")


def texts() -> list[str]:
    """Short texts about two things."""
    return ["red fish in the sea", "blue fish", "green tree on a hill", "old tree"] * 10


def topics() -> list[str]:
    """What the texts are about."""
    return ["fish", "fish", "tree", "tree"] * 10
