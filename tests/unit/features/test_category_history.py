from datetime import date

import numpy as np
import pytest

from personas.features import FeatureSet, build_features
from personas.features.category_history import CATEGORY_MEASURES, HISTORY_FEATURES, category_features
from personas.schema import ObservationWindow, Text

YEAR = ObservationWindow(date(2026, 1, 1), 365)
CATEGORIES = [(name, Text(name, name)) for name in ("扫地机", "门锁", "空调")]
nan = np.nan


@pytest.fixture
def frame(six_users):
    features = [f for m in CATEGORY_MEASURES for f in category_features(m, CATEGORIES)]
    return (
        build_features(six_users, YEAR, FeatureSet((*features, *HISTORY_FEATURES)))
        .table.to_pyarrow()
        .to_pandas()
        .set_index("user_id")
    )


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("order_count", {"buyer": [2, 1, 0], "walk_in": [0, 0, 2], "gift": [1, 1, 0], "silent": [0, 0, 0]}),
        (
            "revenue",
            {
                "buyer": [2199.9, 800.1, 0],
                "walk_in": [0, 0, 4000],
                "gift": [0, 0, 0],
                "outsider": [0, 0, 0],
            },
        ),
        (
            "recency_days",
            {
                "buyer": [2, 305, nan],
                "walk_in": [nan, nan, 2],
                "gift": [365, 365, nan],
                "browser": [nan, nan, nan],
            },
        ),
        (
            "revenue_share",
            {
                "buyer": [2199.9 / 3000, 800.1 / 3000, 0],
                "walk_in": [0, 0, 1],
                "gift": [nan, nan, nan],
                "silent": [nan, nan, nan],
            },
        ),
    ],
)
def test_measures_per_category_are_those_worked_out_by_hand(frame, measure, expected):
    columns = [f"{measure}:{category}" for category, _ in CATEGORIES]
    for user_id, values in expected.items():
        np.testing.assert_allclose(
            frame.loc[user_id, columns].to_numpy(dtype="float64"), values, rtol=1e-15, err_msg=user_id
        )


@pytest.mark.parametrize(
    ("user_id", "breadth", "first", "last"),
    [
        ("buyer", 2, "扫地机", "扫地机"),
        ("walk_in", 1, "空调", "空调"),
        ("gift", 2, "扫地机", "扫地机"),  # a tie: 扫 comes before 门 in binary order
        ("browser", 0, None, None),
        ("silent", 0, None, None),
    ],
)
def test_breadth_and_end_points_break_ties_by_name(frame, user_id, breadth, first, last):
    names = ["category_breadth", "first_category", "last_category"]
    row = frame.loc[user_id, names].astype(object)
    assert row.where(row.notna(), None).tolist() == [breadth, first, last]


def test_every_feature_says_what_it_is():
    features = [f for m in CATEGORY_MEASURES for f in category_features(m, CATEGORIES)]
    for feature in [*features, *HISTORY_FEATURES]:
        assert feature.null_meaning
        assert feature.block == "what"
        assert feature.label.zh
        assert feature.label.en
        assert feature.source == "category_history"
