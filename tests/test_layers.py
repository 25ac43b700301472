"""The directions of dependencies that the design promises, read from the source."""

import ast
from pathlib import Path

import pytest

import pytest_ecs

_ROOT = Path(__file__).parent.parent
_PACKAGE = _ROOT / "pytest_ecs"

#: Layer -> layers it may import, from the ground up; a layer is a module or sub-package of pytest_ecs. Everything may import these:
_COMMON = {"exceptions", "_text", "_types"}
_MAY: dict[str, set[str]] = {
    "_types": set(),
    "_text": set(),
    "exceptions": set(),
    "_mock": set(),
    "_locations": set(),
    "_contract": {"_locations"},
    "_http": set(),
    "_resources": {"_contract", "_http"},
    "_checks": {"_contract", "_http"},
    "_cases": {"_contract", "_http", "_locations"},
    "strategies": {"_cases", "_checks", "_contract"},
    "_report": {"_checks", "_contract", "_http", "_locations"},
    "_run": {"_cases", "_checks", "_contract", "_http", "_mock", "_report", "_resources", "_locations"},
    "typing": {"_http", "_resources"},
    "_testing": {"_cases", "_checks", "_contract", "_http", "_mock", "_resources", "_run", "strategies", "typing"},
    "_cli": {"_contract", "_locations", "_mock", "_report", "_resources", "_run"},
    "hooks": {"_http", "_report"},
    "plugin": {"_locations", "_run", "_testing", "hooks"},
    "__main__": {"_cli", "_run"},
    "__init__": {"_cases", "_contract", "_http", "_report", "_resources", "_testing"},
}

#: Layer of the mock -> layers of the mock it may import, from the ground up.
_MOCK_MAY: dict[str, set[str]] = {
    "deviations": {"http"},
    "switches": set(),
    "state": set(),
    "http": {"state"},
    "variants": {"http", "state"},
    "identity": {"http", "state"},
    "compute": {"http", "identity", "state"},
    "catalog": {"compute", "http", "state"},
    "network": {"compute", "http", "state"},
    "storage": {"compute", "http", "state"},
    "companions": {"http", "network", "state", "storage"},
    "page": {"state"},
    "control": {"compute", "http", "identity", "page", "state", "switches"},
    "access": {"state"},
    "app": {"access", "compute", "control", "deviations", "http", "identity", "page", "state", "switches", "variants"},
    "weather": set(),
    "server": {"app", "weather"},
    "__init__": {"app", "deviations", "state", "variants"},
}


def _imports(file: Path) -> set[str]:
    """Layers of pytest_ecs that a file imports, inside functions too; a relative import stays in its package."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            if parts[0] == "pytest_ecs" and len(parts) > 1:
                found.add(parts[1])
    return found


def _layers() -> dict[str, list[Path]]:
    layers: dict[str, list[Path]] = {}
    for file in sorted(_PACKAGE.rglob("*.py")):
        first = file.relative_to(_PACKAGE).parts[0]
        layers.setdefault(first.removesuffix(".py"), []).append(file)
    return layers


@pytest.mark.parametrize("layer", sorted(_layers()))
def test_a_layer_imports_only_what_it_may(layer: str) -> None:
    """No module reaches up or sideways; a new one has to be given its place here."""
    assert layer in _MAY, f"{layer} has no place in the table"
    known = set(_layers())
    allowed = _MAY[layer] | _COMMON | {layer}
    wrong = {(file.name, name) for file in _layers()[layer] for name in _imports(file) & known if name not in allowed}
    assert not wrong


def test_the_mock_never_reads_the_contract() -> None:
    """A mock made from the contract would agree with it by construction: it imports nothing of ours and opens no schemas."""
    for file in _layers()["_mock"]:
        text = file.read_text(encoding="utf-8")
        assert _imports(file) <= {"_mock"}, file
        for word in ("schemas/", "_contract", "yaml", "open(", "read_text"):
            assert word not in text, f"{file.name} has {word!r}"


def test_a_layer_of_the_mock_imports_only_what_it_may() -> None:
    """The mock has layers of its own, and no way back up between them; what only types need counts too."""
    layers: dict[str, list[Path]] = {}
    for file in _layers()["_mock"]:
        layers.setdefault(file.relative_to(_PACKAGE / "_mock").parts[0].removesuffix(".py"), []).append(file)
    assert set(layers) == set(_MOCK_MAY)
    for layer, files in layers.items():
        for file in files:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pytest_ecs._mock"):
                    parts = (node.module or "").split(".")
                    found = set(parts[2:3]) or {alias.name for alias in node.names}
                    assert found <= _MOCK_MAY[layer] | {layer}, f"{layer}/{file.name} imports {found}"


def test_suites_use_public_names_only() -> None:
    """The suites are what a stranger could write."""
    public = {"pytest_ecs", "pytest_ecs.exceptions", "pytest_ecs.strategies", "pytest_ecs.typing"}
    for file in sorted((_ROOT / "suites").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("pytest_ecs"):
                assert node.module in public, f"{file.name} imports {node.module}"
                assert all(not alias.name.startswith("_") for alias in node.names), file.name


def test_the_judge_does_no_input_or_output() -> None:
    """Checks are pure: no clock, no network, no files."""
    banned = {"httpx", "time", "os", "pathlib", "sqlite3", "socket", "subprocess", "random", "io"}
    for file in _layers()["_checks"]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not banned & {name.split(".")[0] for name in names}, file


def test_the_facade_lists_what_it_has() -> None:
    """Everything public resolves, and nothing else is offered."""
    for name in pytest_ecs.__all__:
        assert getattr(pytest_ecs, name) is not None
    assert dir(pytest_ecs) == sorted(pytest_ecs.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pytest_ecs.nothing


def test_the_architecture_says_which_layers_there_are() -> None:
    """ARCHITECTURE.md lists the layers of the table above in its order, and what each may import."""
    text = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    told = {name.strip("`"): {other.strip("`") for other in may.split(", ")} - {"-"} for name, _, may in rows}
    assert told == _MAY
    assert list(told) == list(_MAY)
