"""Every time limit, number of attempts and size that requests keep to, in one table. Times are seconds."""

from __future__ import annotations

__all__ = ["GATEWAY", "PAUSES", "RENEWAL_MARGIN"]

#: What a gateway or throttling answers; the service behind it was not heard, so it is no verdict on it.
GATEWAY = frozenset({429, 502, 503, 504})
#: A request that may be repeated is, after each of these pauses on the target's clock.
PAUSES = (1.0, 2.0, 4.0)
#: How long before its end a token is replaced (4.2: it is valid for 24 hours).
RENEWAL_MARGIN = 600.0
