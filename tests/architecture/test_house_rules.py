"""What the plan of the house says of the whole code, checked on the code."""

import ast
import functools
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.validate import validate

import personas
import pipelines

ROOT = Path(__file__).parents[2]
LIBRARY = sorted((ROOT / "personas").rglob("*.py"))
PIPELINES = sorted((ROOT / "pipelines").rglob("*.py"))
HEAVY = ("pandas", "sklearn", "numba", "ibis", "duckdb", "altair", "umap", "hdbscan")
MODULES = sorted(
    module.name
    for package in (personas, pipelines)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)

# pydantic turns a ValueError of a validator into its own error.
BUILTIN_ERRORS = {
    f"personas/config/{name}.py": {"ValueError"} for name in ("__init__", "sources", "category")
}


@functools.cache
def _nodes(path):
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _found(paths, wanted):
    return sorted(
        f"{path.relative_to(ROOT)}:{node.lineno}" for path in paths for node in _nodes(path) if wanted(node)
    )


def _dotted(node):
    return (
        f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    )


def test_the_floors_and_doors_hold():
    command = [Path(sys.executable).with_name("lint-imports"), "--config", "setup.cfg", "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " 0 broken" in answer.stdout


@pytest.mark.parametrize("module", ["personas", "personas.config", "pipelines.cli", "personas.registry"])
def test_importing_loads_nothing_heavy(module):
    code = f"import {module}, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert answer.stdout.split() == []


@pytest.mark.parametrize(
    ("library", "door"),
    [
        ("duckdb", "personas/engine/"),
        ("hdbscan", "personas/cluster/"),
        ("umap", "personas/cluster/"),
        ("altair", "personas/report/"),
        ("jinja2", "personas/report/"),
    ],
)
def test_a_library_comes_in_by_its_door_only(library, door):
    def is_import(node):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        return any(name.partition(".")[0] == library for name in names)

    places = _found([*LIBRARY, *PIPELINES], is_import)
    assert places
    assert [place for place in places if not place.startswith(door)] == []


def test_the_library_does_not_print():
    assert _found(LIBRARY, lambda n: isinstance(n, ast.Call) and _dotted(n.func) == "print") == []


def test_the_library_has_no_clock_and_no_environment():
    clocks = (
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "os.environ",
        "os.getenv",
    )
    assert _found(LIBRARY, lambda n: isinstance(n, ast.Attribute) and _dotted(n).endswith(clocks)) == []


def test_the_library_raises_its_own_errors():
    def is_bare(node):
        raised = node.exc if isinstance(node, ast.Raise) else None
        name = _dotted(raised.func) if isinstance(raised, ast.Call) else _dotted(raised)
        return name in ("ValueError", "TypeError", "RuntimeError", "Exception", "KeyError", "AssertionError")

    allowed = tuple(f"{path}:" for path in BUILTIN_ERRORS)
    assert [place for place in _found(LIBRARY, is_bare) if not place.startswith(allowed)] == []


def test_every_error_is_of_the_tree_and_every_builtin_it_stands_in_for():
    assert issubclass(personas.errors.DataError, ValueError)
    assert issubclass(personas.errors.NotFoundError, LookupError)


@pytest.mark.parametrize("name", ["personas", *(m for m in MODULES if m.startswith("personas."))])
def test_what_a_module_offers_exists_and_is_sorted(name):
    module = importlib.import_module(name)
    offered = getattr(module, "__all__", None)
    if offered is None:
        assert not hasattr(module, "__path__"), f"{name} is a room and needs __all__"
        return
    assert len(set(offered)) == len(offered)
    assert list(offered) == sorted(offered, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    for thing in offered:
        assert hasattr(module, thing), f"{name} has no {thing}"


def _public_things():
    for name in MODULES:
        module = importlib.import_module(name)
        for thing, value in vars(module).items():
            if thing.startswith("_") or getattr(value, "__module__", None) != name:
                continue
            if inspect.isfunction(value):
                yield f"{name}.{thing}"
            elif inspect.isclass(value):
                yield f"{name}.{thing}"
                for method, member in vars(value).items():
                    body = getattr(member, "__func__", getattr(member, "fget", member))
                    if not method.startswith("_") and inspect.isfunction(body):
                        yield f"{name}.{thing}.{method}"


# No docstring; wrong summary; parameters missing, unknown or in another order; sections out of order.
CHECKS = {"GL06", "GL07", "GL08", "SS03", "SS05", "PR02", "PR03"}


def test_public_things_are_documented():
    problems = []
    for name in _public_things():
        found = [f"{name}: {code} {text}" for code, text in validate(name)["errors"] if code in CHECKS]
        problems += found
    assert problems == []
