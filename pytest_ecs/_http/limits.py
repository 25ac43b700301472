"""Every time limit, number of attempts and size that requests keep to, in one table. Times are seconds.

========================  =============  =================================================================================
Limit                     Value          What it is for
========================  =============  =================================================================================
--ecs-request-timeout     60 (default)   one attempt as a whole, from the first byte sent to the last byte read
PAUSES                    1, 2, 4, 8     after a lost answer or 502, 503, 504 to a request that changes nothing (GET, HEAD),
                                         after no connection at all to any request, and after those answers to a login
THROTTLE_PAUSES           1 to 30        after 429 without Retry-After, for any request: it was not done
LONGEST_WAIT              120            the most that Retry-After is waited for
TIMEOUTS                  1              how often a request is repeated after a time-out
SUSPECT                   3              after so many requests in a row without an answer, no request is repeated
IN_A_ROW                  8              after so many in a row the run stops
RENEWAL_MARGIN            600            how long before its end a token is replaced (4.2: it is valid for 24 hours)
BODY                      16 MiB         the longest answer that is read, after decompression too
TEXT                      4,000          characters that are recorded of a text that is no JSON
DEPTH                     100            levels of nesting that are recorded of JSON
========================  =============  =================================================================================

A request that may have changed something is never repeated after its answer was lost: its exchange says so instead.
"""

from __future__ import annotations

__all__ = [
    "BODY",
    "DEPTH",
    "GATEWAY",
    "IN_A_ROW",
    "LONGEST_WAIT",
    "PAUSES",
    "RENEWAL_MARGIN",
    "SUSPECT",
    "TEXT",
    "THROTTLE_PAUSES",
    "TIMEOUTS",
]

#: What a gateway or throttling answers; the service behind it was not heard, so it is no verdict on it.
GATEWAY = frozenset({429, 502, 503, 504})
PAUSES = (1.0, 2.0, 4.0, 8.0)
THROTTLE_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
LONGEST_WAIT = 120.0
TIMEOUTS = 1
SUSPECT = 3
IN_A_ROW = 8
RENEWAL_MARGIN = 600.0
BODY = 16 * 2**20
TEXT = 4000
DEPTH = 100
