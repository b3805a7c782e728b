"""What keeps the host from starting: gathered while the app is read, told all at once."""


class StartupError(Exception):
    """The app cannot be served; `problems` names every reason, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingError(Exception):
    """One setting is missing or unusable; the message names it and what would do."""
