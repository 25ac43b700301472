"""Options end in one frozen value; wrong ones are a sentence that says what is allowed."""

import pytest

from pytest_ecs import load_contract
from pytest_ecs._run.options import Settings
from pytest_ecs._run.profiles import selected

_PRINT = """
def test_settings(ecs_settings):
    print("SETTINGS", ({expression}))
"""


def _run(pytester: pytest.Pytester, expression: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(_PRINT.format(expression=expression))
    return pytester.runpytest("-q", "-s", *options)


def test_the_command_line_wins_over_the_environment_and_that_over_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One order for every option."""
    pytester.makeini("[pytest]\necs_max_servers = 3\necs_batch = 4\necs_flavor = ini")
    monkeypatch.setenv("PYTEST_ECS_MAX_SERVERS", "5")
    monkeypatch.setenv("PYTEST_ECS_BATCH", "6")
    shown = _run(pytester, "ecs_settings.max_servers, ecs_settings.batch, ecs_settings.flavor", "--ecs-max-servers=7")
    shown.stdout.fnmatch_lines(["*SETTINGS (7, 6, 'ini')*"])


def test_the_environment_alone_never_chooses_a_target(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable left in a shell cannot start spending."""
    monkeypatch.setenv("PYTEST_ECS_CLOUD", "production")
    monkeypatch.setenv("PYTEST_ECS_ENDPOINT", "https://ecs.example.com")
    monkeypatch.setenv("OS_CLOUD", "production")
    _run(pytester, "ecs_settings.embedded").stdout.fnmatch_lines(["*SETTINGS True*"])


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OS_CLOUD": "production"}, "Not used: OS_CLOUD, since without --ecs-cloud*"),
        ({"OS_USERNAME": "me", "OS_PASSWORD": "geheim", "HW_ACCESS_KEY": "geheim"}, "Not used: OS_* variables, since*"),
        ({"HW_ACCESS_KEY": "geheim", "HW_SECRET_KEY": "geheim"}, "Not used: HW_* variables, since*"),
        ({"OS_USERNAME": "me"}, None),
    ],
)
def test_what_would_be_enough_to_log_in_is_named_where_it_is_not_used(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str | None
) -> None:
    """Whoever has set it may think that his cloud was tested."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    pytester.makepyfile("def test_it(ecs_client): assert ecs_client.get('/v2.1/{project_id}/servers').accepted")
    shown = pytester.runpytest_subprocess("--ecs-report=out")
    if said is None:
        shown.stdout.no_fnmatch_line("Not used:*")
    else:
        shown.stdout.fnmatch_lines([said])
    shown.stdout.no_fnmatch_line("*geheim*")


def test_iam_alone_chooses_a_target(pytester: pytest.Pytester) -> None:
    """The endpoint is in its catalogue."""
    shown = _run(pytester, "ecs_settings.embedded, ecs_settings.target_options", "--ecs-iam=https://b")
    shown.stdout.fnmatch_lines(["*SETTINGS (False, ?'--ecs-iam=https://b'?)*"])


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (
            "--ecs-profile=cor",
            "*--ecs-profile: 'cor' is not one of smoke, core, native, deprecated, full, and no file; did you mean core?*",
        ),
        ("--ecs-max-servers=0", "*--ecs-max-servers: '0' cannot be used: must be greater than 0*"),
        ("--ecs-max-servers=many", "*--ecs-max-servers: 'many' cannot be used: must be a whole number*"),
        ("--dist=each", "*--dist each runs every test in every process at once*use --dist load*"),
        ("--ecs-max-minutes=inf", "*--ecs-max-minutes: 'inf' cannot be used: must be between 0.000001 and 1000000*"),
        ("--ecs-max-requests-per-second=1e-300", "*'1e-300' cannot be used: must be between *"),
        ("--ecs-max-servers=99999999999999999999", "*cannot be used: must be between *"),
        ("--ecs-cloud=", "*--ecs-cloud: the value is empty; leave the option out, or set what it comes from*"),
        ("--ecs-endpoint= ", "*--ecs-endpoint: the value is empty*"),
        ("--ecs-kind=respone", "*'respone' is not one of*did you mean response?*"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(pytester: pytest.Pytester, option: str, text: str) -> None:
    """The message names the option, the value and the way out."""
    shown = _run(pytester, "1", option, "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines([text])
    shown.stderr.no_fnmatch_line("*Traceback*")


def test_a_flag_that_is_neither_true_nor_false_is_said(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be off in silence."""
    monkeypatch.setenv("PYTEST_ECS_INSECURE", "ja")
    shown = _run(pytester, "1", "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines(["*PYTEST_ECS_INSECURE: 'ja' is neither true nor false*"])


def test_a_variable_that_looks_like_an_option_and_is_none_is_said(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit with a letter too few would be none; a passphrase is no option."""
    monkeypatch.setenv("PYTEST_ECS_SIGN_PASSPHRASE", "geheim")
    monkeypatch.setenv("PYTEST_ECS_MAX_SERVER", "1")
    shown = _run(pytester, "1", "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines(
        ["*PYTEST_ECS_MAX_SERVER: there is no such option; did you mean PYTEST_ECS_MAX_SERVERS*"]
    )


def test_an_endpoint_may_stand_beside_a_cloud(pytester: pytest.Pytester) -> None:
    """The cloud has the credentials; the URL goes before the one in its catalogue."""
    shown = _run(pytester, "ecs_settings.cloud, ecs_settings.endpoint", "--ecs-cloud=a", "--ecs-endpoint=https://b")
    shown.stdout.fnmatch_lines(["*SETTINGS ('a', 'https://b')*"])


def test_deviations_are_for_the_mock_only(pytester: pytest.Pytester) -> None:
    """A deviation cannot be switched on in somebody's cloud."""
    shown = _run(pytester, "1", "--ecs-endpoint=https://b", "--ecs-deviation=x", "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines(["*--ecs-deviation is for the embedded mock*"])


@pytest.mark.parametrize(
    ("section", "requirement", "inside"),
    [
        ("6.11", "nova.keypairs.create/rule/listed", True),
        ("6.11", "nova.keypairs.create/http/wrong-method", True),  # 10.1 says which status
        ("6.11", "A.2/Ecs.0005", False),
        ("6.1", "nova.versions.list/status", True),
        ("6.1", "nova.limits.show/status", False),  # 6.10 is no part of 6.1
    ],
)
def test_a_section_has_what_is_required_of_its_operations(section: str, requirement: str, inside: bool) -> None:
    """What it says itself, and what the rest of the document asks of the operations that it documents."""
    contract = load_contract()
    about = contract.requirements[requirement]
    assert (about in selected(Settings(section=(section,)), contract)) is inside


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--ecs-operation=ecs.server.create", "*no operation 'ecs.server.create'; did you mean ecs.servers.create*"),
        ("--ecs-section=5.99", "*no section '5.99'*"),
        ("--ecs-requirement=ecs.servers.create/statu", "*no requirement*did you mean ecs.servers.create/status*"),
        (
            "--ecs-not-offered=nova.tgas.*",
            "*--ecs-not-offered: the contract has no operation or requirement 'nova.tgas.[*]'*",
        ),
        ("--ecs-not-offered=ecs.tags.lst", "*no operation or requirement 'ecs.tags.lst'; did you mean ecs.tags.list*"),
    ],
)
def test_a_selection_that_names_nothing_gets_the_closest_names(
    pytester: pytest.Pytester, option: str, text: str
) -> None:
    """A typo selects nothing; that must not look like a clean run."""
    shown = _run(pytester, "1", option, "--ecs-report=out")
    assert shown.ret == pytest.ExitCode.USAGE_ERROR
    shown.stderr.fnmatch_lines([text])
