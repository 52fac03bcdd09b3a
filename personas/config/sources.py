"""Where source tables come from, as the config says it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from personas.config.base import Spec
from personas.schema import SourceMapping


class SourceSpec(Spec):
    """Where a table comes from and how its columns and values become canonical ones."""

    path: str | None = Field(
        None, description="File, relative to the config: CSV, Excel, Parquet or JSON lines."
    )
    dataset: str | None = Field(
        None, description="Table of a public data set, as 'complete_journey.households'."
    )
    artifact: Literal["scene_affinity"] | None = Field(
        None,
        description="Table that another verb wrote for this use case; scene_affinity comes from category scenes.",
    )
    connection: str | None = Field(None, description="Ibis connection URL, for example 'postgres://host/db'.")
    connection_env: str | None = Field(
        None, description="Environment variable that holds the connection URL."
    )
    table: str | None = Field(None, description="Table name behind the connection.")
    format: Literal["csv", "parquet", "excel", "jsonl"] | None = Field(
        None, description="Default: by file suffix."
    )
    encoding: str = Field("utf-8", description="Of text files; for example gb18030.")
    delimiter: str | None = Field(None, description="Of CSV files; default a comma (tab for .tsv).")
    sheet: str | None = Field(None, description="Excel sheet; default the first.")
    columns: dict[str, str] = Field(default_factory=dict, description="Canonical column -> source column.")
    values: dict[str, dict[str, str | None]] = Field(
        default_factory=dict,
        description="Canonical column -> source value -> canonical value (null = missing).",
    )
    constants: dict[str, str] = Field(
        default_factory=dict, description="Canonical column -> one value for every row."
    )
    date_formats: dict[str, list[str]] = Field(
        default_factory=dict, description="Canonical column -> strptime formats, tried in order."
    )
    strip_characters: dict[str, str] = Field(
        default_factory=dict, description="Canonical number column -> characters removed before reading."
    )

    @model_validator(mode="after")
    def _one_place(self) -> SourceSpec:
        places = [self.path, self.dataset, self.artifact, self.connection or self.connection_env]
        if sum(place is not None for place in places) != 1:
            message = (
                "give exactly one of path, dataset, artifact, or connection (or connection_env) with table"
            )
            raise ValueError(message)
        if (self.connection or self.connection_env) and not self.table:
            message = "a connection also needs table"
            raise ValueError(message)
        return self

    def to_mapping(self) -> SourceMapping:
        """Return the noun that the contract check uses."""
        return SourceMapping(
            columns=dict(self.columns),
            values={column: dict(values) for column, values in self.values.items()},
            constants=dict(self.constants),
            date_formats={column: tuple(formats) for column, formats in self.date_formats.items()},
            strip_characters=dict(self.strip_characters),
        )


class SourcesSpec(Spec):
    """The source tables; only users are required."""

    users: SourceSpec
    events: SourceSpec | None = None
    identifiers: SourceSpec | None = None
    consents: SourceSpec | None = None
    items: SourceSpec | None = None
    tags: SourceSpec | None = None
    market: SourceSpec | None = None
    user_tables: dict[str, SourceSpec] = Field(
        default_factory=dict,
        description="Further tables of one row per user; their columns are declared under attributes. They should "
        "hold what was known before the window in which personas are judged.",
    )

    @model_validator(mode="after")
    def _artifacts_are_of_users(self) -> SourcesSpec:
        for name in ("users", "events", "identifiers", "consents", "items", "tags", "market"):
            source = getattr(self, name)
            if source is not None and source.artifact is not None:
                message = f"{name}.artifact is {source.artifact}, a table of users; name it under user_tables"
                raise ValueError(message)
        return self
