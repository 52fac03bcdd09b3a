"""What came before a model, read from the store for its report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis.expr.types as ir

from personas.engine import Engine, Source, open_engine
from personas.model.lineage import read_lineage
from personas.model.migration import date_migration
from personas.report.history import CustomerMoves, History
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.champion import gate_of
from pipelines.models import ASSIGNMENTS, MODELS, StoredModel
from pipelines.monitor import monitorings
from pipelines.score import FILE, SPEND_FILE
from pipelines.work_folder import run_folder


def read_history(store: ArtifactStore, stored: StoredModel) -> History:
    """Read what the chapter "since last time" of a report is written from.

    Parameters
    ----------
    store : ArtifactStore
        Where models, assignments and monitorings are.
    stored : StoredModel
        The model of the report.

    Returns
    -------
    History
    """
    name = stored.model.name
    noted = {**store.removed(MODELS, name), **store.metadata(MODELS, name)}
    return History(
        lineage=read_lineage(dict(sorted(noted.items()))),
        gate=gate_of(stored),
        moves=_moves(store, stored),
        monitorings=tuple(monitorings(store, name)),
    )


def _moves(store: ArtifactStore, stored: StoredModel) -> CustomerMoves | None:
    """Compare the last two days that a model scored; None when it scored fewer."""
    name = stored.model.name
    days = {
        str(noted["as_of"]): version  # of one day the assignments written last
        for version, noted in store.metadata(ASSIGNMENTS, name).items()
        if noted["model_version"] == stored.record.version
    }
    if len(days) < 2:
        return None
    then, now = sorted(days)[-2:]
    with run_folder(store.root) as scratch, open_engine(work_dir=scratch) as engine:
        earlier, later = (store.get(ASSIGNMENTS, name, days[day]) for day in (then, now))
        migration = date_migration(
            engine.read(Source(path=earlier.path / FILE)).table,
            engine.read(Source(path=later.path / FILE)).table,
            [persona.persona_id for persona in stored.model.personas],
            value=_spend(engine, (earlier, later)),
        )
    return CustomerMoves(date.fromisoformat(then), date.fromisoformat(now), migration)


def _spend(engine: Engine, days: Sequence[ArtifactRecord]) -> ir.Table | None:
    """Return what users spent before the first of some days on which they are known; None if a day lacks it."""
    if not all(SPEND_FILE in day.files for day in days):  # stored before spend was
        return None
    tables = [engine.read(Source(path=day.path / SPEND_FILE)).table for day in days]
    spent, *further = (t.select("user_id", value=t["value"].cast("decimal(38, 4)")) for t in tables)
    for later in further:
        spent = spent.union(later.anti_join(spent, "user_id"))
    return spent
