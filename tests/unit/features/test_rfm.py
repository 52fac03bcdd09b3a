from datetime import date

import numpy as np
import pytest

from personas.features import FeatureSet, build_features
from personas.features.rfm import RFM_FEATURES
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)
nan = np.nan


@pytest.fixture
def frame(six_users):
    return build_features(six_users, YEAR, FeatureSet(RFM_FEATURES)).to_pandas()


@pytest.mark.parametrize(
    ("user_id", "orders", "revenue", "recency_days", "average", "active_days"),
    [
        ("buyer", 2, 3000.0, 2, 1500.0, 3),
        ("walk_in", 2, 4000.0, 2, 2000.0, 2),
        ("browser", 0, 0.0, nan, nan, 1),
        ("silent", 0, 0.0, nan, nan, 0),
        ("outsider", 0, 0.0, nan, nan, 0),
        ("gift", 2, nan, 365, nan, 1),
    ],
)
def test_measures_are_those_worked_out_by_hand(
    frame, user_id, orders, revenue, recency_days, average, active_days
):
    np.testing.assert_array_equal(
        frame.loc[user_id].to_numpy(), [orders, revenue, recency_days, average, active_days]
    )


def test_a_duplicated_order_line_is_not_a_second_order(make_source):
    from datetime import datetime
    from decimal import Decimal

    line = {
        "user_id": "a",
        "event_at": datetime(2025, 5, 1),
        "event_type": "order",
        "amount": Decimal("10.00"),
        "order_id": "o1",
    }
    source = make_source([{"user_id": "a"}], [line, line])
    frame = build_features(source, YEAR, FeatureSet(RFM_FEATURES)).to_pandas()
    assert frame.loc["a", "order_count"] == 1
    assert frame.loc["a", "active_days"] == 1
