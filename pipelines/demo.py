"""Demo: write a planted world with its config; the truth stands in a file of its own."""

from __future__ import annotations

from pathlib import Path

from personas.datasets import make_home_appliances, write_world
from personas.errors import NotFoundError
from pipelines.config_file import shipped_configs
from pipelines.console import say, steps

_SHIPPED_FOLDER = "../artifacts/home_appliances/"


def write_demo(name: str, n_users: int, seed: int, output: Path, *, as_json: bool) -> None:
    """Write tables, config and truth of a planted world into a folder.

    Parameters
    ----------
    name : str
        ``"home_appliances"``.
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
    """
    if name != "home_appliances":
        raise NotFoundError(f"No demo world is called {name!r}; there is home_appliances.")
    with steps(quiet=as_json) as progress, progress.step(f"make {n_users:,} users"):
        world = make_home_appliances(n_users, random_state=seed)
        paths = write_world(world, output)
    config = output / f"{name}.yaml"
    shipped = (shipped_configs() / f"{name}.yaml").read_text(encoding="utf-8")
    beside = shipped.replace(_SHIPPED_FOLDER, "").replace("store: ../artifacts\n", "store: store\n")
    config.write_text(beside, encoding="utf-8")
    as_of = world.window.as_of.isoformat()
    files = {path.stem: path for path in paths}
    lines = [
        *(f"{stem}: {path}" for stem, path in files.items()),
        f"config: {config}",
        f"Next: personas run {config} --as-of {as_of}",
    ]
    say({"config": config, "as_of": as_of, **files}, lines, as_json=as_json)
