"""What came before a model, read from the store for its report."""

from __future__ import annotations

from datetime import date

from personas.engine import Source, open_engine
from personas.model.lineage import read_lineage
from personas.model.migration import date_migration
from personas.report.history import CustomerMoves, History
from personas.store import ArtifactStore
from pipelines.champion import gate_of
from pipelines.models import ASSIGNMENTS, MODELS, StoredModel
from pipelines.monitor import monitorings
from pipelines.score import FILE
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
        earlier, later = (
            engine.read(Source(path=store.get(ASSIGNMENTS, name, days[day]).path / FILE)).table
            for day in (then, now)
        )
        ids = [persona.persona_id for persona in stored.model.personas]
        migration = date_migration(earlier, later, ids)
    return CustomerMoves(date.fromisoformat(then), date.fromisoformat(now), migration)
