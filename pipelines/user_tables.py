"""Further tables of users, scene affinities from the store among them: what they held early enough."""

from __future__ import annotations

from datetime import date, timedelta

from personas.config import SourceSpec
from personas.engine import Source
from personas.errors import ConfigError, NotFoundError
from personas.features.rehearsal import LONGEST_HORIZON, default_horizon
from personas.schema import ObservationWindow
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.config_file import LoadedConfig
from pipelines.console import command, shown
from pipelines.models import MODELS

SCENE_AFFINITY = "scene_affinity"
SCENE_AFFINITY_FILE = "user_scenes.parquet"

HORIZON = "horizon_days"
"""Under which the record of a model notes how many days it was judged over."""


def artifact_source(loaded: LoadedConfig, name: str, spec: SourceSpec, as_of: date) -> Source:
    """Return the stored table that a source names, as it was before the window in which personas are judged.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    name : str
        Name of the source, for messages.
    spec : SourceSpec
        With ``artifact``.
    as_of : date
        Day of the training or scoring.

    Returns
    -------
    Source
        The newest of those that saw nothing of the judged window: a feature that holds what personas are
        meant to foretell would make them look better than they are. Scoring waits as long, so that a value
        means the same.

    Raises
    ------
    NotFoundError
        If none is early enough; the message has the command that makes one.
    ConfigError
        If its scenes were found and not named: another run may number them in another way.
    """
    config = loaded.config
    latest = as_of - timedelta(days=judged_days(loaded, as_of))
    store = ArtifactStore(loaded.store_path)
    records = store.records(SCENE_AFFINITY, config.name)
    early = [r for r in records if date.fromisoformat(r.metadata["as_of"]) <= latest]
    how = f"{command('category', 'scenes', loaded.path)} --as-of {latest}"
    if not early:
        found = ", ".join(sorted({r.metadata["as_of"] for r in records})) or "none"
        raise NotFoundError(
            f"sources.user_tables.{name}: there is no {spec.artifact} as of {latest} or earlier (found: {found}). As of "
            f"{as_of} personas are judged by what users did since {latest}, so features may not see later days. Run: {how}"
        )
    record = max(early, key=lambda r: (r.metadata["as_of"], r.version))
    if not record.metadata["seeded"]:
        raise ConfigError(
            f"sources.user_tables.{name}: the scenes as of {record.metadata['as_of']} were found, and may be numbered "
            "in another way the next time. Copy scenes.yaml from the analysis beside the config, name the scenes, set "
            f"category.scenes.seeds to that file, and run: {how}"
        )
    return Source(path=store.get(SCENE_AFFINITY, config.name, record.version).path / SCENE_AFFINITY_FILE)


def judged_days(loaded: LoadedConfig, as_of: date) -> int:
    """Return the length of the window in which the personas of a config are judged, in days."""
    window = ObservationWindow(as_of, loaded.config.features.lookback_days)
    return loaded.config.personas.horizon_days or default_horizon(window)


def newest_scene_affinity(loaded: LoadedConfig) -> ArtifactRecord:
    """Return the scene affinities with the latest day.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.

    Returns
    -------
    ArtifactRecord

    Raises
    ------
    NotFoundError
        If there are none; the message has the command that makes them.
    """
    store = ArtifactStore(loaded.store_path)
    name = loaded.config.name
    records = store.records(SCENE_AFFINITY, name)
    if not records:
        raise NotFoundError(
            f"{shown(store.root)} holds no scenes of {loaded.config.name!r}; make them first: "
            f"{command('category', 'scenes', loaded.path)} --as-of DATE."
        )
    newest = max(records, key=lambda r: (r.metadata["as_of"], r.version))
    return store.get(SCENE_AFFINITY, name, newest.version)


def needed_for_training(store: ArtifactStore, name: str) -> set[str]:
    """Return the version that a training on the day of the newest scene affinities reads, if there is one.

    Parameters
    ----------
    store : ArtifactStore
        Where they are.
    name : str
        Name of the use case.

    Returns
    -------
    set of str
        At most one: the newest that is as many days older as the longest horizon that a model of the use case was
        judged over; where none says so, the longest that a config gets by default.
    """
    records = store.records(SCENE_AFFINITY, name)
    noted = (metadata.get(HORIZON) for metadata in store.metadata(MODELS, name).values())
    horizon = max((days for days in noted if days), default=LONGEST_HORIZON)
    days = {record.version: date.fromisoformat(record.metadata["as_of"]) for record in records}
    latest = max(days.values(), default=date.min)
    early = [(day, version) for version, day in days.items() if (latest - day).days >= horizon]
    return {version for _, version in sorted(early)[-1:]}
