"""Stand-ins for Glance and Cinder: Nova's own fixtures, with lists and with things that do not exist."""

from __future__ import annotations

import copy
from datetime import UTC, datetime


def now() -> str:
    """The time as Cinder says it; what is older than a run is not the run's to delete."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def glance_class():
    """nova's Glance fixture, with listing filters and safe creation."""
    from nova.tests import fixtures as nova_fixtures

    class Glance(nova_fixtures.GlanceFixture):
        def create(self, context, metadata, data=None):
            return super().create(context, copy.deepcopy(metadata), data)

        def detail(self, context, **kwargs):
            found = super().detail(context)
            filters = kwargs.get("filters") or {}
            for name in ("name", "status"):
                if name in filters:
                    found = [image for image in found if image.get(name) == filters[name]]
            marker, limit = kwargs.get("marker"), kwargs.get("limit")
            if marker:
                ids = [image["id"] for image in found]
                if marker in ids:
                    found = found[ids.index(marker) + 1 :]
            return found[:limit] if limit else found

    return Glance


def cinder_class():
    """nova's Cinder fixture, with a list of volumes that exist."""
    import fixtures
    from nova import exception
    from nova.tests import fixtures as nova_fixtures
    from oslo_utils import uuidutils

    class Cinder(nova_fixtures.CinderFixture):
        def _create_fakes(self):
            super()._create_fakes()
            self.known = [uuidutils.generate_uuid() for _ in range(4)]
            for name, function in (
                ("get_all", self.list_volumes),
                ("delete", self.delete_volume),
                ("create_snapshot", self.fake_create_snapshot_force),
                ("delete_snapshot", self.delete_snapshot),
                ("get_all_snapshots", lambda context: list(self.volume_snapshots.values())),
                ("get_snapshot", self.one_snapshot),
            ):
                self.useFixture(
                    fixtures.MockPatch("nova.volume.cinder.API." + name, side_effect=function, autospec=False)
                )

        def exists(self, volume_id):
            return volume_id in self.volumes or volume_id in self.known or volume_id == self.IMAGE_BACKED_VOL

        def fake_get(self, context, volume_id, microversion=None):
            if not self.exists(volume_id):
                raise exception.VolumeNotFound(volume_id=volume_id)
            volume = dict(super().fake_get(context, volume_id, microversion))
            # Nova's fixture does this only for volumes that nobody created.
            attached = {
                one["instance_uuid"]: {"attachment_id": one["id"], "mountpoint": one.get("mountpoint", "/dev/vdb")}
                for one in self.volume_to_attachment[volume_id].values()
            }
            if attached:
                volume.update(status="in-use", attach_status="attached", attachments=attached)
            volume.setdefault("created_at", "2026-01-01T00:00:00.000000")
            volume.setdefault("bootable", False)
            volume.setdefault("volume_type_id", None)
            volume.setdefault("snapshot_id", None)
            volume.setdefault("display_description", "")
            volume.setdefault("volume_metadata", {})
            return volume

        def fake_vol_create(self, context, size, name, description, snapshot=None, image_id=None, **kwargs):
            volume = super().fake_vol_create(context, size, name, description, snapshot, image_id, **kwargs)
            # As in Cinder, a disk boots that was made from an image, or from a snapshot of one that was.
            origin = self.fake_get(context, snapshot["volume_id"]) if snapshot else {}
            volume["bootable"] = bool(image_id or origin.get("bootable"))
            volume["created_at"] = now()
            return self.fake_get(context, volume["id"])

        def list_volumes(self, context, search_opts=None):
            return [self.fake_get(context, item) for item in [*self.known, *self.volumes]]

        def delete_volume(self, context, volume_id):
            if not self.exists(volume_id):
                raise exception.VolumeNotFound(volume_id=volume_id)
            self.volumes.pop(volume_id, None)
            if volume_id in self.known:
                self.known.remove(volume_id)

        def fake_create_snapshot_force(self, context, volume_id, name, description):
            size = self.fake_get(context, volume_id)["size"]
            snapshot = super().fake_create_snapshot_force(context, volume_id, name, description)
            snapshot.update(volume_size=size, created_at=now())
            return snapshot

        def delete_snapshot(self, context, snapshot_id):
            self.one_snapshot(context, snapshot_id)
            del self.volume_snapshots[snapshot_id]

        def one_snapshot(self, context, snapshot_id):
            found = self.fake_get_snapshot(context, snapshot_id)
            if not found:
                raise exception.SnapshotNotFound(snapshot_id=snapshot_id)
            return found

    return Cinder
