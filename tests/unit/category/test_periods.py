from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.category.periods import check_order, comparable_windows, recent_windows, span, yearly_windows
from personas.errors import ConfigError
from personas.schema import ObservationWindow


def ends(windows):
    return [(str(w.start), str(w.as_of), w.lookback_days) for w in windows]


def test_whole_years_touch_and_the_leap_year_is_a_day_longer():
    assert ends(yearly_windows(date(2025, 3, 1), n_windows=3)) == [
        ("2022-03-01", "2023-03-01", 365),
        ("2023-03-01", "2024-03-01", 366),
        ("2024-03-01", "2025-03-01", 365),
    ]


def test_an_end_on_29_february_sees_everything_up_to_28_february_in_common_years():
    assert ends(yearly_windows(date(2024, 2, 29), n_windows=2)) == [
        ("2022-03-01", "2023-03-01", 365),
        ("2023-03-01", "2024-02-29", 365),
    ]


def test_a_start_on_29_february_moves_to_1_march():
    # 31 days before 2024-03-31 is 29 February.
    assert ends(yearly_windows(date(2024, 3, 31), lookback_days=31)) == [
        ("2023-03-01", "2023-03-31", 30),
        ("2024-02-29", "2024-03-31", 31),
    ]


def test_a_season_is_compared_with_the_same_days_of_the_calendar():
    assert ends(yearly_windows(date(2025, 11, 12), lookback_days=11)) == [
        ("2024-11-01", "2024-11-12", 11),
        ("2025-11-01", "2025-11-12", 11),
    ]


@given(
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.one_of(st.none(), st.integers(1, 365)),
    st.integers(1, 4),
)
def test_windows_never_overlap_and_come_in_order(as_of, lookback_days, n_windows):
    windows = yearly_windows(as_of, lookback_days=lookback_days, n_windows=n_windows)
    assert len(windows) == n_windows
    assert windows[-1].as_of == as_of
    for earlier, later in pairwise(windows):
        check_order(earlier, later)
        assert lookback_days is not None or earlier.as_of == later.start


@pytest.mark.parametrize(
    ("as_of", "options"),
    [
        (date(2025, 1, 1), {"lookback_days": 366}),
        (date(2025, 1, 1), {"lookback_days": 0}),
        (date(2025, 1, 1), {"n_windows": 0}),
        (date(2, 1, 1), {"n_windows": 2}),
    ],
)
def test_impossible_periods_are_refused(as_of, options):
    with pytest.raises(ConfigError):
        yearly_windows(as_of, **options)


def test_overlapping_and_swapped_periods_are_refused():
    first, second = yearly_windows(date(2026, 1, 1))
    check_order(first, second)
    for then, now in [(second, first), (first, first), (ObservationWindow(date(2025, 1, 2), 30), second)]:
        with pytest.raises(ConfigError, match="do not overlap"):
            check_order(then, now)


def test_a_span_names_the_last_day_that_is_seen():
    assert span(ObservationWindow(date(2024, 3, 1), 366)) == (
        "2023-03-01 至 2024-02-29",
        "2023-03-01 to 2024-02-29",
    )


def test_recent_windows_of_twelve_months_are_the_yearly_ones():
    for as_of in (date(2026, 1, 1), date(2024, 2, 29), date(2025, 3, 1)):
        assert recent_windows(as_of, months=12, n_windows=3) == yearly_windows(as_of, n_windows=3)


def test_recent_windows_touch_and_hold_every_day():
    windows = recent_windows(date(2025, 8, 31), months=1, n_windows=12)
    assert all(a.as_of == b.start for a, b in pairwise(windows))
    assert windows[-1].as_of == date(2025, 8, 31)
    assert sum(window.lookback_days for window in windows) == (date(2025, 8, 31) - windows[0].start).days


@pytest.mark.parametrize(
    ("earliest", "starts"),
    [
        (date(2022, 12, 1), ["2022-12-01", "2023-12-01", "2024-12-01"]),
        (date(2022, 12, 8), ["2022-12-01", "2023-12-01", "2024-12-01"]),
        (date(2022, 12, 9), ["2023-12-01", "2024-12-01"]),
        (date(2024, 12, 1), ["2024-12-01", "2025-06-01"]),
        (date(2025, 5, 1), ["2025-06-01", "2025-09-01"]),
        (date(2025, 10, 1), ["2025-10-01", "2025-11-01"]),
    ],
)
def test_the_longest_period_that_is_seen_twice_is_taken(earliest, starts):
    found = comparable_windows(date(2025, 12, 1), earliest)
    assert [str(window.start) for window in found] == starts


def test_too_short_a_history_is_told():
    with pytest.raises(ConfigError, match="two periods of a month before 2025-12-01"):
        comparable_windows(date(2025, 12, 1), date(2025, 10, 20))
    with pytest.raises(ConfigError, match="two periods of a half year"):
        comparable_windows(date(2025, 12, 1), date(2025, 2, 1), period="half_year")
    with pytest.raises(ConfigError, match="at least 1"):
        recent_windows(date(2025, 12, 1), months=0)
    with pytest.raises(ConfigError, match="before year 1"):
        recent_windows(date(1, 6, 1), months=12)
