"""Keystone as a child process, since its configuration is global, with the users that certifying Nova needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from paths import ADMIN_PASSWORD, LOOPBACK

#: User -> project and role. Nobody knows the last role, so that who has it alone may do nothing.
_USERS = {
    "demo": ("demo", "member"),
    "reader": ("demo", "reader"),
    "other": ("other", "member"),
    "restricted": ("demo", "nobody"),
    "nova": ("service", "admin"),
}
_DEFAULT = {"id": "default"}


def serve_wsgi(app, port: int, threads: int = 16):
    """Serve an application from threads of this process; return the server, which has ``stop``."""
    from cheroot import wsgi

    server = wsgi.Server((LOOPBACK, port), app, numthreads=threads, server_name="nova-stack", request_queue_size=64)
    server.shutdown_timeout = 1
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    return server


def keystone_child(directory: str) -> None:
    """Serve Keystone alone, on a free port that it prints, until a signal comes or the parent is gone."""
    os.environ.update(OS_KEYSTONE_CONFIG_DIR=directory, OS_KEYSTONE_CONFIG_FILES="keystone.conf")
    sys.argv = ["keystone-api"]
    from keystone.server import wsgi

    server = serve_wsgi(wsgi.initialize_public_application(), 0)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    parent = os.getppid()
    print(server.bind_addr[1], flush=True)
    while not done.wait(1) and os.getppid() == parent:
        pass
    server.stop()


class Keystone:
    """The child and what it knows: services with their addresses, projects, users."""

    def __init__(self, directory: Path, compute: str, placement: str) -> None:
        import requests

        self._http = requests.Session()
        self._http.trust_env = False
        script = Path(__file__).with_name("serve.py")
        command = [sys.executable, str(script), "--keystone-child", str(directory)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            raise SystemExit("Keystone did not start")
        self.url = f"http://{LOOPBACK}:{port}/v3"
        self._http.headers["X-Auth-Token"] = self._admin_token()
        self._fill_catalog(compute, placement)
        self.projects: dict[str, str] = {}
        #: User -> password and project.
        self.users: dict[str, tuple[str, str]] = {"admin": (ADMIN_PASSWORD, "admin")}
        self._fill_users()

    def _admin_token(self) -> str:
        user = {"name": "admin", "domain": _DEFAULT, "password": ADMIN_PASSWORD}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "admin", "domain": _DEFAULT}}
        answer = self._http.post(f"{self.url}/auth/tokens", json={"auth": {"identity": identity, "scope": scope}})
        answer.raise_for_status()
        return answer.headers["X-Subject-Token"]

    def _fill_catalog(self, compute: str, placement: str) -> None:
        (identity,) = [one for one in self._call("GET", "services")["services"] if one["type"] == "identity"]
        for endpoint in self._call("GET", f"endpoints?service_id={identity['id']}")["endpoints"]:
            self._call("DELETE", f"endpoints/{endpoint['id']}")  # bootstrap did not know the port
        self._endpoints(identity["id"], self.url)
        for name, service_type, url in (
            ("nova", "compute", f"{compute}/v2.1/%(project_id)s"),
            ("placement", "placement", placement),
        ):
            service = self._call("POST", "services", {"service": {"name": name, "type": service_type}})["service"]
            self._endpoints(service["id"], url)

    def _endpoints(self, service: str, url: str) -> None:
        for interface in ("public", "internal", "admin"):
            endpoint = {"service_id": service, "interface": interface, "url": url, "region_id": "RegionOne"}
            self._call("POST", "endpoints", {"endpoint": endpoint})

    def _fill_users(self) -> None:
        roles = {role["name"]: role["id"] for role in self._call("GET", "roles")["roles"]}
        roles["nobody"] = self._call("POST", "roles", {"role": {"name": "nobody"}})["role"]["id"]
        for name in dict.fromkeys(project for project, _ in _USERS.values()):
            made = self._call("POST", "projects", {"project": {"name": name, "domain_id": "default"}})
            self.projects[name] = made["project"]["id"]
        for name, (project, role) in _USERS.items():
            password = f"stack-{name}"
            user = {"name": name, "password": password, "domain_id": "default"}
            made = self._call("POST", "users", {"user": user})["user"]["id"]
            for one in {role, "service"} & roles.keys() if name == "nova" else {role}:
                self._call("PUT", f"projects/{self.projects[project]}/users/{made}/roles/{roles[one]}")
            self.users[name] = (password, project)

    def _call(self, method: str, path: str, body: object = None) -> dict:
        answer = self._http.request(method, f"{self.url}/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def stop(self) -> None:
        """End the child."""
        self.process.terminate()
        self.process.wait(10)
