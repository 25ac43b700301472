"""Other behaviour that the document allows as well: the suite is shown to blame none of it.

Each variant is a reading of the document beside the one that the mock has without it; most change answers (`answers`,
`errors`, `wire`), the rest stand where the behaviour lives, as deviations do.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._mock.variants.answers import ANSWERS
from pytest_ecs._mock.variants.errors import ERRORS
from pytest_ecs._mock.variants.wire import WIRE

__all__ = ["VARIANTS"]

#: Name -> what is otherwise, and the ruling or the section that allows it.
VARIANTS: Mapping[str, tuple[str, str]] = {
    **{name: (one.what, one.allowed) for name, one in ANSWERS.items()},
    **{name: (what, allowed) for name, (what, allowed, _) in ERRORS.items()},
    **WIRE,
    "bandwidth-narrow": ("bandwidths of EIPs are from 5 to 300 Mbit/s", "eip-bandwidth-range"),
    "batch-from-one": ("names of a batch count from -0001", "name-suffix-start"),
    "busy-501": ("a batch of servers that something is being done to is refused with 501 and Ecs.0603", "busy-is-501"),
    "byol-unsupported": ("licenses of one's own are refused with Ecs.0090", "A.2"),
    "data-disks-few": ("flavors have at most 23 data disks", "data-disk-limit"),
    "flavor-private": ("one flavor is not for everybody, and refused with Ecs.0027", "5.4.1, A.2"),
    "floating-ips-late": ("floating IP addresses are bound and unbound four seconds later", "floating-ips-later"),
    "recovery-late": ("automatic recovery is configured four seconds later", "recovery-later"),
    "garbage-token-400": ("a token that is none is refused with 400 and Ecs.0023", "A.2"),
    "jobs-slow": ("everything takes three times as long", "5.8.1"),
    "limit-over-refused": ("a limit above 1000 is refused", "list-limit"),
    "limit-zero-page": ("limit=0 asks for a page of the usual length", "list-limit"),
    "local-disk-refused": ("a disk with destination_type local is refused", "destination-local"),
    "nics-few": ("flavors have at most 4 NICs", "nics-limit"),
    "null-actions-lenient": ("actions that ask for null take any object too", "null-actions"),
    "null-actions-strict": ("actions that ask for null refuse an empty object", "null-actions"),
    "quotas-low": ("a project may have few servers, EIPs and groups", "5.7.1"),
    "quotas-high": ("a project may have ten times as much", "5.7.1"),
    "reference-urls-refused": ("images and flavors are named by ids only, not by URLs", "image-ref-form"),
    "unknown-reference-404": ("an unknown image or flavor of a native creation is refused with 404", "image-ref-form"),
}
