"""Demo: write a planted world with its config; the truth stands in a file of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from personas.datasets import World, make_co_purchase_world, make_home_appliances, write_world
from personas.errors import ConfigError, NotFoundError
from pipelines.config_file import shipped_configs
from pipelines.console import command, say, shown, steps

_WORLDS: dict[str, tuple[Callable[..., World], tuple[str, ...]]] = {
    "home_appliances": (make_home_appliances, ("run",)),
    "category_strategy": (make_co_purchase_world, ("category", "scenes")),
}
"""Name -> what makes it, and the verb to try next."""


def write_demo(name: str, n_users: int, seed: int, output: Path, *, as_json: bool) -> None:
    """Write tables, config and truth of a planted world into a folder.

    Parameters
    ----------
    name : str
        ``"home_appliances"`` or ``"category_strategy"``.
    n_users : int
        Size of the world.
    seed : int
        Same seed, same bytes.
    output : Path
        Folder to write.
    as_json : bool
        Print JSON.

    Raises
    ------
    NotFoundError
        If there is no such world.
    ConfigError
        If something else stands where the world should go.
    """
    if name not in _WORLDS:
        raise NotFoundError(f"No demo world is called {name!r}; there are {' and '.join(_WORLDS)}.")
    make, verb = _WORLDS[name]
    _check_target(output, name)
    with steps(quiet=as_json) as progress, progress.step(f"make {n_users:,} users"):
        world = make(n_users, random_state=seed)
        paths = _write(world, name, output)
    config = output / f"{name}.yaml"
    as_of = world.window.as_of.isoformat()
    lines = [
        *(f"{stem}: {shown(path)}" for stem, path in paths.items()),
        f"Next: {command(*verb, config)} --as-of {as_of}",
    ]
    say({"as_of": as_of, **paths}, lines, as_json=as_json)


def _check_target(output: Path, name: str) -> None:
    """Stop unless the folder is new, empty, or a demo world that may be made again."""
    if output.exists() and not output.is_dir():
        raise ConfigError(f"{shown(output)} is a file; choose a folder with --output.")
    is_used = output.is_dir() and any(output.iterdir())
    if is_used and not (output / "truth.parquet").is_file():
        raise ConfigError(
            f"{shown(output)} holds other things than the demo world {name}; choose another folder with --output."
        )


def _write(world: World, name: str, output: Path) -> dict[str, Path]:
    """Write all files beside the folder first, so that an error or a kill leaves no half of a world."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as scratch:
        written = {path.stem: path for path in write_world(world, Path(scratch))}
        shipped = (shipped_configs() / f"{name}.yaml").read_text(encoding="utf-8")
        beside = shipped.replace(f"../artifacts/{name}/", "").replace(
            "store: ../artifacts\n", "store: store\n"
        )
        written["config"] = Path(scratch) / f"{name}.yaml"
        written["config"].write_text(beside, encoding="utf-8")
        output.mkdir(exist_ok=True)
        return {stem: path.replace(output / path.name) for stem, path in written.items()}
