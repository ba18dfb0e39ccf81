"""pyproject.toml, environment.yml, the lock file and the imports in helpers tell the same story."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import helpers

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKED_EXTRAS = ("cpu", "jax", "content", "dask", "grading", "site", "dev")

PLATFORMS = {
    "Linux": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix", "platform_system": "Linux"},
    "Linux on ARM": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_machine": "arm64", "os_name": "posix", "platform_system": "Darwin"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt", "platform_system": "Windows"},
}


def requirements(lines) -> list[Requirement]:
    return [Requirement(line) for line in lines]


def project_requirements(*extras) -> list[Requirement]:
    lines = [*PROJECT["dependencies"]]
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return requirements(lines)


def lock_lines() -> list[str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def comparable(wanted: list[Requirement]) -> list[tuple]:
    return sorted((canonicalize_name(r.name), sorted(r.extras), str(r.specifier), str(r.marker or "")) for r in wanted)


def conda_environment() -> tuple[list[str], list[str]]:
    """What environment.yml asks of conda and of pip."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return [entry for entry in dependencies if isinstance(entry, str)], pip


def test_conda_environment_asks_for_the_packages_of_pyproject():
    _, pip = conda_environment()
    assert pip[-1] == "-e ."
    assert comparable(requirements(pip[:-1])) == comparable(project_requirements(*LOCKED_EXTRAS))


def test_conda_environment_asks_for_the_python_of_pyproject():
    conda, _ = conda_environment()
    (python,) = (entry for entry in conda if entry.startswith("python"))
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_lock_satisfies_pyproject_everywhere(python, platform):
    environment = PLATFORMS[platform] | {"python_version": python, "python_full_version": f"{python}.9", "extra": ""}
    locked = {}
    for requirement in requirements(lock_lines()):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in locked, f"two versions of {name}"
            (version,) = requirement.specifier
            assert version.operator == "=="
            locked[name] = version.version
    for requirement in project_requirements(*LOCKED_EXTRAS):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), str(requirement)


def test_lock_holds_one_tensorflow_and_on_linux_the_small_one():
    environment = PLATFORMS["Linux"] | {"python_version": "3.13", "python_full_version": "3.13.0"}
    names = {r.name for r in requirements(lock_lines()) if r.marker is None or r.marker.evaluate(environment)}
    assert "tensorflow-cpu" in names and "tensorflow" not in names and not any(n.startswith("nvidia-") for n in names)


def test_lock_names_no_index_or_address():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and not re.search(r"^\s*-", text, re.MULTILINE)


def test_every_dependency_has_a_lower_bound_and_no_upper_one():
    carriers = {"mtcnn", "rapidocr"}  # of network weights, which other versions may bring others of
    for requirement in project_requirements(*PROJECT["optional-dependencies"]):
        expected = {">=", "<"} if requirement.name in carriers else {">="}
        assert {specifier.operator for specifier in requirement.specifier} == expected, str(requirement)


def imported_modules(path: Path) -> set[str]:
    """The top-level names of everything that a file imports when it is imported."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "helpers").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_helpers_import_only_what_pyproject_declares(path):
    declared = {canonicalize_name(r.name) for r in project_requirements("cpu", "jax")}
    providers = importlib.metadata.packages_distributions()
    for module in imported_modules(path) - sys.stdlib_module_names - {"helpers"}:
        assert declared & {canonicalize_name(name) for name in providers.get(module, ())}, f"{module} is not declared"


def test_the_wheel_would_hold_every_module():
    from setuptools import find_packages  # what [tool.setuptools.packages.find] calls

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    packages = set(find_packages(ROOT, **settings["find"]))
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "helpers").rglob("*.py")}
    assert packages == {".".join(folder.parts) for folder in folders}


def test_version_is_written_once():
    assert PROJECT["dynamic"] == ["version"] and "version" not in PROJECT
    assert re.fullmatch(r"\d+\.\d+\.\d+", helpers.__version__)


@pytest.mark.skipif(os.name != "posix", reason="make and sh")
def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^\.PHONY: ([\w-]+)$", text, re.MULTILINE)
    assert targets and all(re.search(rf"make {target} +\w", shown) for target in targets)


@pytest.mark.skipif(os.name != "posix", reason="make and sh")
def test_make_setup_says_in_one_sentence_that_there_is_no_python(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    result = subprocess.run(
        ["make", "setup", f"PYTHON={tmp_path / 'no-such-python'}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode != 0 and not (tmp_path / ".venv").exists()
    assert result.stderr.startswith("No Python 3.11, 3.12 or 3.13 was found") and "PYTHON=" in result.stderr
