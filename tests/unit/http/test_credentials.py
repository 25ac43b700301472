from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytest_ecs._http.credentials import Credentials, load
from pytest_ecs.exceptions import ConfigurationError

CLOUDS = """\
clouds:
  staging:
    region_name: eu-de
    ecs_endpoint: https://ecs.example.com
    compute_endpoint_override: https://nova.example.com/v2.1
    auth:
      auth_url: https://iam.example.com/v3
      username: alice
      password: in-clouds-17
      project_name: eu-de_tests
      project_id: 0a1b
      user_domain_name: acme
      domain_name: not-this
  production:
    auth: {auth_url: "https://iam2.example.com", username: bob, domain_name: acme}
  empty:
"""
OS = {
    "OS_AUTH_URL": "https://iam.env.example.com/v3",
    "OS_USERNAME": "eve",
    "OS_PASSWORD": "in-environment-17",
    "OS_PROJECT_NAME": "env_project",
    "OS_PROJECT_ID": "e0",
    "OS_USER_DOMAIN_NAME": "env_domain",
    "OS_REGION_NAME": "env-region",
}
SDK = {
    "HUAWEICLOUD_SDK_AK": "SDKAK",
    "HUAWEICLOUD_SDK_SK": "sdk-secret-17",
    "HUAWEICLOUD_SDK_PROJECT_ID": "e0",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN": "sdk-token-17",
}
HW = {"HW_ACCESS_KEY": "HWAK", "HW_SECRET_KEY": "hw-secret-17", "HW_REGION_NAME": "hw-region"}


def write(folder: Path, clouds: str = CLOUDS, secure: str | None = None) -> Path:
    """Write the files into *folder*, which may be missing, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clouds.yaml").write_text(clouds, encoding="utf-8")
    if secure is not None:
        (folder / "secure.yaml").write_text(secure, encoding="utf-8")
    return folder


# -- clouds.yaml -----------------------------------------------------------------------------------------------------


def test_a_named_cloud_comes_from_clouds_yaml(tmp_path: Path) -> None:
    """Every field has its place; our own endpoint name goes before Nova's, the user's domain before the scope's."""
    found = load("staging", {}, [write(tmp_path)])
    assert found == Credentials(
        iam="https://iam.example.com/v3",
        endpoint="https://ecs.example.com",
        region="eu-de",
        domain="acme",
        username="alice",
        password="in-clouds-17",
        project_id="0a1b",
        project_name="eu-de_tests",
        project_domain="not-this",
        source=f"cloud 'staging' in {tmp_path / 'clouds.yaml'}",
    )


def test_the_compute_override_and_the_domain_of_the_scope_serve_as_well(tmp_path: Path) -> None:
    """They are what plain openstack files have."""
    text = """\
clouds:
  c:
    compute_endpoint_override: https://nova.example.com
    auth: {username: u, password: secret-17, domain_name: d, user_domain_name: ''}
"""
    found = load("c", {}, [write(tmp_path, text)])
    assert (found.endpoint, found.domain) == ("https://nova.example.com", "d")


@pytest.mark.parametrize(("ak", "sk"), [("access_key", "secret_key"), ("ak", "sk")])
def test_a_key_pair_may_stand_under_auth(tmp_path: Path, ak: str, sk: str) -> None:
    """With the token of a temporary pair, and without any password."""
    text = f"clouds: {{c: {{auth: {{{ak}: AKID, {sk}: secret-17, security_token: sts-17}}}}}}"
    found = load("c", {}, [write(tmp_path, text)])
    assert (found.ak, found.sk, found.security_token, found.password) == ("AKID", "secret-17", "sts-17", None)


def test_secrets_are_merged_from_the_secure_yaml_beside_it(tmp_path: Path) -> None:
    """It may add and replace, and who else may read it is no error."""
    secure = "clouds: {staging: {auth: {password: in-secure-17, access_key: AKID, secret_key: secret-17}}}"
    folder = write(tmp_path, secure=secure)
    (folder / "secure.yaml").chmod(0o644)
    found = load("staging", {}, [folder])
    assert (found.username, found.password, found.ak, found.sk) == ("alice", "in-secure-17", "AKID", "secret-17")
    assert found.source == f"cloud 'staging' in {folder / 'clouds.yaml'} and secure.yaml"


def test_a_secure_yaml_without_the_cloud_changes_nothing(tmp_path: Path) -> None:
    """It may hold the secrets of other clouds only."""
    found = load("staging", {}, [write(tmp_path, secure="clouds: {production: {auth: {password: other-17}}}")])
    assert found.password == "in-clouds-17"
    assert "secure.yaml" not in found.source


def test_a_secure_yaml_of_another_folder_is_not_used(tmp_path: Path) -> None:
    """Only the one beside the clouds.yaml that has the cloud."""
    first, second = tmp_path / "one", write(tmp_path / "two")
    first.mkdir()
    (first / "secure.yaml").write_text("clouds: {staging: {auth: {password: other-17}}}")
    assert load("staging", {}, [first, second]).password == "in-clouds-17"


