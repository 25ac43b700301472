"""What the HTTP library must not say to anybody's log."""

from __future__ import annotations

import logging

__all__ = ["keep_quiet"]

#: The loggers that tell of each header, tokens among them, before anybody could know that they are secret.
_TALKERS = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks", "httpcore")


def keep_quiet() -> None:
    """Let no record of the HTTP library below INFO reach any handler, whatever level somebody sets."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        if _no_details not in logger.filters:
            logger.addFilter(_no_details)


def _no_details(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO
