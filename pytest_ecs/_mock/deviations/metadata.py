"""Deviations of metadata, tags, key pairs and passwords (5.10, 6.8 to 6.12)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["METADATA"]

METADATA: Mapping[str, str] = {
    # metadata
    "metadata-state-unchecked": "metadata can be changed in any state",
    "metadata-quota-unchecked": "a server can have any number of metadata",
    "metadata-update-replaces": "updated metadata replaces what is there",
    "metadata-set-merges": "configured metadata is added to what is there",
    "metadata-unknown-deleted": "deleting an unknown key is a success",
    "metadata-delete-noop": "deleted metadata stays",
    "metadatum-in-metadata": "one pair is wrapped in metadata, not in meta",
    "metadatum-key-unchecked": "the key in the body may be another one than in the URL",
    "metadatum-set-replaces": "a modified key removes all others",
    # tags
    "tags-duplicates-unchecked": "a request may have a tag key twice",
    "tags-limit-unchecked": "a server can have more than 10 tags",
    "tags-not-idempotent": "adding a tag that is there is an error",
    "tags-overwritten-everywhere": "a tag that is overwritten at one server is overwritten at all that have its key",
    "tags-not-overwritten": "a tag keeps its value when it is added with another one",
    "tags-delete-noop": "tags are reported as deleted and stay",
    "tags-delete-unknown-refused": "deleting a tag that is not there is an error",
    "tags-delete-value-ignored": "a tag is deleted whatever its value",
    "project-tags-repeated": "values of project tags are listed once for each server",
    "tags-query-tags-ignored": "the query of servers ignores tags",
    "tags-query-any": "the query finds servers with any of the tags",
    "tags-query-not-tags-ignored": "the query of servers ignores not_tags",
    "tags-query-matches-ignored": "the query of servers ignores matches",
    "tags-query-offset-ignored": "the query of servers ignores offset",
    "tags-query-limit-ignored": "the query of servers ignores limit",
    "tags-count-paged": "total_count is the number of servers on the page",
    "tags-below-microversion": "native tags are there below microversion 2.26",
    "tags-set-merges": "a new list of native tags is added to what is there",
    "tags-clear-noop": "all native tags are reported as deleted and stay",
    "tag-add-noop": "a native tag is reported as added and is not",
    "tag-not-idempotent": "adding a native tag that is there is an error",
    "tag-always-there": "a server has every native tag that is asked for",
    "tag-delete-noop": "a native tag is reported as deleted and stays",
    "native-tags-limit-unchecked": "more than 50 native tags can be added one by one",
    # key pairs and passwords
    "keypairs-of-all-users": "key pairs of other users are listed",
    "keypairs-unwrapped": "listed key pairs are not wrapped in keypair objects",
    "keypair-deleted-string": "deleted is a string",
    "keypair-user-unchecked": "key pairs can be made for other users",
    "keypair-duplicates": "a key pair can be made again under its name",
    "keypair-length-unchecked": "public keys may have any length",
    "keypair-content-unchecked": "public keys may be any text",
    "keypair-not-kept": "a key pair is reported as made and is not there",
    "keypair-private-missing": "a new key pair comes without its private key",
    "keypair-private-of-another": "the private key of a new key pair belongs to another public key",
    "keypair-delete-noop": "key pairs are reported as deleted and stay",
    "password-in-clear": "the password of a Windows server is shown in clear",
    "password-null": "a server without a password has null",
    "password-delete-noop": "the record of a password stays when it is deleted",
}
