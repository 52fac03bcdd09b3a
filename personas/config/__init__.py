"""The YAML files of a user, as pydantic models; read by the pipelines only.

Every key has a default or is required by name; an unknown key is an error that names the nearest valid
one. ``config_schema()`` is the JSON Schema that editors use for completion.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from personas.config.base import Level, Share, Spec, TextSpec, parse
from personas.config.category import CategorySpec, ScenesFileSpec
from personas.config.monitor import MonitorSpec
from personas.config.sources import SourceSpec, SourcesSpec
from personas.schema import Attribute, Block, Kind, Language, Text
from personas.schema.tables import CATEGORY_TABLES, TABLES

__all__ = [
    "ArchetypeRange",
    "ArchetypeSpec",
    "ArchetypesSpec",
    "AttributeSpec",
    "CategorySpec",
    "Config",
    "ContractSpec",
    "ExportSpec",
    "FeaturesSpec",
    "GateSpec",
    "LabelsSpec",
    "MonitorSpec",
    "PersonasSpec",
    "ScenesFileSpec",
    "ScoringSpec",
    "SourceSpec",
    "SourcesSpec",
    "TextSpec",
    "config_schema",
    "parse_archetypes",
    "parse_config",
    "parse_scenes",
]

CategoryMeasure = Literal["count", "revenue", "recency", "share"]


class AttributeSpec(Spec):
    """A further user attribute."""

    kind: Kind
    block: Block = "who"
    unit: str = ""
    levels: list[str] = Field(
        default_factory=list, description="In order for ordinal; empty = taken from the data."
    )
    label: TextSpec | None = None
    level_labels: dict[str, TextSpec] = Field(default_factory=dict)

    def to_attribute(self, name: str) -> Attribute:
        """Return the noun that the library uses."""
        return Attribute(
            name=name,
            kind=self.kind,
            block=self.block,
            unit=self.unit,
            levels=tuple(self.levels),
            label=self.label.to_text() if self.label else Text(name, name.replace("_", " ")),
            level_labels={level: text.to_text() for level, text in self.level_labels.items()},
        )


class ContractSpec(Spec):
    """How strict the contract check is."""

    max_quarantine_share: Share = Field(0.05, description="More quarantined rows than this stops the run.")
    max_amount: float = Field(
        10_000_000, gt=0, description="A larger amount of one order line is a row fault."
    )
    require_consent: bool = Field(False, description="Drop users without a recorded profiling consent.")
    time_zone: str | None = Field(
        None,
        description="Zone of the brand, for example Asia/Shanghai; needed when timestamps carry an offset.",
    )


class FeaturesSpec(Spec):
    """What the user vector holds."""

    lookback_days: int = Field(365, ge=1)
    categories: list[str] | None = Field(
        None, description="Categories of the history; default: the most bought."
    )
    max_categories: int = Field(30, ge=0)
    min_category_share: Share = Field(0.02, description="A category needs this share of users as buyers.")
    category_measures: list[CategoryMeasure] = Field(
        ["count"], description="Measures of the category history that are clustered on."
    )
    inputs: list[str] | None = Field(
        None,
        description="Features to cluster on besides the category history; default: profile, membership and attributes.",
    )
    exclude: list[str] = Field(default_factory=list, description="Features to leave out entirely.")
    protected: list[str] = Field(["gender"], description="Described on the cards, never clustered on.")


class PersonasSpec(Spec):
    """How personas are found."""

    clusterer: str | list[str] = Field(
        "auto", description="Registered name, several to try, or auto: those that suit the table."
    )
    n_personas: int | Literal["auto"] = "auto"
    min_personas: int = Field(2, ge=1)
    max_personas: int = Field(8, ge=1, le=30)
    min_share: Share = Field(0.03, description="'auto' takes no solution with a smaller persona.")
    block_weights: dict[Block, Annotated[float, Field(ge=0)]] | None = Field(
        None,
        description="Weight of who, worth and what against each other; default: chosen by what personas foretell.",
    )
    horizon_days: int | None = Field(
        None,
        ge=1,
        description="Length of the next window that personas are judged by; default: a quarter of the lookback.",
    )
    bootstraps: int = Field(10, ge=2, le=200, description="Refits that stability is measured by.")
    archetypes: str | None = Field(
        None, description="Shipped name or file of archetypes to name personas after."
    )
    archetype_use: Literal["find", "seed", "require"] = Field(
        "find",
        description="What archetypes are for: find = names only; seed = the search begins at them, too; require = "
        "that, and every one must be found.",
    )
    must_keep: list[str] = Field(
        default_factory=list, description="Ids of the champion's personas that must be found again."
    )
    warm_start: bool = Field(
        True, description="The champion's personas are one more start of the search; the best start wins."
    )
    macro_personas: int | None = Field(
        None, ge=2, description="Number of macro personas to group the personas into; default: no groups."
    )
    where: dict[str, Annotated[list[Level], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Attribute -> levels: the model is for these users only; protected attributes are allowed.",
    )
    max_training_users: int = Field(100_000, ge=10)
    holdout_share: Annotated[float, Field(ge=0, lt=0.9)] = 0.2
    random_state: int = 0

    @field_validator("n_personas")
    @classmethod
    def _positive(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= 30:
            message = "give a whole number from 1 to 30, or auto"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _ordered(self) -> PersonasSpec:
        if self.min_personas > self.max_personas:
            message = "min_personas is larger than max_personas"
            raise ValueError(message)
        if self.archetype_use != "find" and self.archetypes is None:
            message = f"archetype_use is {self.archetype_use!r}, but archetypes is not set"
            raise ValueError(message)
        return self


class ScoringSpec(Spec):
    """When an answer is called uncertain or out of distribution."""

    low_confidence: Share = 0.6
    out_of_distribution_share: Share = Field(
        0.005, description="Share of training users whose strangeness sets the limit."
    )


class GateSpec(Spec):
    """What a new model must reach to take the champion's place."""

    max_skill_loss: Share = Field(0.10, description="Part that reach and taste may be below the champion's.")
    min_stability: Share = Field(0.60, description="Least mean Jaccard of the personas, weighed by users.")
    max_stability_loss: Share = Field(0.10, description="How far that may be below the champion's.")
    min_coverage: Share = Field(0.50, description="Least share of users with a confident answer.")
    max_coverage_loss: Share = Field(0.10, description="How far that may be below the champion's.")
    min_share: Share = Field(0.01, description="Least share of the smallest persona.")
    min_users: int = Field(20, ge=1, description="Least number of training users of the smallest persona.")
    min_kept_users: Share = Field(0.80, description="Least share of users that keep their persona id.")
    min_kept_value: Share = Field(0.80, description="Least share of spend that keeps its persona id.")
    max_fairness_rise: Share = Field(
        0.05,
        description="How far the largest gap of a protected attribute between a persona and all users may be above "
        "the champion's.",
    )
    min_fidelity: Share = Field(
        0.90, description="Least agreement of a distilled scorecard with its clusterer."
    )


