"""Invariants of the feature builders that must hold for any events."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.features import FeatureSet, build_features
from personas.features.category_history import CATEGORY_MEASURES, HISTORY_FEATURES, category_features
from personas.features.rfm import RFM_FEATURES
from personas.schema import ObservationWindow, Text

WINDOW = ObservationWindow(date(2024, 3, 1), 60)
CATEGORIES = [("a", Text("a", "a")), ("b", Text("b", "b"))]
FEATURES = FeatureSet(
    (
        *RFM_FEATURES,
        *(f for m in CATEGORY_MEASURES for f in category_features(m, CATEGORIES)),
        *HISTORY_FEATURES,
    )
)
EVENTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("event_at", pa.timestamp("us")),
        ("event_type", pa.string()),
        ("category", pa.string()),
        ("amount", pa.decimal128(18, 2)),
        ("order_id", pa.string()),
    ]
)

inside = st.datetimes(WINDOW.start_at, WINDOW.end_at - timedelta(microseconds=1))
outside = st.datetimes(
    max_value=WINDOW.start_at - timedelta(microseconds=1), min_value=datetime(1900, 1, 1)
) | (st.datetimes(WINDOW.end_at, datetime(2100, 1, 1)))


def events(at):
    return st.lists(
        st.fixed_dictionaries(
            {
                "user_id": st.sampled_from(["u1", "u2", "u3"]),
                "event_at": at,
                "event_type": st.sampled_from(["order", "order", "view", "return", "ad_exposure"]),
                "category": st.sampled_from(["a", "b", "c", None]),
                "amount": st.none() | st.decimals(0, 10**9, places=2),
                "order_id": st.sampled_from(["o1", "o2", None]),
            }
        ),
        max_size=12,
    )


@pytest.fixture(scope="module")
def connection():
    connection = ibis.duckdb.connect(threads=2)
    connection.create_table("users", pa.table({"user_id": ["u1", "u2", "u3", "u4"]}))
    yield connection
    connection.disconnect()


@pytest.fixture(scope="module")
def built(connection):
    """Return a function that builds the features of events; the query is the same for any, so it is made once."""
    connection.create_table("events", EVENTS.empty_table())
    query = ibis.to_sql(build_features(connection, WINDOW, FEATURES).table.order_by("user_id"))

    def build(rows):
        connection.create_table("events", pa.Table.from_pylist(rows, EVENTS), overwrite=True)
        return connection.raw_sql(query).to_arrow_table()

    return build


@settings(max_examples=25, deadline=None)
@given(seen=events(inside), unseen=events(outside))
def test_events_outside_the_window_never_change_a_feature(built, seen, unseen):
    assert built(seen + unseen).equals(built(seen))


@settings(max_examples=15, deadline=None)
@given(seen=events(inside), random=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_changes_a_feature(built, seen, random):
    shuffled = random.sample(seen, len(seen))
    assert built(shuffled).equals(built(seen))


@settings(max_examples=20, deadline=None)
@given(seen=events(inside))
def test_features_stay_in_their_ranges_and_silent_users_have_zeros(built, seen):
    table = built(seen)
    for row in table.to_pylist():
        shares = [row["revenue_share:a"], row["revenue_share:b"]]
        assert (shares[0] is None) == (shares[1] is None)
        if shares[0] is not None:
            assert all(0 <= share <= 1 for share in shares)
            assert sum(shares) <= 1 + 1e-12
        assert (row["recency_days"] is None) == (row["order_count"] == 0)
        assert row["recency_days"] is None or 0 <= row["recency_days"] <= WINDOW.lookback_days
        assert row["order_count:a"] <= row["order_count"]
        assert (row["first_category"] is None) == (row["category_breadth"] == 0)
    silent = table.to_pylist()[3]
    assert silent["user_id"] == "u4"
    assert [silent["order_count"], silent["revenue"], silent["active_days"]] == [0, 0, 0]


def test_amounts_are_added_exactly(built):
    row = {"user_id": "u1", "event_at": WINDOW.start_at, "event_type": "order", "category": "a"}
    table = built([{**row, "amount": Decimal("0.10")}] * 10)
    assert table["revenue"][0].as_py() == 1.0
    assert table["order_count"][0].as_py() == 10
