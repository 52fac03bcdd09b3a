"""Export: the newest assignments become audience files for one destination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personas.config import ExportSpec
from personas.engine import open_engine
from personas.errors import NotFoundError
from personas.export import ExportRequest, Receipt, export_audience, load_destination
from personas.schema.check import enforce_quarantine_share
from personas.store import ArtifactStore
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps, command, shown
from pipelines.models import ASSIGNMENTS
from pipelines.score import FILE
from pipelines.tables import read_checked
from pipelines.work_folder import run_folder

if TYPE_CHECKING:
    import pandas as pd


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
                f"  {r.code}: {r.n_users:,} of {r.n_candidates:,} users"
                + (f" (left out: {left_out})" if left_out else "")
            )
            lines += [f"    note: {warning}" for warning in r.warnings]
        kind = (
            "Dry run, nothing written to" if self.receipts and self.receipts[0].dry_run else "Exported files:"
        )
        return [f"{kind} {shown(self.folder)}", *lines]


def export_files(
    loaded: LoadedConfig,
    steps: Steps,
    *,
    destination: str,
    persona: str | None = None,
    min_confidence: float | None = None,
    file_format: str | None = None,
    folder: Path | None = None,
    dry_run: bool = False,
) -> Exported:
    """Write the audiences of the newest assignments.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    steps : Steps
        Progress display.
    destination : str
        Registered destination.
    persona : str, optional
        Id or name; default every persona.
    min_confidence : float, optional
        Default the config's.
    file_format : str, optional
        Of the destination ``file``; default CSV.
    folder : Path, optional
        Target; default ``audiences/NAME/MODEL_VERSION`` in the store.
    dry_run : bool
        Count and check only.

    Returns
    -------
    Exported
    """
    config = loaded.config
    place = load_destination(destination, _options(config.export, destination, file_format))
    store = ArtifactStore(loaded.store_path)
    versions = store.versions(ASSIGNMENTS, config.name)
    if not versions:
        raise NotFoundError(
            f"{shown(store.root)} holds no scored users of {config.name!r}; score them first: "
            f"{command('score', loaded.path)} --as-of DATE."
        )
    newest = store.get(ASSIGNMENTS, config.name, versions[-1])
    as_of = date.fromisoformat(newest.metadata["as_of"])
    needed = [n for n in ("identifiers", "consents") if getattr(config.sources, n) is not None]
    with steps.step("read consents and identifiers"):
        tables = _user_tables(loaded, needed, as_of)
    target = folder or store.root / "audiences" / config.name / newest.metadata["model_version"]
    with steps.step(f"export to {destination}"):
        receipts = export_audience(
            newest.path / FILE,
            place,
            ExportRequest(
                folder=target,
                persona_id=persona,
                min_confidence=config.export.min_confidence if min_confidence is None else min_confidence,
                minimum_size=config.export.minimum_size,
                language=config.language,
                dry_run=dry_run,
            ),
            identifiers=tables.get("identifiers"),
            consents=tables.get("consents"),
        )
    return Exported(receipts, target / place.name)


def _options(spec: ExportSpec, destination: str, file_format: str | None) -> dict[str, str]:
    options = {"phone_region": spec.phone_region} if destination == "google_customer_match" else {}
    return {**options, **({"format": file_format} if file_format else {})}


def _user_tables(loaded: LoadedConfig, names: list[str], as_of: date) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    with run_folder(loaded.store_path) as scratch, open_engine(work_dir=scratch) as engine:
        for name in names:
            checked = read_checked(loaded, engine, name, as_of)
            enforce_quarantine_share(checked.report, max_share=loaded.config.contract.max_quarantine_share)
            tables[name] = engine.table(name).order_by("user_id").to_pyarrow().to_pandas()
    return tables
