"""Credentials and addresses as nobody should keep them: one sentence each, by the verb that looks at a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from pytest_ecs import RunningMock, serve_mock
from pytest_ecs._http.access import Access
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs.exceptions import EcsError, PrerequisiteMissing

#: Of the user of the mock, of one of another project, and what a configuration may hold beside: none is ever said.
_SECRETS = ("geheim", "gAAAAAended", "sectoken")


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A mock over HTTP."""
    with serve_mock(speed=1000) as running:
        yield running


def _auth(about: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    auth = {
        "auth_url": about["iam"],
        "username": about["username"],
        "password": about["password"],
        "project_id": about["project_id"],
        "user_domain_name": about["domain"],
    }
    return {name: value for name, value in {**auth, **changed}.items() if value is not None}


def _variables(about: Mapping[str, Any]) -> dict[str, str]:
    return {f"OS_{name.upper()}": value for name, value in _auth(about).items()}


def _keys(about: Mapping[str, Any]) -> dict[str, str]:
    names = {"AK": "ak", "SK": "sk", "PROJECT_ID": "project_id"}
    return {f"HUAWEICLOUD_SDK_{name}": about[key] for name, key in names.items()}


#: Name -> files by their names, with `HOME` in the place of the folder; variables; settings; the sentence.
_ODD: dict[str, Any] = {
    "two accounts in a cloud and OS_*": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about, password=None)}},
        _variables(m.about["other_project"]),
        {"cloud": "a"},
        r"no password and no AK/SK found for cloud 'a'.*left out: OS_\w+ differs",
    ),
    "half of HW and half of the SDK's": lambda m: (
        {},
        {"HW_ACCESS_KEY": m.about["ak"], "HUAWEICLOUD_SDK_SK": m.about["other_project"]["sk"]},
        {"endpoint": m.url},
        r"HUAWEICLOUD_SDK_AK not set, HUAWEICLOUD_SDK_SK set.*HW_ACCESS_KEY set, HW_SECRET_KEY not set",
    ),
    "a security token without a key": lambda m: (
        {},
        {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "sectoken"},
        {"endpoint": m.url},
        r"HUAWEICLOUD_SDK_SK not set, HUAWEICLOUD_SDK_SECURITY_TOKEN set",
    ),
    "a key without a project": lambda m: (
        {},
        {name: value for name, value in _keys(m.about).items() if "PROJECT" not in name},
        {"endpoint": m.url},
        r"^The credentials name no project. Seen: IAM at \S+ answers HTTP 200, projects \['eu-test-1'\]",
    ),
    "clouds that are a list": lambda m: ({"clouds.yaml": ["a"]}, {}, {"cloud": "a"}, r"is not a file of clouds"),
    "a profile that nobody knows": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "profile": "nowhere"}},
        {},
        {"cloud": "a"},
        r"names a profile that is not known",
    ),
    "a region that is none of the cloud's": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "regions": ["r1", "r2"]}},
        {},
        {"cloud": "a", "region": "r3"},
        r"Region r3 is not a valid region name",
    ),
    "a region that the catalogue does not have": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "region_name": "mars-1"}},
        {},
        {"cloud": "a"},
        r"no public compute endpoint in region 'mars-1'. Seen: public in eu-test-1",
    ),
    "a token that ended": lambda m: (
        {
            "clouds.yaml": {
                "auth_type": "token",
                "auth": {"auth_url": m.url, "token": "gAAAAAended", "project_id": m.about["project_id"]},
            }
        },
        {},
        {"cloud": "a"},
        r"refuses the given token",
    ),
    "authorities that are none": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "cacert": "HOME/clouds.yaml"}},
        {},
        {"cloud": "a"},
        r"holds no certificates",
    ),
    "a client certificate that is not there": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "cert": "HOME/c.pem", "key": "HOME/k.pem"}},
        {},
        {"cloud": "a"},
        r"The client certificate \S+ cannot be used. Seen: No such file",
    ),
    "SOCKS without its package": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about)}},
        {"ALL_PROXY": "socks5://user:geheim@127.0.0.1:9"},
        {"cloud": "a"},
        r"speaks SOCKS, which needs one more package",
    ),
    "a proxy that is none": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about)}},
        {"HTTP_PROXY": "ftp://user:geheim@proxy:21"},
        {"cloud": "a"},
        r"The proxy ftp://proxy of the environment cannot be used",
    ),
    "an address that is none": lambda m: ({}, _variables(m.about), {"endpoint": "ht!tp//no"}, r"is not a URL"),
    "a password in the address": lambda m: (
        {},
        _variables(m.about),
        {"endpoint": "http://me:geheim@127.0.0.1:1"},
        r"a user name or password inside the address",
    ),
    "the project of somebody else in the address": lambda m: (
        {},
        _variables(m.about),
        {"endpoint": f"{m.url}/v1/{m.about['other_project']['project_id']}"},
        r"names another project than the credentials",
    ),
    "a name of another project beside the id": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about, project_name="of-another-day")}},
        {},
        {"cloud": "a"},
        r"name two projects. Seen: the name 'of-another-day', and the id '[0-9a-f]+', which is of 'eu-test-1'",
    ),
    "an IAM that is none": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about, auth_url="http://[::1")}},
        {},
        {"cloud": "a"},
        r"The IAM endpoint is not a URL that can be used",
    ),
    "half an application credential": lambda m: (
        {"clouds.yaml": {"auth_type": "v3applicationcredential", "auth": {"application_credential_id": "0a"}}},
        _variables(m.about["other_project"]),
        {"cloud": "a"},
        r"application_credential_id set, application_credential_secret not set.*OS_\* variables \(left out",
    ),
    "an application credential where IAM has none": lambda m: (
        {
            "clouds.yaml": {
                "auth_type": "v3applicationcredential",
                "auth": {
                    "auth_url": m.url,
                    "application_credential_id": "0a",
                    "application_credential_secret": "geheim",
                },
            }
        },
        {},
        {"cloud": "a"},
        r"refuses the application credential '0a'.*does not know this way takes user name and password",
    ),
    "a way to log in that is not supported": lambda m: (
        {"clouds.yaml": {"auth_type": "v3kerberos", "auth": _auth(m.about)}},
        {},
        {"cloud": "a"},
        r"auth_type 'v3kerberos', which is not supported. Seen: supported are password",
    ),
    "a second project that is the first": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about)}},
        {},
        {"cloud": "a", "other_cloud": "a"},
        r"^--ecs-other-cloud: cloud 'a' in .* is for the project of the run itself. Seen: [0-9a-f]{32}\. name credentials",
    ),
    "a second project without a password": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about["other_project"], password=None)}},
        _variables(m.about),
        {"endpoint": m.url, "other_cloud": "a"},
        r"no password and no AK/SK found for cloud 'a'",
    ),
    "a region that is a number": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "region_name": 5}},
        {},
        {"cloud": "a"},
        r"region_name of cloud 'a' in \S+ is not text. Seen: YAML reads it as int. Put the value into quotes",
    ),
    "a name in Windows-1252": lambda m: (
        {"clouds.yaml": b"clouds:\n  a:\n    auth: {username: J\xfcrgen, password: geheim}\n"},
        {},
        {"cloud": "a"},
        r"is not YAML. Seen: line 3 is not UTF-8 text. Save the file as UTF-8",
    ),
    "an indentation by a tab": lambda m: (
        {"clouds.yaml": b"clouds:\n  a:\n\tauth: {password: geheim}\n"},
        {},
        {"cloud": "a"},
        r"is not YAML. Seen: line 3, column 1",
    ),
    "UTF-16": lambda m: (
        {"clouds.yaml": "clouds: {a: {auth: {password: geheim}}}".encode("utf-16")},
        {},
        {"cloud": "a"},
        r"is not YAML. Seen: line 1 is not UTF-8 text",
    ),
    "an IPv6 proxy without its bracket": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about)}},
        {"HTTP_PROXY": "http://me:geheim@[::1:9"},
        {"cloud": "a"},
        r"The proxy of the environment cannot be used. Seen: ValueError. Correct HTTP_PROXY",
    ),
    "a port that is none": lambda m: (
        {},
        _variables(m.about),
        {"endpoint": "http://127.0.0.1:99999"},
        r"The ECS endpoint is not a URL that can be used. Seen: .*Port out of range",
    ),
    "TLS where there is none": lambda m: (
        {},
        _variables(m.about),
        {"endpoint": m.url.replace("http:", "https:")},
        r"What answers at https://127.0.0.1\S+ .* does not speak TLS. Seen: .*write http://",
    ),
    "quotes that a file of variables kept": lambda m: (
        {},
        {name: f'"{value}"' for name, value in _variables(m.about).items()},
        {"endpoint": m.url},
        r"The IAM endpoint '\"http://127.0.0.1:\d+\"' is not a URL",
    ),
    "a certificate that is a folder": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "cert": "HOME", "key": "HOME"}},
        {},
        {"cloud": "a"},
        r"The client certificate \S+ cannot be used. Seen: Is a directory",
    ),
    "a certificate without a key": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about), "cert": "HOME/clouds.yaml"}},
        {},
        {"cloud": "a"},
        r"The client certificate \S+ cannot be used. Seen: .*PEM files that belong together",
    ),
    "OS_CLOUD and another account": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about)}},
        {"OS_CLOUD": "a", **_variables(m.about["other_project"])},
        {"endpoint": m.url},
        r"OS_CLOUD and other OS_\* variables name two accounts. Seen: they differ in domain",
    ),
    "secure.yaml alone": lambda m: (
        {"secure.yaml": {"auth": _auth(m.about)}},
        {},
        {"cloud": "a"},
        r"there is no clouds.yaml",
    ),
    "secure.yaml that is none": lambda m: (
        {"clouds.yaml": {"auth": _auth(m.about)}, "secure.yaml": 5},
        {},
        {"cloud": "a"},
        r"secure.yaml is not a file of clouds",
    ),
}


