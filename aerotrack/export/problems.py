"""What can be wrong with an export."""


class ExportError(Exception):
    """A table cannot be written in a format; ``code`` is stable, the text says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
