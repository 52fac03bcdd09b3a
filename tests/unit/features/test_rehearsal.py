"""A look back from an earlier day: what was known then, and what followed, and never the one in the other."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from personas.errors import ConfigError
from personas.features import FeatureSet
from personas.features.category_history import category_features
from personas.features.rehearsal import (
    LONGEST_HORIZON,
    MAX_OUTCOMES,
    SHORTEST_HORIZON,
    default_horizon,
    rehearse,
)
from personas.features.rfm import RFM_FEATURES
from personas.schema import ObservationWindow, Text

AS_OF = date(2026, 1, 1)
YEAR = ObservationWindow(AS_OF, 365)
BEFORE, AFTER = "2025-06-01T12:00:00", "2025-12-20T12:00:00"  # of the default cut, 2025-10-02


def order(user_id, at, category, order_id=None, amount="10.00", event_type="order"):
    return {
        "user_id": user_id,
        "event_at": datetime.fromisoformat(at),
        "event_type": event_type,
        "category": category,
        "amount": Decimal(amount),
        "order_id": order_id,
    }


def users(*names):
    return [{"user_id": name} for name in names]


def counts_of(*categories):
    return FeatureSet(tuple(category_features("count", [(c, Text(c, c)) for c in categories])))


def values(frame):
    """Return the values of a frame by column, then by user, zeros left out."""
    data = frame.to_pandas()
    return {name: {u: v for u, v in data[name].items() if v != 0} for name in data.columns}


# --- no leakage


@pytest.fixture
def borders(make_source):
    """Return a source whose events stand on both sides of the cut, 2025-10-02, and of the ends."""
    events = [
        # cut - 365 days = 2024-10-02
        order("ann", "2024-10-01T23:59:59.999999", "tea"),
        order("ann", "2024-10-02T00:00:00", "tea"),
        order("ann", "2025-10-01T23:59:59.999999", "tea"),
        order("ann", "2025-10-02T00:00:00", "coffee"),
        order("ann", "2025-12-31T23:59:59.999999", "coffee"),
        order("ann", "2026-01-01T00:00:00", "cocoa"),
        order("ann", "2026-01-01T00:00:00", "tea"),
        order("bob", "2025-10-02T00:00:00", "tea"),
        order("bob", "2026-02-01T00:00:00", "coffee"),
    ]
    return make_source(users("ann", "bob", "cleo"), events)


def test_events_on_either_side_of_the_cut_are_never_mixed(borders):
    found = rehearse(borders, YEAR, counts_of("tea", "coffee", "cocoa"))
    assert values(found.earlier) == {
        "order_count:tea": {"ann": 2},  # the first instant, and the last one before the cut
        "order_count:coffee": {},
        "order_count:cocoa": {},
    }
    assert values(found.outcomes) == {"order_count:coffee": {"ann": 2}, "order_count:tea": {"bob": 1}}


def test_windows_meet_at_the_cut_and_end_with_the_training(borders):
    found = rehearse(borders, YEAR, counts_of("tea"), horizon_days=92)
    cut = date(2025, 10, 1)
    assert found.earlier.window == ObservationWindow(cut, 365)
    assert found.outcomes.window == ObservationWindow(AS_OF, 92)
    assert found.outcomes.window.start_at == found.earlier.window.end_at


def test_what_happens_from_the_end_of_the_window_on_changes_nothing(make_source):
    past = [order("ann", BEFORE, "tea"), order("ann", AFTER, "tea"), order("bob", AFTER, "coffee")]
    future = [order(u, f"2026-01-{d:02}T00:00:00", c) for u in ("ann", "bob") for d in (1, 9) for c in "ab"]
    names = counts_of("tea", "a")
    without = rehearse(make_source(users("ann", "bob"), past), YEAR, names)
    with_future = rehearse(make_source(users("ann", "bob"), past + future), YEAR, names)
    assert values(with_future.earlier) == values(without.earlier)
    assert values(with_future.outcomes) == values(without.outcomes)


def test_totals_are_seen_from_the_cut(borders):
    totals = FeatureSet(
        tuple(f for f in RFM_FEATURES if f.name in ("order_count", "revenue", "recency_days"))
    )
    earlier = rehearse(borders, YEAR, totals).earlier.to_pandas()
    assert earlier.loc["ann"].tolist() == [2.0, 20.0, 0.0]  # the last order less than a day before the cut
    assert earlier.loc["bob", "order_count"] == 0.0
    assert earlier["recency_days"].isna().tolist() == [False, True, True]


def test_both_frames_hold_every_user_in_the_same_order(borders):
    found = rehearse(borders, YEAR, counts_of("tea"))
    assert found.earlier.to_pandas().index.tolist() == ["ann", "bob", "cleo"]
    assert found.outcomes.to_pandas().index.tolist() == ["ann", "bob", "cleo"]


# --- what is judged


def test_only_orders_with_a_category_by_known_users_are_outcomes(make_source):
    events = [
        order("ann", BEFORE, "tea"),
        order("ann", AFTER, "tea", "o1"),
        order("ann", AFTER, "tea", "o1"),  # two lines of one order
        order("ann", AFTER, None, "o2"),
        order("bob", AFTER, "coffee"),
        order("bob", AFTER, "view", event_type="view"),
        order("bob", AFTER, "back", event_type="return"),
        order("stranger", AFTER, "strange"),
    ]
    found = rehearse(make_source(users("ann", "bob"), events), YEAR, counts_of("tea"))
    assert values(found.outcomes) == {"order_count:coffee": {"bob": 1}, "order_count:tea": {"ann": 1}}


def test_a_judged_category_is_bought_by_some_but_not_by_almost_all_buyers(make_source):
    names = [f"u{i:03}" for i in range(250)]
    buyers = names[:200]  # 50 users buy nothing; shares are of the buyers

    def bought(category, n):
        return [order(user, AFTER, category) for user in buyers[:n]]

    events = [order(names[0], BEFORE, "old")]
    for category, n in {"all": 200, "191": 191, "190": 190, "b": 2, "a": 2, "1": 1, "50": 50}.items():
        events += bought(category, n)
    found = rehearse(make_source(users(*names), events), YEAR, counts_of("old"))
    # 1 % of 200 is 2, 95 % is 190; most bought first, ties by name
    assert [f.argument for f in found.outcomes.feature_set] == ["190", "50", "a", "b"]


def test_the_least_bought_of_too_many_categories_are_not_judged(make_source):
    names = [f"u{i:02}" for i in range(60)]
    categories = [f"c{i:03}" for i in range(MAX_OUTCOMES + 2)]
    events = [order("u00", BEFORE, "old"), *(order("u00", AFTER, c) for c in categories)]
    events += [order("u01", AFTER, c) for c in categories[2:]]
    events += [order(u, AFTER, "common") for u in names[1:]]  # 59 of 60: too common to judge
    found = rehearse(make_source(users(*names), events), YEAR, counts_of("old"))
    assert [f.argument for f in found.outcomes.feature_set] == categories[2:]


# --- nothing to judge by


@pytest.mark.parametrize(
    "events",
    [
        [],
        [order("ann", BEFORE, "tea")],  # nothing follows
        [order("ann", AFTER, "tea"), order("bob", AFTER, "coffee")],  # nothing before
        [order("ann", BEFORE, "tea"), order("ann", AFTER, "tea")],  # every buyer buys the same
        [order("ann", BEFORE, "tea"), order("ann", AFTER, None), order("bob", AFTER, None)],
        [
            order("ann", BEFORE, "tea", event_type="view"),
            order("ann", AFTER, "tea"),
            order("bob", AFTER, "coffee"),
        ],
        [
            order("ann", "2024-10-01T00:00:00", "tea"),  # before the earlier window
            order("ann", AFTER, "tea"),
            order("bob", AFTER, "coffee"),
        ],
    ],
)
def test_without_a_history_or_a_sequel_there_is_no_rehearsal(make_source, events):
    assert rehearse(make_source(users("ann", "bob"), events), YEAR, counts_of("tea")) is None


# --- horizons


@pytest.mark.parametrize(
    ("lookback_days", "expected"),
    [(365, 91), (200, 50), (60, 15), (20, SHORTEST_HORIZON), (1096, LONGEST_HORIZON)],
)
def test_the_default_horizon_is_a_quarter_within_limits(lookback_days, expected):
    assert default_horizon(ObservationWindow(AS_OF, lookback_days)) == expected


@pytest.mark.parametrize("horizon", [0, -3, 366])
def test_a_horizon_outside_the_window_is_refused(borders, horizon):
    with pytest.raises(ConfigError, match=f"horizon_days is {horizon}; expected 1 to lookback_days=365"):
        rehearse(borders, YEAR, counts_of("tea"), horizon_days=horizon)


def test_the_whole_window_may_be_the_horizon(borders):
    found = rehearse(borders, YEAR, counts_of("tea"), horizon_days=365)
    assert found.earlier.window.as_of == date(2025, 1, 1)
    assert values(found.earlier) == {"order_count:tea": {"ann": 2}}