def test_the_first_folder_with_the_cloud_wins(tmp_path: Path) -> None:
    """A missing folder, a folder without the file, or a file without the cloud, is passed over."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "file").write_text("")
    other = write(tmp_path / "other", "clouds: {x: {auth: {}}}")
    first = write(tmp_path / "first")
    second = write(tmp_path / "second", CLOUDS.replace("alice", "mallory"))
    search = [tmp_path / "missing", tmp_path / "bare", tmp_path / "file", other, first, second]
    assert load("staging", {}, search).username == "alice"


def test_without_a_name_no_file_is_read(tmp_path: Path) -> None:
    """A clouds.yaml that happens to lie there names nothing, not even when it is broken."""
    assert load(None, OS, [write(tmp_path, "[")]).username == "eve"


# -- variables -------------------------------------------------------------------------------------------------------


def test_openstack_variables_are_read() -> None:
    """Each has its field."""
    assert load(None, OS, []) == Credentials(
        iam="https://iam.env.example.com/v3",
        region="env-region",
        domain="env_domain",
        username="eve",
        password="in-environment-17",
        project_id="e0",
        project_name="env_project",
        source="OS_* variables",
    )


def test_the_sdks_variables_are_read() -> None:
    """A key pair alone is enough."""
    assert load(None, SDK, []) == Credentials(
        project_id="e0",
        ak="SDKAK",
        sk="sdk-secret-17",
        security_token="sdk-token-17",
        source="HUAWEICLOUD_SDK_* variables",
    )


def test_terraforms_variables_are_read() -> None:
    """They come last."""
    assert load(None, HW, []) == Credentials(region="hw-region", ak="HWAK", sk="hw-secret-17", source="HW_* variables")


def test_variables_of_one_project_complete_each_other_in_order() -> None:
    """Password of the first, key of the second, nothing of the third; the security token stays with its key."""
    found = load(None, {**OS, **SDK, **HW}, [])
    assert (found.username, found.ak, found.sk, found.region) == ("eve", "SDKAK", "sdk-secret-17", "env-region")
    assert found.source == "OS_* variables + HUAWEICLOUD_SDK_* variables"


def test_a_key_does_not_take_the_secret_or_token_of_another_source() -> None:
    """Half a pair is no pair."""
    environ = {
        "HUAWEICLOUD_SDK_AK": "SDKAK",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN": "sdk-token-17",
        **HW,
    }
    found = load(None, environ, [])
    assert (found.ak, found.sk, found.security_token) == ("HWAK", "hw-secret-17", None)


def test_variables_of_another_project_are_left_out() -> None:
    """One identity has one project."""
    found = load(None, {**OS, **SDK, "HUAWEICLOUD_SDK_PROJECT_ID": "other"}, [])
    assert (found.project_id, found.ak) == ("e0", None)
    assert found.source == "OS_* variables"


def test_empty_variables_count_as_not_set() -> None:
    """Shell scripts and CI systems leave them so; blanks around a value are not part of it."""
    found = load(None, {**dict.fromkeys(OS, " "), **SDK, "HUAWEICLOUD_SDK_AK": " SDKAK\n"}, [])
    assert (found.iam, found.ak, found.source) == (None, "SDKAK", "HUAWEICLOUD_SDK_* variables")


def test_a_cloud_with_a_secret_of_its_own_is_taken_alone(tmp_path: Path) -> None:
    """Variables of the first identity must not leak into a second one, not even a region."""
    text = "clouds: {other: {auth: {username: mallory, password: secret-17}}}"
    found = load("other", {**OS, **SDK, **HW}, [write(tmp_path, text)])
    assert found == Credentials(
        username="mallory", password="secret-17", source=f"cloud 'other' in {tmp_path / 'clouds.yaml'}"
    )


def test_a_cloud_without_a_secret_is_completed_by_variables_of_the_same_user(tmp_path: Path) -> None:
    """The password is in the environment, everything else in the file."""
    environ = {"OS_PASSWORD": "in-environment-17", "OS_USERNAME": "bob", "OS_PROJECT_NAME": "p"}
    found = load("production", environ, [write(tmp_path)])
    assert (found.username, found.password, found.project_name) == ("bob", "in-environment-17", "p")
    assert found.source == f"cloud 'production' in {tmp_path / 'clouds.yaml'} + OS_* variables"


def test_a_cloud_without_a_secret_does_not_take_another_users_password(tmp_path: Path) -> None:
    """The text says why the variables did not count."""
    with pytest.raises(ConfigurationError) as caught:
        load("production", OS, [write(tmp_path)])
    cloud = f"cloud 'production' in {tmp_path / 'clouds.yaml'}"
    assert f"OS_* variables (left out: OS_AUTH_URL differs from what {cloud} says)" in str(caught.value)


# -- errors ----------------------------------------------------------------------------------------------------------


def test_nothing_found_says_every_place_looked_at() -> None:
    """And what was missing in each."""
    environ = {"OS_USERNAME": "eve", "HUAWEICLOUD_SDK_AK": "SDKAK", "HW_SECRET_KEY": "hw-secret-17"}
    with pytest.raises(ConfigurationError) as caught:
        load(None, environ, [])
    assert str(caught.value) == (
        "no password and no AK/SK found. Seen:"
        " OS_* variables (OS_USERNAME set, OS_PASSWORD not set);"
        " HUAWEICLOUD_SDK_* variables (HUAWEICLOUD_SDK_AK set, HUAWEICLOUD_SDK_SK not set);"
        " HW_* variables (HW_ACCESS_KEY not set, HW_SECRET_KEY set)."
        " Set OS_USERNAME and OS_PASSWORD, or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK,"
        " or name a cloud with --ecs-cloud that has them under auth in clouds.yaml or secure.yaml."
    )
    assert_hidden(caught.value)


def test_nothing_found_for_a_cloud_names_its_files_too(tmp_path: Path) -> None:
    """The file comes first."""
    folder = write(tmp_path, secure="clouds: {empty: }")
    with pytest.raises(ConfigurationError) as caught:
        load("empty", {}, [folder])
    assert str(caught.value).startswith(
        "no password and no AK/SK found for cloud 'empty'. Seen:"
        f" cloud 'empty' in {folder / 'clouds.yaml'} and secure.yaml"
        " (username not set, password not set, ak not set, sk not set); OS_* variables ("
    )
    assert str(caught.value).endswith("or put them under auth in clouds.yaml or secure.yaml.")


def test_a_password_without_a_user_is_not_enough() -> None:
    """Nobody can log in with it."""
    with pytest.raises(ConfigurationError, match="OS_USERNAME not set, OS_PASSWORD set"):
        load(None, {"OS_PASSWORD": "in-environment-17"}, [])


def test_an_unknown_cloud_lists_the_known_ones_closest_first(tmp_path: Path) -> None:
    """All files that were read count."""
    first = write(tmp_path / "one")
    second = write(tmp_path / "two", "clouds: {stagin-2: {}, production: {}}")
    with pytest.raises(ConfigurationError) as caught:
        load("stagign", {}, [first, second])
    assert str(caught.value) == (
        f"cloud 'stagign' is not in {first / 'clouds.yaml'} or {second / 'clouds.yaml'}."
        " Seen: the clouds staging, stagin-2, production, empty."
        " Use one of these names, or add the cloud to the file."
    )


@pytest.mark.parametrize("text", ["clouds: {a: {}, b: {}, a: {}}", "clouds: {a: {auth: {username: x, username: y}}}"])
def test_what_stands_in_a_file_twice_is_said(tmp_path: Path, text: str) -> None:
    """The second of two clouds of one name may be another account."""
    folder = write(tmp_path, text)
    with pytest.raises(ConfigurationError, match="twice in one mapping"):
        load("a", {}, [folder])


def test_an_unknown_cloud_in_an_empty_file_is_said(tmp_path: Path) -> None:
    """There is no name to offer."""
    with pytest.raises(ConfigurationError, match=r"cloud 'x' is not in .*Seen: no cloud at all\."):
        load("x", OS, [write(tmp_path, "clouds: {}")])


def test_a_cloud_without_any_file_names_the_folders(tmp_path: Path) -> None:
    """Variables do not help: the user asked for a name."""
    with pytest.raises(ConfigurationError) as caught:
        load("x", OS, [tmp_path, Path("/nowhere")])
    assert str(caught.value) == (
        f"cloud 'x' is asked for, but there is no clouds.yaml. Seen: nothing in {tmp_path}, /nowhere."
        " Put clouds.yaml into one of these folders, or name it by OS_CLIENT_CONFIG_FILE."
    )


def test_a_folder_in_place_of_the_file_cannot_be_read(tmp_path: Path) -> None:
    """As the file system says."""
    (tmp_path / "clouds.yaml").mkdir()
    with pytest.raises(ConfigurationError, match=r"clouds\.yaml cannot be read\. Seen: Is a directory"):
        load("x", {}, [tmp_path])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"clouds:\n  a:\n    auth: {password: secret-17\n  b:\n", "line 4, column "),
        (b"clouds:\n  a: {auth: {password: *secret-17}}\n", "line 2, column 24"),
        (b"clouds:\n  a: {auth: {password: !secret-17 x}}\n", "line 2, column 24"),
        (b"clouds:\n\n  a: {auth: {password: 'secret-17\x01'}}\n", "line 3, a character that YAML does not allow"),
        (b"clouds:\n  a: {auth: {password: 'secret-17\xff'}}\n", "line 2 is not UTF-8 text"),
        (b"clouds: {a: {since: 2019-02-31}}", "a value that cannot be read"),
        (b"[" * 100_000, "a value that cannot be read"),
    ],
)
@pytest.mark.parametrize("name", ["clouds.yaml", "secure.yaml"])
def test_a_file_that_is_not_yaml_is_said_with_the_line_and_without_its_text(
    tmp_path: Path, name: str, text: bytes, where: str
) -> None:
    """YAML's own message would show the password."""
    folder = write(tmp_path)
    (folder / name).write_bytes(text)
    with pytest.raises(ConfigurationError) as caught:
        load("staging", {}, [folder])
    assert str(caught.value).startswith(f"{folder / name} is not YAML. Seen: {where}")
    assert caught.value.__suppress_context__
    assert_hidden(caught.value)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "nothing"),
        ("- a\n", "no mapping named clouds"),
        ("cloud: {}\n", "no mapping"),
        ("clouds: [a]\n", "no mapping"),
    ],
)
def test_a_file_without_clouds_is_said(tmp_path: Path, text: str, seen: str) -> None:
    """With the shape that it should have."""
    with pytest.raises(ConfigurationError, match=rf"is not a file of clouds\. Seen: {seen}.*It starts with clouds:"):
        load("x", {}, [write(tmp_path, text)])


@pytest.mark.parametrize("entry", ["5", "[auth]", "{auth: alice}", "{auth: [a]}"])
def test_a_cloud_that_is_no_mapping_is_said(tmp_path: Path, entry: str) -> None:
    """Its name and file are in the text."""
    with pytest.raises(ConfigurationError, match=r"cloud 'c' in .*clouds\.yaml is not a mapping with an auth block"):
        load("c", {}, [write(tmp_path, f"clouds: {{c: {entry}}}")])


@pytest.mark.parametrize(
    ("value", "yaml_type"),
    [("012345671", "int"), ("1e17", "str"), ("1.0e+17", "float"), ("yes", "bool"), ("2019-02-13", "date")],
)
def test_a_value_that_yaml_does_not_read_as_text_must_be_quoted(tmp_path: Path, value: str, yaml_type: str) -> None:
    """0123 would be sent as 83; the value itself is not shown."""
    folder = write(tmp_path, f"clouds: {{c: {{auth: {{username: u, password: {value}}}}}}}")
    if yaml_type == "str":
        assert load("c", {}, [folder]).password == value
        return
    with pytest.raises(ConfigurationError) as caught:
        load("c", {}, [folder])
    assert str(caught.value) == (
        f"auth.password of cloud 'c' in {folder / 'clouds.yaml'} is not text."
        f" Seen: YAML reads it as {yaml_type}. Put the value into quotes."
    )


# -- secrets ---------------------------------------------------------------------------------------------------------


def assert_hidden(error: BaseException) -> None:
    """Check that nothing that ends in -17 is in what a traceback or report shows of *error*, paths of the test apart."""
    for text in (str(error), repr(error), repr(error.args), repr(vars(error))):
        assert "-17" not in re.sub(r"pytest-\d+", "pytest", text)


def test_no_representation_shows_a_secret() -> None:
    """Which secrets there are is seen, not what they are."""
    found = load(None, {**OS, **SDK}, [])
    for text in (repr(found), str(found), f"{found}"):
        assert "-17" not in text
        assert "SDKAK" not in text
    assert repr(load(None, HW, [])) == "Credentials(region='hw-region', ak=***, sk=***, source='HW_* variables')"


def test_secrets_lists_what_must_be_redacted() -> None:
    """Password, key pair and security token, as far as they are there."""
    assert load(None, {**OS, **SDK}, []).secrets() == ("in-environment-17", "SDKAK", "sdk-secret-17", "sdk-token-17")
    assert load(None, HW, []).secrets() == ("HWAK", "hw-secret-17")
    assert Credentials().secrets() == ()


# -- Keystone's forms ------------------------------------------------------------------------------------------------


def test_keystones_variables_are_read() -> None:
    """Ids of domains, the old names of a project, and the interface."""
    found = load(
        None,
        {
            "OS_AUTH_URL": "http://k/v3",
            "OS_USERNAME": "eve",
            "OS_PASSWORD": "secret-17",
            "OS_USER_DOMAIN_ID": "default",
            "OS_TENANT_NAME": "demo",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_ENDPOINT_TYPE": "internalURL",
            "OS_CACERT": "/ca.pem",
            "OS_INSECURE": "true",
            "OS_IMAGE_API_VERSION": "2",
        },
        [],
    )
    assert (found.domain_id, found.project_name, found.project_domain) == ("default", "demo", "Default")
    assert (found.interface, found.ca_file, found.verify) == ("internalURL", "/ca.pem", False)
    assert found.unused == ("OS_IMAGE_API_VERSION",)


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("OS_KEY", "OS_KEY, without the OS_CERT that it belongs to,"),
        ("OS_INSECURE", "OS_INSECURE, which is neither true nor false,"),
    ],
)
def test_a_variable_that_says_nothing_is_named(variable: str, said: str) -> None:
    """It is not taken for one that is not set."""
    login = {"OS_USERNAME": "eve", "OS_PASSWORD": "secret-17", "OS_PROJECT_ID": "p"}
    assert load(None, {**login, variable: "maybe"}, []).unused == (said,)
    assert load(None, {**login, "OS_KEY": "k", "OS_CERT": "c", "OS_INSECURE": "False"}, []).unused == ()


@pytest.mark.parametrize(
    ("environ", "login"),
    [
        ({"OS_APPLICATION_CREDENTIAL_ID": "a", "OS_APPLICATION_CREDENTIAL_SECRET": "s-17"}, "application credential"),
        ({"OS_TOKEN": "t-17", "OS_PROJECT_ID": "p"}, "token"),
        ({"OS_AUTH_TYPE": "v3token", "OS_TOKEN": "t-17", "OS_USERNAME": "u", "OS_PASSWORD": "p-17"}, "token"),
    ],
)
def test_other_logins_are_found_in_variables(environ: dict[str, str], login: str) -> None:
    """``OS_AUTH_TYPE`` decides where there are several."""
    found = load(None, environ, [])
    assert found.login == login
    assert "-17" not in repr(found)


def test_a_login_that_is_not_supported_is_said(tmp_path: Path) -> None:
    """It is not completed from variables of somebody else."""
    folder = write(tmp_path, "clouds: {c: {auth_type: v3oidcpassword, auth: {auth_url: 'http://k'}}}")
    with pytest.raises(ConfigurationError, match=r"auth_type 'v3oidcpassword', which is not supported.*v3token"):
        load("c", OS, [folder])


def test_a_cloud_with_an_application_credential_takes_nothing_from_variables(tmp_path: Path) -> None:
    """They are of another account, and what is not used is named."""
    text = """\
clouds:
  c:
    auth_type: v3applicationcredential
    auth: {auth_url: "http://k", application_credential_id: a, application_credential_secret: s-17}
"""
    found = load("c", {**OS, **SDK}, [write(tmp_path, text)])
    assert (found.login, found.username, found.password, found.project_id, found.ak) == (
        "application credential",
        None,
        None,
        None,
        None,
    )
    assert found.unused == ("OS_* variables", "HUAWEICLOUD_SDK_* variables")


def test_a_key_of_an_account_that_cannot_be_compared_is_left_out() -> None:
    """One names its project by name, the other by id: nothing says that it is the same."""
    who = {name: value for name, value in OS.items() if name != "OS_PROJECT_ID"}
    found = load(None, {**who, **SDK}, [])
    assert (found.project_id, found.ak) == (None, None)
    assert any("HUAWEICLOUD_SDK_* variables (left out: nothing in it says" in one for one in found.unused)


# -- clouds.yaml as openstacksdk reads it ----------------------------------------------------------------------------


def test_a_profile_region_tls_and_override_are_read(tmp_path: Path) -> None:
    """What the loader of openstacksdk knows; what is not used is named."""
    text = """\
clouds:
  c:
    profile: ours
    regions: [one, two]
    verify: false
    cert: /c.pem
    key: /k.pem
    interface: internal
    compute_endpoint_override: https://n/v2.1
    volume_api_version: 3
    auth: {username: u, password: s-17, project_name: p, user_domain_id: default, tenant: x}
"""
    folder = write(tmp_path, text)
    public = "public-clouds: {ours: {auth: {auth_url: 'http://k/v3', project_domain_id: default}}}"
    (folder / "clouds-public.yaml").write_text(public)
    found = load("c", {}, [folder], region="two")
    assert (found.iam, found.region, found.project_domain_id) == ("http://k/v3", "two", "default")
    assert (found.verify, found.certificate, found.key) == (False, "/c.pem", "/k.pem")
    assert (found.interface, found.endpoint) == ("internal", "https://n/v2.1")
    assert found.unused == ("volume_api_version", "auth.tenant")
    with pytest.raises(ConfigurationError, match="three is not a valid region"):
        load("c", {}, [folder], region="three")


def test_an_unknown_profile_is_said(tmp_path: Path) -> None:
    """Its values would be missing without a word."""
    text = "clouds: {c: {profile: nobodys, auth: {username: u, password: s-17}}}"
    with pytest.raises(ConfigurationError, match="profile that is not known"):
        load("c", {}, [write(tmp_path, text)])


@pytest.mark.parametrize("name", ["clouds.yml", "clouds.json"])
def test_other_endings_are_found(tmp_path: Path, name: str) -> None:
    """As openstacksdk does."""
    (tmp_path / name).write_text('{"clouds": {"c": {"auth": {"username": "u", "password": "s-17"}}}}')
    assert load("c", {}, [tmp_path]).source == f"cloud 'c' in {tmp_path / name}"


def test_files_named_by_variables_go_first(tmp_path: Path) -> None:
    """Also the one with the secrets; a variable that names nothing is said."""
    first, second = write(tmp_path / "one"), write(tmp_path / "two", CLOUDS.replace("alice", "mallory"))
    secure = tmp_path / "mine.yaml"
    secure.write_text("clouds: {staging: {auth: {password: mine-17}}}")
    environ = {"OS_CLIENT_CONFIG_FILE": str(second / "clouds.yaml"), "OS_CLIENT_SECURE_FILE": str(secure)}
    found = load("staging", environ, [first])
    assert (found.username, found.password) == ("mallory", "mine-17")
    with pytest.raises(ConfigurationError, match=r"OS_CLIENT_CONFIG_FILE names .*no such file"):
        load("staging", {"OS_CLIENT_CONFIG_FILE": "/nowhere.yaml"}, [first])


def test_os_cloud_names_the_credentials_where_none_is_asked_for(tmp_path: Path) -> None:
    """Unless other variables name another account: then nobody knows whose is meant."""
    folder = write(tmp_path)
    assert load(None, {"OS_CLOUD": "staging"}, [folder]).username == "alice"
    with pytest.raises(ConfigurationError, match="OS_CLOUD and other OS_\\* variables name two accounts"):
        load(None, {"OS_CLOUD": "staging", **OS}, [folder])


# -- domains ---------------------------------------------------------------------------------------------------------

_WHO = {"OS_USERNAME": "eve", "OS_PASSWORD": "in-environment-17", "OS_PROJECT_NAME": "p"}


@pytest.mark.parametrize(
    ("given", "user", "project"),
    [
        ({"DEFAULT_DOMAIN": "d1"}, (None, "d1"), (None, "d1")),
        ({"DEFAULT_DOMAIN_NAME": "D"}, ("D", None), ("D", None)),
        ({"DOMAIN_NAME": "D"}, ("D", None), ("D", None)),
        ({"USER_DOMAIN_NAME": "Corp", "DEFAULT_DOMAIN_ID": "d1"}, ("Corp", None), (None, "d1")),
        ({"PROJECT_DOMAIN_NAME": "Corp", "DEFAULT_DOMAIN_ID": "d1"}, (None, "d1"), ("Corp", None)),
        ({"USER_DOMAIN_NAME": "Corp", "DOMAIN_ID": "d1"}, ("Corp", None), (None, "d1")),
        ({"USER_DOMAIN_NAME": "Corp", "USER_DOMAIN_ID": "c1"}, ("Corp", "c1"), (None, None)),
    ],
)
def test_a_default_domain_is_for_what_has_none_of_its_own(
    tmp_path: Path, given: dict[str, str], user: object, project: object
) -> None:
    """An id that is said of everything does not win over the name of the user's or the project's own domain."""
    found = load(None, {**_WHO, **{f"OS_{name}": value for name, value in given.items()}}, [])
    assert (found.domain, found.domain_id) == user
    assert (found.project_domain, found.project_domain_id) == project
    if "DOMAIN_ID" in given:
        return  # in a file that is openstacksdk's to read, which takes it for both
    auth = {"username": "eve", "password": "secret-17", "project_name": "p"}
    auth |= {name.lower(): value for name, value in given.items() if name != "DEFAULT_DOMAIN"}
    beside = {"default_domain": given["DEFAULT_DOMAIN"]} if "DEFAULT_DOMAIN" in given else {}
    found = load("c", {}, [write(tmp_path, json.dumps({"clouds": {"c": {"auth": auth, **beside}}}))])
    assert (found.domain, found.domain_id) == user
    assert (found.project_domain, found.project_domain_id) == project
    assert found.unused == ()


def test_a_domain_is_not_completed_by_another_one(tmp_path: Path) -> None:
    """The name from the file is enough; the id of a default in the environment may be of another domain."""
    folder = write(tmp_path, "clouds: {c: {auth: {username: eve, user_domain_name: Corp, project_id: '0a'}}}")
    found = load(
        "c", {"OS_USERNAME": "eve", "OS_PASSWORD": "in-environment-17", "OS_DEFAULT_DOMAIN_ID": "d1"}, [folder]
    )
    assert (found.domain, found.domain_id, found.project_domain_id) == ("Corp", None, "d1")


def test_a_password_in_a_file_keeps_its_blanks(tmp_path: Path) -> None:
    """Only what a shell has left around a variable is taken away."""
    found = load("c", {}, [write(tmp_path, "clouds: {c: {auth: {username: eve, password: ' secret-17 '}}}")])
    assert found.password == " secret-17 "


# -- what is not as it should be in an entry -------------------------------------------------------------------------

