"""Serves OpenStack Nova on a loopback port: real nova-api, conductor, scheduler and compute, Placement and Keystone.

The hypervisor is Nova's own fake one, and Neutron, Glance and Cinder are stand-ins; nothing boots. It runs in an
environment of its own (see requirements.txt) and prints one JSON line when it is ready. It ends with SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
import types
from pathlib import Path

from compute import bench_class, boot_nova, create_cells, driver_class, placement_app, start_services
from identity import Keystone, keystone_child, serve_wsgi
from images_and_disks import cinder_class, glance_class
from network import neutron_class
from paths import DATABASES, LOOPBACK, TEMPLATE, keystone_config
from prepare import prepare

_BEGIN = time.monotonic()


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise SystemExit(f"port {wanted}: {error}") from None
        return int(probe.getsockname()[1])


def _copy_templates(directory: Path) -> None:
    if not TEMPLATE.exists():
        prepare()
    (directory / "locks").mkdir()
    for name in DATABASES:
        shutil.copy(TEMPLATE / f"{name}.sqlite", directory)
    for name in ("fernet", "credential"):
        shutil.copytree(TEMPLATE / name, directory / name)
    keystone_config(directory)


def _stand_ins(conf, project):
    """Put Nova's fixtures in place of the services beside it; return those that the ready line speaks of."""
    from nova.tests import fixtures

    # Nova loads drivers from its own package only.
    sys.modules["nova.virt.stack"] = types.SimpleNamespace(Driver=driver_class())
    bench = bench_class(conf)()
    bench.setUp()
    bench.useFixture(fixtures.DatabaseWriteLock())  # SQLite takes one writer at a time
    neutron = bench.useFixture(neutron_class()(bench, project))
    cinder = bench.useFixture(cinder_class()(bench))
    bench.useFixture(glance_class()(bench))
    return neutron, cinder, [fixtures.GlanceFixture.image1["id"], fixtures.GlanceFixture.image3["id"]]


def _start(directory: Path, port: int, threads: int, started: list) -> dict:
    """Start everything and return what the ready line says; servers and child go into *started* for the end."""
    nova_port, placement_port = _free_port(port), _free_port()
    url = f"http://{LOOPBACK}:{nova_port}"
    keystone = Keystone(directory, url, f"http://{LOOPBACK}:{placement_port}")
    started.append(keystone)
    conf, context, objects = boot_nova(directory, placement_port, keystone)
    neutron, cinder, images = _stand_ins(conf, keystone.projects["demo"])
    started.append(serve_wsgi(placement_app(directory), placement_port))
    create_cells(context, objects, directory)
    start_services(objects, context)

    from nova.api import wsgi
    from nova.api.openstack import wsgi_app

    app = wsgi.Loader().load_app("osapi_compute")
    wsgi_app._setup_service(conf.host, "osapi_compute")
    started.append(serve_wsgi(app, nova_port, threads))
    return {
        "endpoint": url,
        "auth_url": keystone.url,
        "region": "RegionOne",
        "users": {name: {"password": password, "project": where} for name, (password, where) in keystone.users.items()},
        "projects": keystone.projects,
        "image": images[0],
        "other_image": images[1],
        "flavor": "1",
        "other_flavor": "2",
        "network": neutron.network_1["id"],
        "security_group": neutron.own_group["id"],
        "port": neutron.free_port["id"],
        "disks": cinder.known,
        "log": str(directory / "nova.log"),
        "seconds": round(time.monotonic() - _BEGIN, 1),
    }


def serve(port: int, threads: int, *, keep: bool) -> None:
    """Run until a signal comes, and leave nothing behind."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    directory, started, status = Path(tempfile.mkdtemp(prefix="nova-stack-")), [], 0
    try:
        _copy_templates(directory)
        print(json.dumps(_start(directory, port, threads, started)), flush=True)
        parent = os.getppid()
        while not stopping.wait(1) and os.getppid() == parent:  # whoever started it may have been killed
            pass
    except BaseException:  # noqa: BLE001 - what was started has to be stopped whatever went wrong
        traceback.print_exc()
        status = 1
    finally:
        for server in reversed(started):
            server.stop()
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)
    sys.stdout.flush()
    os._exit(status)  # some of Nova's threads would keep the process alive


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", nargs="?", default="serve", choices=("serve", "prepare"))
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--keep", action="store_true", help="keep databases and logs")
    parser.add_argument("--keystone-child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.argv = sys.argv[:1]
    if options.keystone_child:
        keystone_child(options.keystone_child)
    elif options.command == "prepare":
        prepare()
    else:
        serve(options.port, options.threads, keep=options.keep)


if __name__ == "__main__":
    main()
