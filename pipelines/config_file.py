"""Read config and archetype files; the only place that opens them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from personas.config import (
    ArchetypesSpec,
    Config,
    ScenesFileSpec,
    SourceSpec,
    parse_archetypes,
    parse_config,
    parse_scenes,
)
from personas.errors import ConfigError, NotFoundError


@dataclass(frozen=True)
class LoadedConfig:
    """A config, where it stands, and what its relative paths are relative to.

    Parameters
    ----------
    path : Path
        The config file.
    config : Config
        Its validated content.
    """

    path: Path
    config: Config

    @property
    def store_path(self) -> Path:
        """Folder of models and outputs."""
        return self.resolve(self.config.store)

    def resolve(self, path: str) -> Path:
        """Return ``path`` relative to the config's own folder."""
        return (self.path.parent / Path(path).expanduser()).resolve()

    def connection_url(self, source: SourceSpec) -> str | None:
        """Return a source's connection URL, read from the environment where the config says so."""
        if source.connection_env is None:
            return source.connection
        url = os.environ.get(source.connection_env)
        if not url:
            raise ConfigError(
                f"{self.path.name}: connection_env names {source.connection_env}, which is not set; "
                f"export {source.connection_env}=<connection URL> and run again."
            )
        return url

    def archetypes(self) -> ArchetypesSpec | None:
        """Return the archetypes that the config names, if any."""
        name = self.config.personas.archetypes
        if name is None:
            return None
        path = self._shipped_or_beside("archetypes", name, "personas.archetypes")
        return parse_archetypes(read_yaml(path), path.name)

    def scenes(self) -> ScenesFileSpec | None:
        """Return the scenes that the config names, if any."""
        name = self.config.category.scenes.seeds
        if name is None:
            return None
        path = self._shipped_or_beside("scenes", name, "category.scenes.seeds")
        return parse_scenes(read_yaml(path), path.name)

    def ladder(self, name: str) -> Any:
        """Return the content of a ladder file."""
        return read_yaml(self._shipped_or_beside("ladders", name, "category.ladders"))

    def _shipped_or_beside(self, kind: str, name: str, key: str) -> Path:
        shipped = shipped_configs() / kind / f"{name}.yaml"
        path = shipped if shipped.exists() else self.resolve(name)
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in shipped.parent.glob("*.yaml")))
            raise NotFoundError(
                f"{self.path.name}: {key} is {name!r}, which is neither a shipped name ({known}) "
                "nor a file beside the config; correct it or leave it out."
            )
        return path


def load_config(path: Path) -> LoadedConfig:
    """Read and validate one config file.

    Parameters
    ----------
    path : Path
        YAML file.

    Returns
    -------
    LoadedConfig

    Raises
    ------
    ConfigError
        If it can't be read, is not YAML, or says something impossible.
    """
    return LoadedConfig(path, parse_config(read_yaml(path), path.name))


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds; a repeated key is an error, not a silent overwrite."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; check the path, or draft one with `personas init`."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read as UTF-8 text ({error}); save it as UTF-8.") from None
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None


def shipped_configs() -> Path:
    """Return the folder of example configs: inside the package when installed, beside it in a checkout."""
    here = Path(__file__).parent
    installed = here / "configs"
    return installed if installed.is_dir() else here.parent / "configs"


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses repeated keys."""


def _unique_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)
