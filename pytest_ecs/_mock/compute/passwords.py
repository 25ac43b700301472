"""The password that Cloudbase-Init makes for the administrator of a Windows server (6.11.5, 6.11.6)."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pytest_ecs._mock.compute.finding import find_server
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

_URL = "/v2.1/{project_id}/servers/{server_id}/os-server-password"
#: 6.11.5: the password is there 5 to 10 minutes after the start.
_INJECTED = 300.0


def _made(state: State, server: Server) -> str:
    """Return a new password encrypted with the server's key pair, "" where there is none to encrypt with."""
    pair = state.users[server.user].keys.get(server.key_name or "")
    if pair is None:
        return ""
    try:
        key = serialization.load_ssh_public_key(b" ".join(pair.public_key.encode().split()[:2]))
    except ValueError:
        return ""
    if not isinstance(key, rsa.RSAPublicKey):
        return ""
    text = f"Aa1{state.hex(12)}"
    return base64.b64encode(key.encrypt(text.encode(), padding.PKCS1v15())).decode()


@route("GET", _URL, family="nova", permission="nova.password")
def show(request: Request, state: State) -> Response:
    """Show the encrypted password (6.11.5); Linux servers have none."""
    server = find_server(request, state)
    ready = server.launched is not None and state.clock.now() >= server.launched + _INJECTED
    if server.image.os_type == "Windows" and server.secret is None and ready:
        server.secret = _made(state, server)
    if state.deviates("password-in-clear") and server.secret:
        return Response(200, {"password": server.password})
    if state.deviates("password-null"):
        return Response(200, {"password": None})
    return Response(200, {"password": server.secret or ""})


@route("DELETE", _URL, family="nova", permission="nova.delete-password")
def delete(request: Request, state: State) -> Response:
    """Delete the record of the password, not the password (6.11.6)."""
    server = find_server(request, state, managed=True)
    if not state.deviates("password-delete-noop"):
        server.secret = ""
    return Response(204)
