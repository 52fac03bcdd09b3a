"""Export: the assignments scored last become audience files for one destination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from personas.category.scene_cautions import CAUTIONS, NOT_OFFERED
from personas.config import ExportSpec
from personas.engine import open_engine
from personas.errors import NotFoundError, UnsafeExportError
from personas.export import ExportRequest, Receipt, ScenePeople, export_audience, load_destination
from personas.schema.admit import strictest_consents
from personas.schema.check import enforce_quarantine_share
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps, command, shown
from pipelines.models import ASSIGNMENTS, scorings
from pipelines.score import FILE
from pipelines.tables import read_checked
from pipelines.user_tables import SCENE_AFFINITY_FILE, newest_scene_affinity
from pipelines.work_folder import run_folder

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ExportOrder:
    """What is exported.

    Parameters
    ----------
    destination : str
        Registered destination.
    persona : str or None
        Id or name; None = every persona.
    min_confidence : float or None, 0 to 1
        None = the config's.
    file_format : str or None
        Of the destination ``file``; None = CSV.
    output : Path or None
        Target; None = ``audiences/NAME/AS_OF-HASH`` in the store, the hash being that of the assignments'
        version; of a scene ``AS_OF-HASH-SCENE``. Another export of the same place gets a numbered folder beside the first, see
        :func:`personas.export.export_audience`.
    dry_run : bool
        Count and check only.
    scene : str or None
        Id of a scene: only users whose main scene it is, as scenes were analysed last.
    """

    destination: str
    persona: str | None = None
    min_confidence: float | None = None
    file_format: str | None = None
    output: Path | None = None
    dry_run: bool = False
    scene: str | None = None


@dataclass(frozen=True)
class Exported:
    """Receipts, and where the files are."""

    receipts: list[Receipt]
    folder: Path

    @property
    def result(self) -> dict[str, Any]:
        """JSON-ready result."""
        return {"export": self.folder, "receipts": [receipt.to_dict() for receipt in self.receipts]}

    @property
    def lines(self) -> list[str]:
        """Lines for people."""
        lines = []
        for r in self.receipts:
            left_out = ", ".join(f"{reason} {n:,}" for reason, n in {**r.suppressed, **r.rejected}.items())
            lines.append(
                f"  {r.folder or r.code}: {r.n_users:,} of {r.n_candidates:,} users"
                + (f" (left out: {left_out})" if left_out else "")
            )
            lines += [f"    note: {warning}" for warning in r.warnings]
        kind = (
            "Dry run, nothing written to" if self.receipts and self.receipts[0].dry_run else "Exported files:"
        )
        return [f"{kind} {shown(self.folder)}", *lines]


def export_files(
    loaded: LoadedConfig, steps: Steps, order: ExportOrder, *, scored: ArtifactRecord | None = None
) -> Exported:
    """Write audiences.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    steps : Steps
        Progress display.
    order : ExportOrder
        What is exported.
    scored : ArtifactRecord, optional
        The assignments; default those scored last.

    Returns
    -------
    Exported
    """
    config = loaded.config
    place = load_destination(order.destination, _options(config.export, order))
    record = scored or _scored_last(loaded)
    as_of = date.fromisoformat(record.metadata["as_of"])
    needed = [n for n in ("identifiers", "consents") if getattr(config.sources, n) is not None]
    with steps.step("read consents and identifiers"):
        tables = _user_tables(loaded, needed, as_of)
    name = f"{as_of.isoformat()}-{record.content_sha256[:8]}{f'-{order.scene}' if order.scene else ''}"
    target = order.output or loaded.store_path / "audiences" / config.name / name
    wanted = order.min_confidence
    with steps.step(f"export to {order.destination}"):
        receipts = export_audience(
            record.path / FILE,
            place,
            ExportRequest(
                folder=target,
                persona_id=order.persona,
                min_confidence=config.export.min_confidence if wanted is None else wanted,
                minimum_size=config.export.minimum_size,
                language=config.language,
                dry_run=order.dry_run,
                scene=None if order.scene is None else people_of_scene(loaded, order.scene, as_of),
            ),
            identifiers=tables.get("identifiers"),
            consents=tables.get("consents"),
        )
    return Exported(receipts, target / place.name)


def _scored_last(loaded: LoadedConfig) -> ArtifactRecord:
    store, name = ArtifactStore(loaded.store_path), loaded.config.name
    versions = scorings(store, name)
    if not versions:
        raise NotFoundError(
            f"{shown(store.root)} holds no scored users of {name!r}; score them first: "
            f"{command('score', loaded.path)} --as-of DATE."
        )
    return store.get(ASSIGNMENTS, name, versions[-1])


def people_of_scene(loaded: LoadedConfig, scene: str, as_of: date) -> ScenePeople:
    """Return the users whose main scene it is; refuse a scene that is no audience."""
    record = newest_scene_affinity(loaded)
    users = pq.read_table(record.path / SCENE_AFFINITY_FILE)
    known = [name.removeprefix("affinity_") for name in users.column_names if name.startswith("affinity_")]
    if scene not in known:
        raise NotFoundError(f"No scene has the id {scene!r}; known: {', '.join(known)}.")
    cautions: dict[str, str] = record.metadata.get("cautions", {})
    caution, seen = cautions.get(scene, ""), record.metadata["as_of"]
    if caution in NOT_OFFERED:
        others = ", ".join(s for s in known if cautions.get(s, "") not in NOT_OFFERED) or "none"
        raise UnsafeExportError(
            f"The scene {scene} as of {seen} is no audience: {CAUTIONS[caution].en}. Export another scene ({others}), or "
            "give the scenes by seeds (category.scenes.seeds) and analyse them again."
        )
    warnings = [f"The scene {scene}: {CAUTIONS[caution].en}."] if caution else []
    if seen != as_of.isoformat():
        warnings.append(
            f"The users were scored as of {as_of}, their scenes are as of {seen}; score or analyse the scenes again."
        )
    inside = users.filter(pc.equal(users["main_scene"], scene))["user_id"]
    return ScenePeople(scene, inside.combine_chunks(), tuple(warnings))


def _options(spec: ExportSpec, order: ExportOrder) -> dict[str, str]:
    options = {"phone_region": spec.phone_region} if order.destination == "google_customer_match" else {}
    return {**options, **({"format": order.file_format} if order.file_format else {})}


def _user_tables(loaded: LoadedConfig, names: list[str], as_of: date) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    with run_folder(loaded.store_path) as scratch, open_engine(work_dir=scratch) as engine:
        for name in names:
            checked = read_checked(loaded, engine, name, as_of)
            enforce_quarantine_share(checked.report, max_share=loaded.config.contract.max_quarantine_share)
            table = engine.table(name)
            folded = strictest_consents(table) if name == "consents" else table
            tables[name] = folded.order_by("user_id").to_pyarrow().to_pandas()
    return tables
