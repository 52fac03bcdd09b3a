"""Nouns of the feature room: a feature, a set of features, and the user x feature table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from personas.errors import NotFoundError
from personas.schema import BLOCKS, Block, Kind, ObservationWindow, Text

if TYPE_CHECKING:
    import ibis
    import pandas as pd

Role = Literal["input", "signal", "profile"]
"""``input``: every clusterer reads it. ``signal``: only one that foresees behaviour reads it, because it repeats
what inputs say or is one of many. ``profile``: only described."""


NEVER_MISSING = "never missing"
"""Meaning of null of a feature that is 0 for users without events."""


class TableSource(Protocol):
    """Anything that hands out the canonical tables by name: an engine, or an Ibis connection."""

    def table(self, name: str, /) -> ibis.Table:
        """Return the table called ``name``."""
        ...


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the user vector.

    Parameters
    ----------
    name : str
        Column name in the feature table, for example ``"age"`` or ``"order_count:扫地机"``.
    kind : Kind
        Measurement level; decides how clusterers and scorecards read it.
    block : Block
        The question it answers: who, worth or what.
    unit : str
        Unit in words: ``"years"``, ``"days"``, ``"orders"``, ``"CNY"``, ``"share 0-1"``, ``""``.
    null_meaning : str
        What a null says, in words: ``"not stated"``, ``"never bought"``.
    source : str
        Builder that computes it: ``profile``, ``membership``, ``rfm`` or ``category_history``.
    measure : str
        What that builder computes, for example ``"count"`` or ``"recency"``.
    argument : str
        What it is computed of: a column or a category; empty when there is nothing to name.
    levels : tuple of str
        Levels in order for ordinal, vocabulary for nominal; empty for the other kinds.
    role : Role
        Who reads it.
    protected : bool
        Whether it is a protected attribute (then ``role`` is always ``profile``).
    label : Text
        Name for people.
    described : bool
        Whether cards and profiles tell of it.
    """

    name: str
    kind: Kind
    block: Block
    unit: str
    null_meaning: str
    source: str
    measure: str
    argument: str = ""
    levels: tuple[str, ...] = ()
    role: Role = "input"
    protected: bool = False
    label: Text = Text("", "")
    described: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_dict` is its inverse."""
        return {
            "name": self.name,
            "kind": self.kind,
            "block": self.block,
            "unit": self.unit,
            "null_meaning": self.null_meaning,
            "source": self.source,
            "measure": self.measure,
            "argument": self.argument,
            "levels": list(self.levels),
            "role": self.role,
            "protected": self.protected,
            "label": list(self.label),
            "described": self.described,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Feature:
        """Make a feature from what :meth:`to_dict` returned."""
        return cls(
            **{**data, "levels": tuple(data["levels"]), "label": Text(*data["label"])},
        )


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """An ordered set of features with unique names.

    Parameters
    ----------
    features : tuple of Feature
        In the order of the columns.
    warnings : tuple of str
        What was left out when the set was proposed, and why; neither compared nor stored.
    """

    features: tuple[Feature, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, name: str) -> Feature:
        for feature in self.features:
            if feature.name == name:
                return feature
        raise NotFoundError(f"No feature is called {name!r}; known: {', '.join(self.names)}.")

    @property
    def names(self) -> list[str]:
        """Names in order."""
        return [feature.name for feature in self.features]

    @property
    def inputs(self) -> FeatureSet:
        """The features that every clusterer reads, ordered by block, else as they stand."""
        return self._by_block("input")

    @property
    def signals(self) -> FeatureSet:
        """Inputs and signals: what a clusterer that foresees behaviour reads, ordered by block."""
        return self._by_block("input", "signal")

    @property
    def described(self) -> FeatureSet:
        """The features that cards and profiles tell of."""
        return FeatureSet(tuple(f for f in self.features if f.described))

    def only(self, names: Collection[str]) -> FeatureSet:
        """Return the features called so, in the order of this set."""
        return FeatureSet(tuple(f for f in self.features if f.name in names))

    def _by_block(self, *roles: Role) -> FeatureSet:
        chosen = [f for f in self.features if f.role in roles]
        return FeatureSet(tuple(sorted(chosen, key=lambda f: BLOCKS.index(f.block))))

    def to_dict(self) -> list[dict[str, Any]]:
        """Return a JSON-ready list."""
        return [feature.to_dict() for feature in self.features]

    @classmethod
    def from_dict(cls, data: list[dict[str, Any]]) -> FeatureSet:
        """Make a set from what :meth:`to_dict` returned."""
        return cls(tuple(Feature.from_dict(item) for item in data))


@dataclass(frozen=True, slots=True)
class FeatureFrame:
    """A user x feature table with the set and the window that made it.

    Parameters
    ----------
    table : ibis.Table
        One row per user: ``user_id`` (text) and one column per feature. Numeric, binary (0/1) and
        count features are float64; ordinal and nominal ones are text; null = missing.
    feature_set : FeatureSet
        What the columns are.
    window : ObservationWindow
        When they were seen.
    """

    table: ibis.Table
    feature_set: FeatureSet
    window: ObservationWindow

    def sample(self, max_users: int) -> FeatureFrame:
        """Return a frame of at most ``max_users`` users, chosen by the MD5 of their id.

        The same users are chosen on every engine and in every run, whatever the order of the rows.
        """
        key = self.table["user_id"].hexdigest("md5")
        ranked = self.table.mutate(_rank_key=key).order_by("_rank_key").limit(max_users)
        return FeatureFrame(ranked.drop("_rank_key"), self.feature_set, self.window)

    def to_pandas(self) -> pd.DataFrame:
        """Return the frame in memory, indexed and sorted by ``user_id``.

        Returns
        -------
        DataFrame of shape (n_users, n_features)
            Columns in the order of ``feature_set``, typed by :func:`typed_columns`.
        """
        return typed_columns(self.to_raw_pandas(), self.feature_set)

    def to_raw_pandas(self) -> pd.DataFrame:
        """Return the frame in memory as the engine gives it, indexed and sorted by ``user_id``.

        Returns
        -------
        DataFrame of shape (n_users, n_features)
            Texts may be levels that ``feature_set`` does not know.
        """
        data: pd.DataFrame = self.table.order_by("user_id").to_pyarrow().to_pandas().set_index("user_id")
        return data


def typed_columns(data: pd.DataFrame, feature_set: FeatureSet) -> pd.DataFrame:
    """Give every feature column the dtype that clusterers and scorecards expect.

    Parameters
    ----------
    data : DataFrame of shape (n_users, >= n_features)
        Columns may be of any dtype that holds the values.
    feature_set : FeatureSet
        Columns to keep, in this order.

    Returns
    -------
    DataFrame of shape (n_users, n_features)
        float64 (NaN = missing) for numeric, binary and count; ordered Categorical for ordinal and
        unordered Categorical for nominal. Values outside the levels become missing there.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for feature in feature_set:
        values = data[feature.name]
        if feature.kind in ("ordinal", "nominal"):
            levels = pd.Index(feature.levels, dtype="str")
            columns[feature.name] = pd.Categorical.from_codes(
                levels.get_indexer(pd.Index(values)), categories=levels, ordered=feature.kind == "ordinal"
            )
        else:
            columns[feature.name] = pd.to_numeric(values).astype("float64").to_numpy()
    return pd.DataFrame(columns, index=data.index)


def unseen_levels(raw: pd.DataFrame, typed: pd.DataFrame, feature_set: FeatureSet) -> dict[str, Any]:
    """Mark the users whose level a feature set does not know, where there are any.

    Parameters
    ----------
    raw, typed : DataFrame of shape (n_users, >= n_features)
        The same users before and after :func:`typed_columns`, which reads such a level as missing.
    feature_set : FeatureSet
        What the columns are.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_users,)
        By feature.

    Examples
    --------
    >>> import pandas as pd
    >>> plan = FeatureSet((Feature("plan", "nominal", "worth", "", "", "profile", "value", levels=("a",)),))
    >>> raw = pd.DataFrame({"plan": ["a", "b", None]})
    >>> unseen_levels(raw, typed_columns(raw, plan), plan)["plan"].tolist()
    [False, True, False]
    """
    marks = {
        f.name: (raw[f.name].notna() & typed[f.name].isna()).to_numpy()
        for f in feature_set
        if f.kind in ("nominal", "ordinal")
    }
    return {name: mark for name, mark in marks.items() if mark.any()}


def columns_of(data: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of a frame by name, as scorecards read them."""
    return {str(name): data[name] for name in data.columns}
