"""Deviations of what is asked of requests (each chapter's tables of parameters)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REQUESTS"]

REQUESTS: Mapping[str, str] = {
    # what is asked of requests
    "mandatory-unchecked": "mandatory fields may be left out",
    "type-unchecked": "fields may have any type",
    "bound-over-unchecked": "upper bounds of lengths, numbers and counts are not checked",
    "bound-under-unchecked": "lower bounds of lengths, numbers and counts are not checked",
    "enum-unchecked": "enumerations are not checked",
    "pattern-unchecked": "character sets are not checked",
    "together-unchecked": "fields that exclude or need each other are not checked",
    "reference-unchecked": "unknown images, flavors and subnets are accepted and replaced",
    "password-unchecked": "password complexity is not checked",
    "geneve-unchecked": "servers are created in networks for bare metal",
    "private-image-needs-password": "a server of a private image needs a password or a key pair",
    "foreign-subnet-unchecked": "servers are created in subnets of other VPCs than theirs",
    "password-needs-all": "passwords need all four kinds of characters",
    "name-length-unchecked": "names of new servers may be longer than 128 characters",
    "metadata-count-unchecked": "a creation may bring more than 10 pairs of metadata",
    "user-data-unchecked": "user_data need not be base64 and may be of any size",
    "disk-size-unchecked": "the system disk may be smaller than the image needs",
    "address-unchecked": "an address outside the subnet is accepted",
    "batch-size-unchecked": "batch operations take more than 1,000 servers",
    "quota-unchecked": "quotas are not enforced",
    "wrong-method-accepted": "PATCH is answered with 200",
    "media-type-unchecked": "JSON bodies may be labelled as anything",
    "signed-body-unlimited": "signed requests may have bodies of any size",
    "large-body-crashes": "a body of more than 12 MB with a token gives HTTP 500",
    "unknown-field-crashes": "a field that no table lists gives HTTP 500",
    "bound-at-refused": "what is just as large or as long as it may be is refused",
    "bound-least-refused": "texts of one character, and numbers just as small as they may be are refused",
    "unicode-refused": "text outside ASCII is refused",
    "null-actions-refused": "actions with null in the place of their object are refused",
    "crash-on-unknown-id": "an unknown server id gives HTTP 500",
}