def _prepared(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, Any], variables: Mapping[str, str], **asked: Any
) -> tuple[Settings, dict[str, str]]:
    for name, entry in files.items():
        if isinstance(entry, bytes):
            (tmp_path / name).write_bytes(entry)
            continue
        whole = {"clouds": {"a" if entry else "another": entry} if isinstance(entry, dict) else entry}
        text = yaml.safe_dump(whole).replace("HOME", str(tmp_path))
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        if "PROXY" in name:
            monkeypatch.setenv(name, value)
    return Settings(run="odd", folder=tmp_path, **asked), {"HOME": str(tmp_path), **variables}


def _prepare(settings: Settings, environ: Mapping[str, str]) -> None:
    session = open_session(settings, environ, creates=False)
    try:
        session.prepare()
    finally:
        session.close()


@pytest.mark.parametrize("name", _ODD)
def test_what_cannot_be_used_is_a_sentence(
    mock: RunningMock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """And it holds no secret."""
    files, variables, asked, said = _ODD[name](mock)
    settings, environ = _prepared(tmp_path, monkeypatch, files, variables, **asked)
    with pytest.raises(EcsError, match=said) as caught:
        _prepare(settings, environ)
    other = mock.about["other_project"]
    for secret in (*_SECRETS, mock.about["password"], mock.about["sk"], other["password"], other["sk"]):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "variables", "asked"),
    [
        ({"clouds.yaml": {}, "clouds.yml": "cloud"}, {}, {"cloud": "a"}),
        (
            {"clouds.yaml": "cloud"},
            {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "fd07::/64,[::1],127.0.0.0/8"},
            {"cloud": "a"},
        ),
        ({}, "variables", {"endpoint": "{url}/v2.1/{project}"}),
        ({}, "variables", {"endpoint": " {url}/v1/?x=1#top\n"}),
        ({}, "variables", {"endpoint": "{url}", "iam": "{url}/v3/auth/tokens"}),
        (
            {"clouds.yaml": "cloud"},
            {"HTTP_PROXY": "http://me:geheim@[::1]:9", "NO_PROXY": "127.0.0.1/99,,[::1,*.x, 127.0.0.1"},
            {"cloud": "a"},
        ),
        ({"clouds.yaml": "windows"}, {}, {"cloud": "a"}),
        ({"clouds.yaml": "cloud"}, "other", {"cloud": "a"}),
        ({"clouds.yaml": "regions"}, {}, {"cloud": "a", "region": "eu-test-1"}),
    ],
    ids=[
        "clouds.yml beside clouds.yaml",
        "networks in NO_PROXY",
        "version and project in the address",
        "blanks, a query and a fragment around the address",
        "the address at which tokens are given",
        "a NO_PROXY of which one part makes sense",
        "a file as Windows' editor saves it",
        "OS_* of another account beside",
        "regions of which one is in the catalogue",
    ],
)
def test_what_is_odd_and_right_works(
    mock: RunningMock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, files: Any, variables: Any, asked: dict[str, str]
) -> None:
    """In the account that was asked for; what is said of it names no folder above the user's home."""
    cloud = {"auth": _auth(mock.about)}
    windows = b"\xef\xbb\xbf" + yaml.safe_dump({"clouds": {"a": cloud}}).replace("\n", "\r\n").encode()
    written = {"cloud": cloud, "windows": windows, "regions": {**cloud, "regions": ["mars-1", {"name": "eu-test-1"}]}}
    entries = {name: written[entry] if isinstance(entry, str) else entry for name, entry in files.items()}
    about = {"url": mock.url, "project": mock.about["project_id"]}
    asked = {name: value.format(**about) for name, value in asked.items()}
    given = {"variables": mock.about, "other": mock.about["other_project"]}
    chosen = _variables(given[variables]) if isinstance(variables, str) else variables
    settings, environ = _prepared(tmp_path, monkeypatch, entries, chosen, **asked)
    session = open_session(settings, environ, creates=False)
    session.prepare()
    assert session.client.project_id == mock.about["project_id"]
    with pytest.raises(PrerequisiteMissing, match="There is no AK/SK") as caught:
        session.signed_client  # noqa: B018
    assert str(tmp_path) not in str(caught.value)
    session.close()


