"""Refusals that the client is meant to read."""

from __future__ import annotations


class EngineError(Exception):
    """A refusal with the protocol's code and HTTP status."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


def invalid(message: str) -> EngineError:
    """The request does not fit the protocol, or lacks what its loss needs."""
    return EngineError("request.invalid", 400, message)
