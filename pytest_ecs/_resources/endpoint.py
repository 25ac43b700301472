"""One spelling for each endpoint, so that what was created at it is found again however its URL is written."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["one_spelling"]

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = "127.0.0.1"


def one_spelling(url: str) -> str:
    """Return *url* with scheme and host in lower case, no default port, no slash at its end, and one name for this computer."""
    parts = urlsplit(url.strip())
    try:
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    if not host:
        return url
    if host in {"localhost", "::1", "0.0.0.0"} or host.startswith("127."):  # noqa: S104 - compared, not bound
        host = _LOOPBACK
    where = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS.get(parts.scheme):
        where = f"{where}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"