class ExportSpec(Spec):
    """Defaults of the export verb."""

    min_confidence: Share = 0.0
    phone_region: str = Field(
        "CN", pattern="^[A-Z]{2}$", description="Country of phone numbers without a code."
    )
    minimum_size: int | None = Field(
        None, ge=1, description="Raises (never lowers) a destination's own minimum."
    )


class LabelsSpec(Spec):
    """Translations of what stands in the data."""

    categories: dict[str, TextSpec] = Field(default_factory=dict)


class Config(Spec):
    """One use case."""

    name: str = Field(pattern=r"^[\w-]{1,60}$", description="Models and outputs are filed under it.")
    title: TextSpec | None = Field(None, description="What reports are headed by; default: the name.")
    language: Language = "zh-CN"
    store: str = Field("artifacts", description="Folder of models and outputs, relative to the config.")
    sources: SourcesSpec
    attributes: dict[str, AttributeSpec] = Field(default_factory=dict)
    labels: LabelsSpec = LabelsSpec()
    contract: ContractSpec = ContractSpec()
    features: FeaturesSpec = FeaturesSpec()
    personas: PersonasSpec = PersonasSpec()
    scoring: ScoringSpec = ScoringSpec()
    gate: GateSpec = GateSpec()
    export: ExportSpec = ExportSpec()
    monitor: MonitorSpec = MonitorSpec()
    category: CategorySpec = CategorySpec()

    @model_validator(mode="after")
    def _known_columns(self) -> Config:
        problems = [
            _unknown_column(table, key, column, known)
            for table, source, known in self._sources()
            for key in _COLUMN_KEYS
            for column in getattr(source, key)
            if column not in known
        ]
        if problems:
            message = "\n  ".join(problems)
            raise ValueError(message)
        return self

    def _sources(self) -> Iterator[tuple[str, SourceSpec, list[str]]]:
        """Yield each source with its name and the columns that it may map."""
        for table, schema in {**TABLES, **CATEGORY_TABLES}.items():
            source = getattr(self.sources, table)
            if source is not None:
                columns = [column.name for column in schema.columns]
                yield table, source, columns + list(self.attributes if table == "users" else ())
        for name, source in self.sources.user_tables.items():
            yield f"user_tables.{name}", source, ["user_id", *self.attributes]

    @property
    def attribute_nouns(self) -> tuple[Attribute, ...]:
        """The further user attributes as the library's nouns."""
        return tuple(spec.to_attribute(name) for name, spec in self.attributes.items())


_COLUMN_KEYS = ("columns", "values", "constants", "date_formats", "strip_characters")


def _unknown_column(table: str, key: str, column: str, known: list[str]) -> str:
    near = difflib.get_close_matches(column, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}."
    of_users = table.startswith("user")
    further = " A further user column is declared under attributes." if of_users else ""
    return f"sources.{table}.{key}.{column}: no such column of {table}; {hint}{further}"


class ArchetypeRange(Spec):
    """A half-open range ``from <= x < to`` of a numeric attribute."""

    from_: float | None = Field(None, alias="from")
    to: float | None = None


class ArchetypeSpec(Spec):
    """One archetype: its attributes are marginals, matched one by one."""

    key: str
    name: TextSpec
    attributes: dict[str, list[str] | ArchetypeRange]


class ArchetypesSpec(Spec):
    """A versioned file of archetypes with its source."""

    version: int
    source: str
    archetypes: list[ArchetypeSpec]


def parse_config(data: Any, file: str) -> Config:
    """Validate what a YAML file held.

    Parameters
    ----------
    data : object
        What the YAML reader returned.
    file : str
        Named in the error message.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If a key is unknown, missing or holds an impossible value; all problems are listed at once.
    """
    return parse(Config, data, file)


def parse_archetypes(data: Any, file: str) -> ArchetypesSpec:
    """Validate an archetype file; see :func:`parse_config`."""
    return parse(ArchetypesSpec, data, file)


def parse_scenes(data: Any, file: str) -> ScenesFileSpec:
    """Validate a file of scenes; see :func:`parse_config`."""
    return parse(ScenesFileSpec, data, file)


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a config file."""
    return Config.model_json_schema()
