"""What the app is told when it runs in the local cloud: `shared/settings.py` reads it in each host."""

import os
from collections.abc import Mapping

CONTAINER = "longshore"
"""Holds the content; the emulator's `workspaceblobstore` lies over the same one."""

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def process_env() -> dict[str, str]:
    """What every part inherits of this process's environment: nothing that could change results."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def app_env(*, storage: str, azure_ml: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a function host; `settings` come last and win."""
    return {
        **process_env(),
        "AUTH_MODE": "local",
        "OPERATORS": "local",
        "PRODUCER_USERS": "local",
        "AzureWebJobsStorage": storage,
        "AZURE_ML_URL": azure_ml,
        "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000001",
        "AZURE_RESOURCE_GROUP": "local",
        "AZURE_ML_WORKSPACE": "local",
        "CONTENT_CONTAINER": CONTAINER,
        "SWEEP_SCHEDULE": "*/30 * * * * *",
        "ARTIFACTS_SCHEDULE": "0 0 3 * * *",
        "RECONCILE_SCHEDULE": "0 0 4 * * *",
        "USAGE_SCHEDULE": "0 0 2 * * *",
        "IDENTITY_ENDPOINT": f"{azure_ml}/msi/token",
        "IDENTITY_HEADER": "local",
        **settings,
    }
