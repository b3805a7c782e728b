"""How the demo says that something did not go as it should."""


class DemoFailure(Exception):
    """What happened, and what to look at next; one line each."""
