"""App settings: the environment, and beneath it the `Values` of local.settings.json.

They fill `%NAME%` in bindings, name connections and switch functions off, as in the real host.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import azurite
from local.host.problems import SettingError

_CONNECTION = re.compile(
    r"(?=.*(?:AccountName|SharedAccessSignature)=)\s*(?:\w+=[^;]*;)*\w+=[^;]*;?\s*"
)
_REFERENCE = re.compile(r"%([^%]+)%")


def read(app_folder: Path, environment: Mapping[str, str], problems: list[str]) -> "Settings":
    """The environment with local.settings.json beneath it; its faults go to `problems`."""
    values: object = {}
    try:
        content = json.loads((app_folder / "local.settings.json").read_text())
        values = content.get("Values", {}) if isinstance(content, dict) else None
    except FileNotFoundError:
        pass  # the file is optional: everything may come from the environment
    except ValueError as error:
        problems.append(f"local.settings.json is not JSON: {error}")
    if not isinstance(values, dict):
        problems.append("local.settings.json must hold an object with an object Values")
        values = {}
    return Settings({str(name): str(value) for name, value in values.items()} | dict(environment))


@dataclass(frozen=True, slots=True)
class Settings:
    """The app's settings by name."""

    values: Mapping[str, str]

    def resolve(self, text: str) -> str:
        """`text` with every `%NAME%` replaced. Raises SettingError for a name that is not set."""

        def value(match: re.Match[str]) -> str:
            found = self.values.get(match[1])
            if found is None:
                raise SettingError(f"setting {match[1]} is not set (used as {match[0]})")
            return found

        return _REFERENCE.sub(value, text)

    def connection(self, name: str) -> str:
        """The connection string a binding's `connection` names. Raises SettingError.

        Looked up as `AzureWebJobs<name>`, then `<name>`. `UseDevelopmentStorage=true` means
        Azurite on its own ports.
        """
        for key in (f"AzureWebJobs{name}", name):
            if value := self.values.get(key):
                if value.strip().rstrip(";").lower() == "usedevelopmentstorage=true":
                    return azurite.connection_string(azurite.DEFAULT_PORTS)
                if not _CONNECTION.fullmatch(value):
                    raise SettingError(f"connection {key} holds no storage connection string")
                return value
        if any(key.startswith(f"{name}__") for key in self.values):
            raise SettingError(
                f"connection {name} is identity-based ({name}__...); the local host reads "
                f"connection strings only: set {name}"
            )
        raise SettingError(f"connection {name} is not set; it must hold a connection string")

    def is_disabled(self, function: str) -> bool:
        """Whether `AzureWebJobs.<function>.Disabled` switches the function off."""
        value = self.values.get(f"AzureWebJobs.{function}.Disabled", "")
        return value.lower() in {"1", "true"}