_LOGIN = "auth: {auth_url: 'http://k', username: u, password: s-17}"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("verify: 'false'", "verify of cloud 'c' in .* is neither true nor false"),
        ("insecure: 'no'", "insecure of .* is neither true nor false. Seen: YAML reads it as str"),
        ("verify: [a]", "verify of .* is neither true nor false"),
        ("interface: [public, internal]", "interface of .* is not text. Seen: YAML reads it as list. Give one value"),
        ("cert: [a, b]", "cert of .* is not text"),
        ("profile: 5", "profile of .* is not text"),
        ("regions: eu-de", "regions of .* is not a list of regions. Seen: YAML reads it as str"),
        ("regions: {eu-de: 1}", "regions of .* is not a list of regions"),
        ("regions: [1]", "regions of .* is not a list of regions. Seen: one is int"),
        ("regions: [{name: r, values: {verify: 'false'}}]", "verify of region 'r' of cloud 'c' in .* is neither true"),
        ("regions: [{name: r, values: {auth: {project_id: 0123}}}]", "auth.project_id of region 'r' of .* is not text"),
        ("regions: [{name: r, auth: {password: s-17}}]", "region 'r' of .* a name with .* values. Seen: auth beside"),
        ("regions: [{name: r, values: s-17}]", "region 'r' of .* is not a name with a mapping of values"),
        ("regions: [{name: r, values: {auth: s-17}}]", "region 'r' of .* is not a name with a mapping of values"),
    ],
)
def test_a_field_of_another_form_is_said(tmp_path: Path, field: str, said: str) -> None:
    """openstacksdk would take the text false for true, and the first letter for a region."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        load("c", {}, [write(tmp_path, f"clouds: {{c: {{{_LOGIN}, {field}}}}}")])
    assert_hidden(caught.value)


@pytest.mark.parametrize("bare", ["clouds.yaml", "secure.yaml"])
def test_a_file_that_has_only_the_name_takes_nothing_away(tmp_path: Path, bare: str) -> None:
    """The other one has the whole entry, its region and what it says of TLS too."""
    text = f"clouds: {{c: {{{_LOGIN}, region_name: two, verify: false, compute_endpoint_override: 'http://n'}}}}"
    for name in ("clouds.yaml", "secure.yaml"):
        (tmp_path / name).write_text("clouds: {c: }" if name == bare else text)
    found = load("c", {}, [tmp_path])
    assert (found.username, found.region, found.verify, found.endpoint) == ("u", "two", False, "http://n")


def test_what_is_null_is_not_set(tmp_path: Path) -> None:
    """It is no project of the name None, and keeps no variable out."""
    text = "clouds: {c: {auth: {auth_url: 'http://k', username: eve, password: , project_name: ~}, profile: , 5: x}}"
    found = load("c", {"OS_USERNAME": "eve", "OS_PASSWORD": "s-17"}, [write(tmp_path, text)])
    assert (found.password, found.project_name, found.unused) == ("s-17", None, ("5",))


def test_a_cloud_may_be_called_by_a_number(tmp_path: Path) -> None:
    """YAML does not read it as text, and the command line does."""
    assert load("2027", {}, [write(tmp_path, f"clouds: {{2027: {{{_LOGIN}}}}}")]).username == "u"


def test_what_stands_beside_the_auth_block_is_named(tmp_path: Path) -> None:
    """Who forgot to indent it would be told that there is no user name."""
    text = "clouds: {c: {auth: {auth_url: 'http://k'}, username: u, password: s-17}}"
    with pytest.raises(ConfigurationError, match="not used: username, password;"):
        load("c", {}, [write(tmp_path, text)])


def test_what_stands_in_a_json_file_twice_is_said(tmp_path: Path) -> None:
    """As in YAML."""
    (tmp_path / "clouds.json").write_text('{"clouds": {"c": {"auth": {"username": "a", "username": "b"}}}}')
    with pytest.raises(ConfigurationError, match="has 'username' twice"):
        load("c", {}, [tmp_path])


def test_a_file_of_profiles_that_is_no_yaml_is_said(tmp_path: Path) -> None:
    """It is not the profile that is missing."""
    folder = write(tmp_path, f"clouds: {{c: {{{_LOGIN}, profile: ours}}}}")
    (folder / "clouds-public.yaml").write_text("public-clouds:\n\tours: 1")
    with pytest.raises(ConfigurationError, match=r"clouds-public.yaml is not YAML"):
        load("c", {}, [folder])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("public-clouds: {ours: 5}", "profile 'ours' in .*clouds-public.yaml is not a mapping"),
        ("public-clouds: {ours: {verify: 'false'}}", "verify of profile 'ours' in .* is neither true nor false"),
        ("public-clouds: {ours: {auth: {project_id: 0123}}}", "auth.project_id of profile 'ours' .* reads it as int"),
        ("public-clouds: {ours: {auth: {project_name: ~}}}", "auth.project_name of profile .* reads it as null"),
        ("clouds: {ours: {}}", "is not a file of public clouds.* Seen: no mapping named public-clouds at its top"),
    ],
)
def test_a_profile_of_another_form_is_said(tmp_path: Path, text: str, said: str) -> None:
    """As a cloud is: a project would be called None, and a switch would be a file."""
    folder = write(tmp_path, f"clouds: {{c: {{{_LOGIN}, profile: ours}}}}")
    (folder / "clouds-public.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load("c", {}, [folder])


def test_aliases_of_aliases_take_no_time(tmp_path: Path) -> None:
    """Ten thousand million looks, one for each way to a node."""
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    text = "\n".join(["a0: &a0 [x]", *rows, f"clouds: {{c: {{{_LOGIN}}}}}"])
    assert load("c", {}, [write(tmp_path, text)]).username == "u"


@pytest.mark.parametrize(
    ("fields", "region", "unused"),
    [
        ("regions: [one, two], region_name: two", None, ("region_name, where the first of the regions is taken,",)),
        ("regions: [one, two], region_name: one", None, ()),
        ("regions: [one, two], region_name: one", "two", ()),
        ("identity_api_version: '2.0'", None, ("identity_api_version 2.0, where IAM is asked by version 3,",)),
        ("identity_api_version: v3.14", None, ()),
        (
            "regions: [{name: one, values: {flavour: a, auth: {tenant: x, project_id: ~}}}]",
            None,
            ("one.flavour", "one.auth.tenant"),
        ),
        ("profile: ours", None, ("flavour", "auth.tenant")),
    ],
)
def test_what_decides_nothing_in_a_cloud_is_named(
    tmp_path: Path, fields: str, region: str | None, unused: tuple[str, ...]
) -> None:
    """Also in the values of a region and in a profile."""
    folder = write(tmp_path, f"clouds: {{c: {{{_LOGIN}, {fields}}}}}")
    (folder / "clouds-public.yaml").write_text("public-clouds: {ours: {flavour: a, auth: {tenant: x}}}")
    assert load("c", {}, [folder], region=region).unused == unused


@pytest.mark.parametrize(
    ("environ", "unused"),
    [
        ({"OS_PROJECT_ID": "other", "OS_REGION_NAME": "r"}, ("OS_PROJECT_ID", "OS_REGION_NAME")),
        ({"OS_TENANT_ID": "other", "OS_INSECURE": "1"}, ("OS_TENANT_ID", "OS_INSECURE")),
        ({"OS_USERNAME": "u", "OS_AUTH_URL": "http://k/v3/", "OS_IDENTITY_API_VERSION": "3"}, ()),
        ({"HUAWEICLOUD_SDK_PROJECT_ID": "other"}, ("HUAWEICLOUD_SDK_PROJECT_ID",)),
    ],
)
@pytest.mark.parametrize("asked", [None, "c"])
def test_variables_beside_a_cloud_that_say_something_else_are_named(
    tmp_path: Path, environ: dict[str, str], unused: tuple[str, ...], asked: str | None
) -> None:
    """Whoever set them may think that they count, as they do for other tools."""
    folder = write(tmp_path, f"clouds: {{c: {{{_LOGIN}}}}}")
    assert load(asked, {"OS_CLOUD": "c", **environ}, [folder]).unused == unused


@pytest.mark.parametrize("value", ['"key-17"', "key-17 ; mine", "key-\n17", "k\u00e9y-17"])
@pytest.mark.parametrize("name", ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"])
def test_a_key_that_nobody_gave_out_is_a_sentence(name: str, value: str) -> None:
    """It would be refused as one of somebody else."""
    with pytest.raises(ConfigurationError, match=r"from HUAWEICLOUD_SDK_. variables cannot be right") as caught:
        load(None, {**SDK, name: value}, [])
    assert "17" not in str(caught.value)


def test_a_block_of_yaml_may_hold_a_token(tmp_path: Path) -> None:
    """Its line break at the end is not part of it; one inside is none of a token either."""
    text = "clouds:\n  c:\n    auth_type: token\n    auth:\n      project_id: p\n      token: |\n        s-17\n"
    assert load("c", {}, [write(tmp_path, text)]).token == "s-17"
    with pytest.raises(ConfigurationError, match=r"The token from cloud 'c' in .* cannot be right"):
        load("c", {}, [write(tmp_path, text + "        s-17\n")])


def test_a_profile_that_cannot_be_fetched_is_said(tmp_path: Path) -> None:
    """Nothing is wrong with the entry."""
    folder = write(tmp_path, f"clouds: {{c: {{{_LOGIN}, profile: 'http://127.0.0.1:9/'}}}}")
    with pytest.raises(ConfigurationError, match="names a profile that cannot be fetched"):
        load("c", {}, [folder])


@pytest.mark.parametrize("variable", ["OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"])
def test_a_file_in_the_home_of_nobody_is_not_there(tmp_path: Path, variable: str) -> None:
    """Also the one with the secrets, which would be missing without a word."""
    with pytest.raises(ConfigurationError, match=f"{variable} names ~nobody-17/c.yaml, and there is no such file"):
        load("staging", {variable: "~nobody-17/c.yaml"}, [write(tmp_path)])


# -- two accounts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environ",
    [
        {"OS_USER_ID": "a", "OS_PASSWORD": "s-17", "OS_PROJECT_ID": "p", "HW_USER_NAME": "b", "HW_PROJECT_ID": "p"},
        {
            "OS_APPLICATION_CREDENTIAL_ID": "x",
            "OS_APPLICATION_CREDENTIAL_SECRET": "s-17",
            "OS_PROJECT_ID": "p",
            "HW_USER_NAME": "b",
            "HW_PROJECT_ID": "p",
        },
        {"OS_USERNAME": "a", "OS_PASSWORD": "s-17", "OS_PROJECT_NAME": "eu-de", "HW_PROJECT_NAME": "eu-de"},
        {
            "OS_USERNAME": "a",
            "OS_PASSWORD": "s-17",
            "OS_PROJECT_NAME": "eu-de",
            "HW_USER_NAME": "a",
            "HW_PROJECT_ID": "p",
        },
    ],
    ids=["user by id and by name", "application and user", "only the region's project", "project by name and by id"],
)
def test_what_cannot_be_compared_is_not_mixed(environ: dict[str, str]) -> None:
    """Each account has a project named as the region, and an id and a name may be those of two."""
    found = load(None, {**environ, "HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "k-17"}, [])
    assert (found.ak, found.source) == (None, "OS_* variables")
    assert any("HW_* variables (left out: nothing in it says" in one for one in found.unused)


def test_two_ways_to_write_one_address_of_iam_are_one() -> None:
    """With the version, and without."""
    first = {"OS_AUTH_URL": "http://k/v3/", "OS_USERNAME": "a", "OS_PASSWORD": "s-17"}
    second = {"HW_AUTH_URL": "http://k", "HW_USER_NAME": "a", "HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "k-17"}
    assert load(None, {**first, **second}, []).ak == "AK"