def test_a_name_beside_the_id_is_completed_with_its_domain(
    mock: RunningMock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login goes by the id; the request with the name, which 4.1 shows, needs a domain where IAM wants one."""
    auth = _auth(mock.about, project_name=mock.about["project_name"], project_domain_id="of-another-day")
    settings, environ = _prepared(tmp_path, monkeypatch, {"clouds.yaml": {"auth": auth}}, {}, cloud="a")
    session = open_session(settings, environ, creates=False)
    session.prepare()
    primary = session.target.identities["primary"]
    session.close()
    assert (primary.project_domain, primary.project_domain_id) == (mock.about["domain"], None)


@pytest.mark.parametrize("region", [None, "eu-test-1"])
def test_regions_that_nobody_named_are_said(
    mock: RunningMock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, region: str | None
) -> None:
    """The first of the catalogue is taken, and a run makes things there."""
    monkeypatch.setattr(Access, "others", lambda *_: ("eu-test-2",))
    files = {"clouds.yaml": {"auth": _auth(mock.about)}}
    settings, environ = _prepared(tmp_path, monkeypatch, files, {}, cloud="a", region=region)
    session = open_session(settings, environ, creates=False)
    session.close()
    said = "no region is named and the first of the catalogue is taken: eu-test-2 is not used; --ecs-region names one"
    assert session.target.remarks == (() if region else (said,))
