"""What every category verb looks at: admitted users' events, windows, categories, personas and names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import ibis

from personas.category.analysis import Analysis
from personas.category.base import purchases
from personas.category.items import fill_from_items, most_bought, own_brands
from personas.category.periods import comparable_windows, span
from personas.config import CategorySpec
from personas.engine import Source
from personas.errors import ConfigError, DataError, NotFoundError
from personas.schema import CATEGORY_TABLES, ObservationWindow, Text
from personas.store import ArtifactStore
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps
from pipelines.models import ASSIGNMENTS, open_model, scorings
from pipelines.score import FILE as ASSIGNMENTS_FILE
from pipelines.tables import Prepared, prepared_tables


@dataclass(frozen=True)
class Look:
    """One look at the categories of a use case.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    prepared : Prepared
        Its checked tables.
    as_of : date
        First day that is not seen.
    events : ibis.Table
        Canonical events of admitted users before ``as_of``, their gaps filled from the items, without the
        categories that the config excludes.
    assignments : ibis.Table or None
        ``user_id`` and ``persona_id`` of those scored last; nobody out of distribution is in it.
    personas : mapping of str to Text
        Names of their personas.
    notes : list of Text
        What people should know; filled on the way.
    """

    loaded: LoadedConfig
    prepared: Prepared
    as_of: date
    events: ibis.Table
    assignments: ibis.Table | None
    personas: Mapping[str, Text]
    notes: list[Text] = field(default_factory=list)

    @property
    def spec(self) -> CategorySpec:
        """The section ``category`` of the config."""
        return self.loaded.config.category

    @property
    def window(self) -> ObservationWindow:
        """What attach, scenes and sequence see."""
        days = self.spec.lookback_days or self.loaded.config.features.lookback_days
        return ObservationWindow(self.as_of, days)

    @property
    def scratch(self) -> Path:
        """Folder for files of this run."""
        return self.prepared.scratch

    def table(self, name: str) -> ibis.Table:
        """Return a canonical table, of admitted users only, as the library asks for it."""
        return self.events if name == "events" else self.prepared.engine.table(name)

    def optional(self, name: str) -> ibis.Table | None:
        """Return a canonical table, or None where the config has no such source."""
        return None if getattr(self.loaded.config.sources, name) is None else self.table(name)

    def bought(self, window: ObservationWindow) -> ibis.Table:
        """Return the order lines of a window; stop when there are none."""
        lines = purchases(self, window)
        if not lines.limit(1).count().to_pyarrow().as_py():
            raise DataError(
                f"There is no order with a category from {span(window).en}; expected at least one. Check sources.events "
                "(event_type order, category), --as-of and category.lookback_days."
            )
        return lines

    def periods(self) -> tuple[ObservationWindow, ...]:
        """Return the last periods, two or three, that the orders hold whole."""
        orders = self.events.filter(self.events["event_type"] == "order", self.events["category"].notnull())
        earliest = orders["event_at"].min().to_pyarrow().as_py()
        if earliest is None:
            self.bought(self.window)
        return comparable_windows(self.as_of, earliest.date(), period=self.spec.period)

    def categories(self, bought: ibis.Table) -> tuple[list[str], list[str]]:
        """Return the categories of rows and of columns, as listed or the most bought."""
        rows = self.spec.rows or most_bought(bought, self.spec.max_categories)
        columns = self.spec.columns or rows
        known = set(bought.select("category").distinct().to_pyarrow()["category"].to_pylist())
        absent = [name for name in dict.fromkeys((*rows, *columns)) if name not in known]
        if absent:
            self.tell(
                f"期内无人购买 {'、'.join(absent)}；品类名是否与行为数据一致？",
                f"Nobody bought {', '.join(absent)} in the window; spelled as in the events?",
            )
        return rows, columns

    def tell(self, zh: str, en: str) -> None:
        """Note what people should know."""
        self.notes.append(Text(zh, en))

    def tell_unknown(self, option: str, names: Iterable[str], column: str = "category") -> None:
        """Note the names of an option that no event has: most often they are misspelt."""
        self.notes.extend(_unknown(self.events, option, names, column))

    def own_brands(self) -> frozenset[str] | None:
        """Return the own brands; None = every event is about the own brand."""
        items = self.optional("items")
        return frozenset(self.spec.own_brands) or (own_brands(items) if items is not None else None) or None

    def labels(self) -> dict[str, Text]:
        """Return the names of categories and personas for people."""
        categories = self.loaded.config.labels.categories
        return {**{name: text.to_text() for name, text in categories.items()}, **self.personas}

    def write_users(self, table: ibis.Table, name: str, order: tuple[str, ...] = ("user_id",)) -> Path:
        """Write a table of users to a file of this run, in a stated order, so that its bytes are too."""
        path = self.scratch / name
        self.prepared.engine.write_parquet(table.order_by(*order), path)
        return path


@dataclass(frozen=True)
class Found:
    """What a verb found.

    Parameters
    ----------
    analysis : Analysis
        Tables and their definitions.
    user_files : mapping of str to mapping of str to Path
        Kind of artifact -> file name -> file of one row per user, kept apart from the analysis.
    metadata : mapping of str to JSON-ready value
        Notes on the user files.
    """

    analysis: Analysis
    user_files: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def open_look(loaded: LoadedConfig, as_of: date, steps: Steps) -> Iterator[Look]:
    """Read what the category verbs look at.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    as_of : date
        First day that is not seen.
    steps : Steps
        Progress display.

    Yields
    ------
    Look

    Raises
    ------
    ConfigError
        If the config has no events.
    """
    config = loaded.config
    if config.sources.events is None:
        raise ConfigError(
            f"{loaded.path.name}: sources.events is not set; categories are what people order. Name the table of orders."
        )
    tables = ("users", "events", "consents", *CATEGORY_TABLES)
    with prepared_tables(loaded, as_of, steps, tables=tables, artifacts=False) as prepared:
        engine = prepared.engine
        with steps.step("pick events"):
            users = engine.table("users")
            events = engine.table("events").semi_join(users, "user_id")
            if config.sources.items is not None:
                events = fill_from_items(events, engine.table("items"))
            excluded = config.category.exclude
            notes = [*_unknown(events, "exclude", excluded, "category"), *_alike(events)]
            if excluded:
                events = events.filter(events["category"].isnull() | ~events["category"].isin(excluded))
            events = events.filter(events["event_at"] < ibis.timestamp(prepared.window.end_at))
            kept = engine.store("category_events", events)
            if config.sources.tags is not None:
                engine.store("tags", engine.table("tags").semi_join(users, "user_id"))
        assignments, personas = _scored_last(loaded, prepared)
        yield Look(loaded, prepared, as_of, kept, assignments, personas, notes)


def _unknown(events: ibis.Table, option: str, names: Iterable[str], column: str) -> list[Text]:
    listed = list(dict.fromkeys(names))
    if not listed:
        return []
    found = (
        events.filter(events[column].isin(listed)).select(column).distinct().to_pyarrow()[column].to_pylist()
    )
    absent = [name for name in listed if name not in found]
    told = Text(
        f"category.{option}：行为数据中没有 {column} {'、'.join(absent)}；写法是否一致？",
        f"category.{option}: no event has the {column} {', '.join(absent)}; spelled as in the events?",
    )
    return [told] if absent else []


def _alike(events: ibis.Table) -> list[Text]:
    """Note categories that look like one, and count apart."""
    found = events.select("category").distinct().drop_null().order_by("category").to_pyarrow()
    spelled: dict[str, list[str]] = {}
    for name in found["category"].to_pylist():
        spelled.setdefault(normalize("NFKC", name).casefold(), []).append(name)
    alike = [" / ".join(names) for names in spelled.values() if len(names) > 1]
    told = Text(
        f"仅大小写或全半角不同的品类分别计数：{'、'.join(alike[:5])}。若为同一品类，请在 sources.events.values.category 中统一名称。",
        f"Categories that differ in case or width only count apart: {', '.join(alike[:5])}. Give them one name under "
        "sources.events.values.category if they are one.",
    )
    return [told] if alike else []


def _scored_last(loaded: LoadedConfig, prepared: Prepared) -> tuple[ibis.Table | None, dict[str, Text]]:
    """Return the personas of the users scored last, and their names; nothing when nobody was scored."""
    store, name = ArtifactStore(loaded.store_path), loaded.config.name
    versions = scorings(store, name)
    if not versions:
        return None, {}
    record = store.get(ASSIGNMENTS, name, versions[-1])
    raw = prepared.engine.read(Source(path=record.path / ASSIGNMENTS_FILE)).table
    inside = raw.filter(raw["status"].cast("string") != "out_of_distribution")
    picked = inside.select("user_id", persona_id=inside["persona_id"].cast("string"))
    assignments = prepared.engine.store(
        "assignments", picked.semi_join(prepared.engine.table("users"), "user_id")
    )
    try:
        model = open_model(store, name, record.metadata["model_version"]).model
    except NotFoundError:  # its folder was deleted; ids stand for themselves
        return assignments, {}
    return assignments, {persona.persona_id: persona.name for persona in model.personas}
