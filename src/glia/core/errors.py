"""Errors a person can act on: what was found, where, what was expected, what to do."""

from __future__ import annotations

from typing import Any

__all__ = ["BundleError", "DataError", "GliaError", "GliaWarning", "TrainingError", "UsageError"]


class GliaWarning(UserWarning):
    """The category of every warning that glia itself raises."""


class GliaError(Exception):
    """The root of every error that glia raises on purpose; build one of its four kinds, never this.

    Args:
        code: A stable word for programs, such as ``"target_missing"``.
        text: What was found and what was expected, in one or two sentences.
        remedy: What the person can do next.
        file: The file at fault.
        line: The line at fault, counted from 1.
        column: The column (of the table) at fault.

    Example:
        >>> print(DataError("one_class", "every row is 'yes'", remedy="bring rows of a second class"))
        every row is 'yes'; bring rows of a second class [one_class]
    """

    exit_code = 1

    def __init__(
        self,
        code: str,
        text: str,
        *,
        remedy: str = "",
        file: object = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        self.code = code
        self.text = text
        self.remedy = remedy
        self.file = None if file is None else str(file)
        self.line = line
        self.column = column
        super().__init__(text)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        if self.column is not None:
            place = f"{place}, column {self.column!r}" if place else f"column {self.column!r}"
        said = f"{place}: {self.text}" if place else self.text
        return f"{said}; {self.remedy} [{self.code}]" if self.remedy else f"{said} [{self.code}]"

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments do not survive the default protocol, and worker processes send errors home.
        return (_rebuild, (type(self), self.as_dict()))

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the JSON object that ``--json`` prints under ``error``."""
        return {
            "code": self.code,
            "text": self.text,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "remedy": self.remedy,
        }


def _rebuild(kind: type[GliaError], fields: dict[str, Any]) -> GliaError:
    return kind(fields.pop("code"), fields.pop("text"), **fields)


class UsageError(GliaError):
    """The question itself is off: an unknown option, name or combination (exit code 2)."""

    exit_code = 2


class DataError(GliaError):
    """The data cannot be read rightly or cannot answer the question (exit code 3)."""

    exit_code = 3


class TrainingError(GliaError):
    """Training could not go on (exit code 4)."""

    exit_code = 4


class BundleError(GliaError):
    """A bundle is damaged, incomplete or of a format this version cannot read (exit code 5)."""

    exit_code = 5
