"""From a feature set to the user x feature table, as one lazy expression."""

from __future__ import annotations

import ibis

from personas.errors import DataError
from personas.features.base import NEVER_MISSING, Feature, FeatureFrame, FeatureSet, TableSource
from personas.features.category_history import build_category_history
from personas.features.events import window_events
from personas.features.rfm import build_rfm
from personas.schema import ObservationWindow

_HAS_ORDERS = "_has_orders"


def build_features(source: TableSource, window: ObservationWindow, feature_set: FeatureSet) -> FeatureFrame:
    """Build the features of every user, seen from the end of the window.

    Parameters
    ----------
    source : TableSource
        Holds the canonical tables ``users`` (``user_id`` unique) and ``events``.
    window : ObservationWindow
        Only events in ``[start, as_of)`` are looked at.
    feature_set : FeatureSet
        What to build.

    Returns
    -------
    FeatureFrame
        Lazy; one row per user of ``users``. Counts and revenue are 0 for users without events, the
        other features null. Levels that the feature set does not know stay in the text columns.

    Raises
    ------
    DataError
        If a canonical table lacks a column, or event times have a time zone.

    Examples
    --------
    >>> from datetime import date
    >>> import ibis
    >>> import pyarrow as pa
    >>> from personas.features.profile import profile_features
    >>> connection = ibis.duckdb.connect()
    >>> users = pa.table({"user_id": ["a", "b"], "age": [31.0, None]})
    >>> _ = connection.create_table("users", users)
    >>> ages = FeatureSet(tuple(profile_features()[:1]))
    >>> frame = build_features(connection, ObservationWindow(date(2026, 1, 1), 365), ages)
    >>> frame.to_pandas()["age"].to_dict()
    {'a': 31.0, 'b': nan}
    """
    users = source.table("users")
    stated = [f for f in feature_set if f.source in ("profile", "membership")]
    absent = [c for c in ["user_id", *(f.argument for f in stated)] if c not in users.columns]
    if absent:
        raise DataError(
            f"The table users lacks {', '.join(absent)}; expected every canonical column and every "
            "attribute of the feature set. Map them in the config, or train a model without them."
        )
    table = users.select("user_id", **{f.name: users[f.argument] for f in stated})
    derived = FeatureSet(tuple(f for f in feature_set if f.source in ("rfm", "category_history")))
    if len(derived):
        for block in _event_blocks(window_events(source, window), window, derived):
            table = table.left_join(block, "user_id").drop("user_id_right")
    columns = {feature.name: _finished(table, feature) for feature in feature_set}
    return FeatureFrame(table.select("user_id", **columns), feature_set, window)


def _event_blocks(events: ibis.Table, window: ObservationWindow, features: FeatureSet) -> list[ibis.Table]:
    blocks = []
    rfm = [f.name for f in features if f.source == "rfm"]
    if rfm:
        block = build_rfm(events, window)
        blocks.append(block.select("user_id", *rfm, **{_HAS_ORDERS: block["order_count"].notnull()}))
    history = FeatureSet(tuple(f for f in features if f.source == "category_history"))
    if len(history):
        blocks += build_category_history(events, window, history)
    return blocks


def _finished(table: ibis.Table, feature: Feature) -> ibis.Value:
    value = table[feature.name]
    if feature.kind in ("ordinal", "nominal"):
        return value.cast("string")
    number = value.cast("float64")
    if feature.source == "rfm" and feature.measure == "revenue":
        # Somebody who bought for unknown amounts did not spend nothing.
        return table[_HAS_ORDERS].fill_null(False).ifelse(number, 0.0)
    return number.fill_null(0.0) if feature.null_meaning == NEVER_MISSING else number
