"""Nova's services, its fake hypervisor and Placement, all in this process."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

from paths import LOOPBACK, PREFIX, ini, sqlite_url


def _sections(directory: Path, placement_port: int) -> dict[str, dict[str, object]]:
    """Return Nova's configuration as far as it does not speak of Keystone."""
    return {
        "DEFAULT": {
            "host": "compute1",
            "state_path": directory,
            "log_file": directory / "nova.log",
            "use_stderr": "false",
            "debug": os.environ.get("NOVA_STACK_DEBUG", "false"),
            "transport_url": "fake:///",
            "compute_driver": "stack.Driver",
            "allow_resize_to_same_host": "true",
            "vif_plugging_timeout": "0",
            "vif_plugging_is_fatal": "false",
            "my_ip": LOOPBACK,
            "reclaim_instance_interval": "0",
            # the periodic power sync must not undo what a test just did
            "sync_power_state_interval": "-1",
        },
        "api_database": {"connection": sqlite_url(directory, "api"), "sqlite_synchronous": "false"},
        "database": {"connection": sqlite_url(directory, "cell1"), "sqlite_synchronous": "false"},
        "wsgi": {"api_paste_config": PREFIX / "etc" / "nova" / "api-paste.ini"},
        "oslo_concurrency": {"lock_path": directory / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "key_manager": {"backend": "nova.keymgr.conf_key_mgr.ConfKeyManager", "fixed_key": "0" * 64},
        "quota": {"instances": os.environ.get("NOVA_STACK_QUOTA_INSTANCES", "100"), "cores": "400", "ram": "1024000"},
        "conductor": {"workers": "1"},
        "scheduler": {"workers": "1"},
        "vnc": {"enabled": "true"},
        "glance": {"api_servers": f"http://{LOOPBACK}:9"},
        "placement": {
            "auth_type": "admin_token",
            "token": "admin",
            "endpoint": f"http://{LOOPBACK}:{placement_port}",
        },
    }


def _with_keystone(url: str) -> dict[str, dict[str, object]]:
    login = {
        "auth_type": "password",
        "auth_url": url,
        "username": "nova",
        "password": "stack-nova",
        "project_name": "service",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    middleware = {
        "www_authenticate_uri": url,
        "service_token_roles_required": "true",
        "service_token_roles": "service",
        "interface": "internal",
    }
    services = ("keystone", "service_user", "oslo_limit")
    return {"keystone_authtoken": {**login, **middleware}, **{name: dict(login) for name in services}}


def boot_nova(directory: Path, placement_port: int, keystone):
    """Configure Nova in this process; return its configuration and two of its modules, context and objects."""
    os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "1"
    from nova import monkey_patch

    monkey_patch.patch(backend="threading")
    conf_file = ini(directory / "nova.conf", {**_sections(directory, placement_port), **_with_keystone(keystone.url)})

    from nova import config, context, objects

    config.parse_args(["nova", "--config-file", conf_file])
    from oslo_log import log as logging

    logging.setup(config.CONF, "nova")
    from oslo_service import opts as service_opts

    service_opts.register_service_opts(config.CONF)
    objects.register_all()
    _keep_connections()
    import os_vif

    os_vif.initialize()
    import os_brick

    os_brick.setup(config.CONF)
    import nova.conf.devices

    nova.conf.devices.register_dynamic_opts(config.CONF)
    return config.CONF, context, objects


def _keep_connections():
    """Let connections to SQLite be used again: opening them anew is an eighth of what a request costs."""
    from oslo_db.sqlalchemy import engines
    from sqlalchemy import pool

    engines.pool = SimpleNamespace(**{**vars(pool), "NullPool": pool.QueuePool})


def driver_class():
    """A fake hypervisor whose work takes the time it is told to take."""
    from nova.virt import fake

    delay = float(os.environ.get("NOVA_STACK_DELAY", "0"))

    class Driver(fake.FakeDriver):
        capabilities = dict(fake.FakeDriver.capabilities, supports_migrate_to_same_host=True)

        def spawn(self, *args, **kwargs):
            time.sleep(delay)
            return super().spawn(*args, **kwargs)

        def attach_interface(self, context, instance, image_meta, vif):
            # It remembers the NICs of servers that are gone, and would refuse a port that comes back.
            self._interfaces.pop(vif["id"], None)
            super().attach_interface(context, instance, image_meta, vif)

        def power_on(self, *args, **kwargs):
            time.sleep(delay)
            return super().power_on(*args, **kwargs)

        def power_off(self, *args, **kwargs):
            time.sleep(delay)
            return super().power_off(*args, **kwargs)

        def reboot(self, *args, **kwargs):
            time.sleep(delay)
            return super().reboot(*args, **kwargs)

    return Driver


def bench_class(conf):
    """The small part of a test case that nova's fixtures ask for."""
    import fixtures

    class Bench(fixtures.Fixture):
        def flags(self, group=None, **values):
            for name, value in values.items():
                conf.set_override(name, value, group)

        def stub_out(self, target, replacement):
            self.useFixture(fixtures.MonkeyPatch(target, replacement))

    return Bench


def placement_app(directory):
    from oslo_config import cfg
    from oslo_policy import opts as policy_opts
    from placement import conf as placement_conf
    from placement import db_api, deploy

    settings = cfg.ConfigOpts()
    placement_conf.register_opts(settings)
    path = ini(
        directory / "placement.conf",
        {
            "api": {"auth_strategy": "noauth2"},
            "placement_database": {"connection": sqlite_url(directory, "placement"), "sqlite_synchronous": "false"},
        },
    )
    settings([], project="placement", default_config_files=[path])
    policy_opts.set_defaults(settings, enforce_new_defaults=True)
    db_api.configure(settings)
    return deploy.loadapp(settings)


def create_cells(context, objects, directory):
    admin = context.get_admin_context()
    for name, uuid, url in (
        ("cell0", objects.CellMapping.CELL0_UUID, "none:///"),
        ("cell1", "11111111-1111-4111-8111-111111111111", "fake:///"),
    ):
        objects.CellMapping(
            context=admin, uuid=uuid, name=name, transport_url=url, database_connection=sqlite_url(directory, name)
        ).create()
    sizes = (
        (1, "m1.tiny", 512, 1, 1),
        (2, "m1.small", 2048, 1, 20),
        (3, "m1.medium", 4096, 2, 40),
        (4, "m1.large", 8192, 4, 80),
    )
    for number, name, ram, cpus, disk in sizes:
        objects.Flavor(
            context=admin,
            flavorid=str(number),
            name=name,
            memory_mb=ram,
            vcpus=cpus,
            root_gb=disk,
            ephemeral_gb=0,
            swap=0,
            rxtx_factor=1.0,
            disabled=False,
            is_public=True,
            extra_specs={"hw:mem_page_size": "small"} if number == 2 else {},
        ).create()


def start_services(objects, context):
    from nova import service
    from nova.compute import rpcapi as compute_rpc
    from nova.conductor import rpcapi as conductor_rpc
    from nova.objects import host_mapping
    from nova.scheduler import rpcapi as scheduler_rpc

    for binary, topic, more in (
        ("nova-conductor", conductor_rpc.RPC_TOPIC, {}),
        ("nova-scheduler", scheduler_rpc.RPC_TOPIC, {}),
        ("nova-compute", compute_rpc.RPC_TOPIC, {"topic_alt": compute_rpc.RPC_TOPIC_ALT}),
    ):
        made = service.Service.create(binary=binary, topic=topic, **more)
        made.start()
    host_mapping.discover_hosts(context.get_admin_context())
