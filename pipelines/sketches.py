"""Sketches of scored users in the store: small files without ids, which outlive the assignments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

from personas.model.sketch import Sketch
from personas.monitor import Reference, is_last_season
from personas.store import ArtifactStore
from pipelines.models import MODELS, StoredModel, open_model

SKETCHES = "sketches"
_FILE = "sketch.json"


def put_sketch(store: ArtifactStore, stored: StoredModel, sketch: Sketch) -> None:
    """Keep how scored users spread: what a later season is compared with.

    Parameters
    ----------
    store : ArtifactStore
        Where to.
    stored : StoredModel
        Model that scored them.
    sketch : Sketch
        Their counts.
    """
    content = {"model_version": stored.record.version, "sketch": sketch.to_dict()}
    store.put(
        SKETCHES,
        stored.model.name,
        {_FILE: json.dumps(content, ensure_ascii=False, sort_keys=True).encode()},
        created_at=datetime.now(UTC),
        metadata={"as_of": sketch.as_of.isoformat(), "model_version": stored.record.version},
    )


def sketches_of_last_season(
    store: ArtifactStore, name: str, as_of: date, *, window_days: int
) -> Iterator[Reference]:
    """Yield the sketches of scorings and models of about a year ago.

    Parameters
    ----------
    store : ArtifactStore
        Where they are.
    name : str
        Name of the use case.
    as_of : date
        First day that today's features do not see.
    window_days : int, days, >= 0
        How far from a year ago they may be.

    Yields
    ------
    Reference
    """
    for kind in (SKETCHES, MODELS):
        for version, noted in store.metadata(kind, name).items():
            day = date.fromisoformat(noted["as_of"])
            if not is_last_season(day, as_of, window_days=window_days):
                continue
            if kind == SKETCHES:
                content = json.loads((store.get(kind, name, version).path / _FILE).read_bytes())
                yield Reference("last_season", Sketch.from_dict(content["sketch"]), content["model_version"])
            elif (sketch := open_model(store, name, version).model.sketch) is not None:
                yield Reference("last_season", sketch, version)
