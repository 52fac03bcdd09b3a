from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.category.decomposition import decompose, decompose_gmv, gmv_factors
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow

nan = np.nan
THEN = ObservationWindow(date(2025, 1, 1), 366)


def chain(rows, index=None, factors="abc"):
    return pd.DataFrame(rows, columns=list(factors[: len(rows[0])]), index=index, dtype=float)


def contributions(found):
    return found.table["contribution"].to_numpy().reshape(-1, found.table["factor"].nunique())


def test_a_chain_is_taken_apart_as_by_hand():
    # 100 x .10 x 50 = 500 to 110 x .12 x 45 = 594; L = 94 / ln(594/500) = 545.651
    found = decompose(chain([[100, 0.10, 50]]), chain([[110, 0.12, 45]]))
    log_mean = 94 / np.log(594 / 500)
    assert (found.before, found.after, found.change) == pytest.approx((500, 594, 94))
    np.testing.assert_allclose(
        contributions(found)[0], [log_mean * np.log(r) for r in (1.1, 1.2, 0.9)], rtol=1e-12
    )
    assert found.by_factor().to_dict() == pytest.approx({"a": 52.0061, "b": 99.4833, "c": -57.4894}, abs=1e-3)
    assert found.table["limit"].tolist() == ["", "", ""]


@pytest.mark.parametrize(
    ("before", "after", "expected", "limit"),
    [
        # the change goes to what was 0
        ([0, 2, 3], [5, 4, 3], [60, 0, 0], "zero before"),
        ([5, 4, 3], [5, 0, 3], [0, -60, 0], "zero after"),
        # to several in equal parts
        ([0, 2, 0], [5, 4, 3], [30, 0, 30], "zero before"),
        # nothing became nothing, by whatever factor
        ([0, 2, 3], [5, 0, 3], [0, 0, 0], "zero in both"),
        ([0, 2, 3], [0, 2, 3], [0, 0, 0], "zero in both"),
        # no users, so no conversion and no basket; users but no buyers, so no basket
        ([0, nan, nan], [5, 4, 3], [60, 0, 0], "zero before"),
        ([5, 0, nan], [5, 4, 3], [0, 60, 0], "zero before"),
        ([5, 4, 3], [5, 0, nan], [0, -60, 0], "zero after"),
    ],
)
def test_zeros_are_replaced_by_their_limit(before, after, expected, limit):
    found = decompose(chain([before]), chain([after]))
    assert contributions(found)[0].tolist() == expected
    assert found.table["limit"].unique().tolist() == [limit]
    assert found.change == sum(expected)


@pytest.mark.parametrize("zeros", [[0], [1], [0, 2], [0, 1, 2]])
def test_the_limit_is_what_the_formula_approaches(zeros):
    before, after = np.array([2.0, 3.0, 4.0]), np.array([5.0, 4.0, 3.0])
    before[zeros] = 0
    limit = contributions(decompose(chain([before]), chain([after])))[0]
    distances = []
    for tiny in (1e-20, 1e-80, 1e-100):
        near = np.where(before == 0, tiny, before)
        found = contributions(decompose(chain([near]), chain([after])))[0]
        distances.append(np.abs(found - limit).max())
    assert distances[0] > distances[1] > distances[2] or max(distances) < 1e-9
    assert distances[2] < 1


def test_a_segment_that_comes_or_goes_does_so_by_its_first_factor():
    found = decompose(chain([[2, 3], [4, 5]], ["old", "kept"]), chain([[4, 6], [7, 8]], ["kept", "new"]))
    assert found.table["segment"].unique().tolist() == ["old", "kept", "new"]
    assert contributions(found)[0].tolist() == [-6, 0]
    assert contributions(found)[2].tolist() == [56, 0]
    assert found.by_segment().to_dict() == pytest.approx({"old": -6, "kept": 4, "new": 56})
    assert found.change == 54


positive = st.floats(1e-6, 1e9)
factor = st.one_of(st.just(0.0), positive)


@st.composite
def two_periods(draw):
    n_segments, n_factors = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    shape = st.lists(
        st.lists(factor, min_size=n_factors, max_size=n_factors), min_size=n_segments, max_size=n_segments
    )
    return chain(draw(shape), factors="abcde"), chain(draw(shape), factors="abcde")


@given(periods=two_periods())
def test_the_parts_add_up_to_the_change(periods):
    before, after = periods
    found = decompose(before, after)
    assert (found.before, found.after) == pytest.approx((before.prod(axis=1).sum(), after.prod(axis=1).sum()))
    scale = max(found.before, found.after)
    assert abs(found.table["contribution"].sum() - found.change) <= 1e-9 * scale
    assert abs(found.by_factor().sum() - found.change) <= 1e-9 * scale
    each = after.prod(axis=1) - before.prod(axis=1)
    np.testing.assert_allclose(found.by_segment(), each, atol=1e-9 * scale, rtol=0)


@given(periods=two_periods())
def test_time_and_the_order_of_factors_do_not_matter(periods):
    before, after = periods
    found, back = contributions(decompose(before, after)), contributions(decompose(after, before))
    scale = max(before.prod(axis=1).sum(), after.prod(axis=1).sum())
    np.testing.assert_allclose(back, -found, atol=1e-9 * scale, rtol=1e-9)
    turned = contributions(decompose(before[before.columns[::-1]], after[after.columns[::-1]]))
    np.testing.assert_allclose(turned[:, ::-1], found, atol=1e-9 * scale, rtol=1e-9)


def test_a_change_far_below_the_total_is_still_taken_apart():
    found = decompose(chain([[1e9, 1 / 3]]), chain([[1e9 * (1 + 1e-9), 1 / 3]]))
    np.testing.assert_allclose(contributions(found)[0], [1 / 3, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (chain([[1, 2]]), chain([[1, 2, 3]]), "same columns"),
        (chain([[1, 2]], ["x"]), chain([[1, 2], [3, 4]], ["x", "x"]), "several rows after"),
        (chain([[1, -2]]), chain([[1, 2]]), "negative"),
        (chain([[1, 2]]), chain([[1, np.inf]]), "infinite"),
        (chain([[1, nan]]), chain([[1, 2]]), "1 segments have an undefined factor"),
    ],
)
def test_factors_that_make_no_sense_are_refused(before, after, problem):
    with pytest.raises(DataError, match=problem):
        decompose(before, after)


# The docstring of six_users says who bought what. 2024: u3 2800, u1 950, u6 500.
def test_factors_of_the_six_users_by_hand(six_users, year):
    gmv = 6000 + 4900 + 3000 + 6999 + 100  # u5's line without a category is GMV too
    assert gmv_factors(six_users, year, population="users").to_dict("index") == {
        "(all)": {"users": 6.0, "conversion": 5 / 6, "basket": gmv / 5}
    }
    assert gmv_factors(six_users, year, population="active_users").to_dict("index") == {
        "(all)": {"users": 5.0, "conversion": 1.0, "basket": gmv / 5}
    }
    pairs = six_users.table("assignments")
    by_persona = gmv_factors(six_users, year, population="users", assignments=pairs)
    assert by_persona.index.tolist() == ["(none)", "P01", "P02"]
    assert by_persona.loc["P01"].tolist() == [3, 1, 13900 / 3]
    assert by_persona.loc["P02"].tolist() == [2, 1, 7099 / 2]
    np.testing.assert_array_equal(by_persona.loc["(none)"], [1, 0, nan])


def test_gmv_of_the_six_users_is_taken_apart_by_hand(six_users, year):
    found = decompose_gmv(six_users, THEN, year, population="users")
    before, after = 4250, 20999
    assert (found.before, found.after) == pytest.approx((before, after))
    log_mean = (after - before) / np.log(after / before)
    expected = {
        "users": 0.0,
        "conversion": log_mean * np.log((5 / 6) / (3 / 6)),
        "basket": log_mean * np.log((after / 5) / (before / 3)),
    }
    assert found.by_factor().to_dict() == pytest.approx(expected, abs=1e-6)


def test_gmv_by_persona_adds_up_to_the_whole(six_users, year):
    pairs = six_users.table("assignments")
    found = decompose_gmv(six_users, THEN, year, population="users", assignments=pairs)
    assert found.change == pytest.approx(20999 - 4250)
    assert found.table["contribution"].sum() == pytest.approx(found.change)
    # Nobody of P02 bought in 2024: all of its 7099 is conversion. u6 bought in 2024 only.
    assert found.by_segment().to_dict() == pytest.approx({"(none)": -500, "P01": 13900 - 3750, "P02": 7099})
    p02 = found.table[found.table["segment"] == "P02"]
    assert p02["contribution"].tolist() == pytest.approx([0, 7099, 0])
    assert p02["limit"].unique().tolist() == ["zero before"]


def test_lines_of_unknown_amount_make_no_buyer(make_source, year):
    line = {"user_id": "a", "event_at": "2025-03-01", "category": "门锁"}
    source = make_source([{**line, "amount": None}, {**line, "user_id": "b", "amount": 10}])
    factors = gmv_factors(source, year, population="users")
    assert factors.loc["(all)"].tolist() == [2, 0.5, 10]


def test_bad_questions_are_refused(six_users, year):
    with pytest.raises(ConfigError, match="expected one of users, active_users"):
        gmv_factors(six_users, year, population="visitors")
    with pytest.raises(ConfigError, match="do not overlap"):
        decompose_gmv(six_users, year, THEN, population="users")
    pairs = six_users.table("assignments")
    with pytest.raises(DataError, match="one row per user"):
        decompose_gmv(six_users, THEN, year, population="users", assignments=pairs.union(pairs))
    with pytest.raises(DataError, match="lack persona_id"):
        decompose_gmv(six_users, THEN, year, population="users", assignments=pairs.drop("persona_id"))


def test_the_definition_says_who_is_counted_and_what_zero_does(six_users, year):
    zh, en = decompose_gmv(six_users, THEN, year, population="active_users").definition
    assert zh.startswith("成交额 = 用户数 × 转化率 × 客单价：用户数为活跃用户")
    assert "由 2024-01-01 至 2024-12-31 到 2025-01-01 至 2025-12-31" in zh
    assert "取极限" in zh
    assert "the change goes to the factors that are 0" in en


def test_segments_of_few_users_are_one_and_the_parts_still_add_up(make_source):
    events, personas = [], {}
    for i in range(60):
        personas[f"u{i:02d}"] = "P01" if i < 30 else "P02" if i < 57 else "P03"  # 30, 27 and 3 users
        for year in (2024, 2025):
            buys = i % 2 == 0 or i >= 57  # P03: everybody buys
            line = {
                "user_id": f"u{i:02d}",
                "event_at": f"{year}-05-01",
                "category": "门锁",
                "amount": 100 + i,
            }
            events.append(line | {"event_type": "order" if buys else "view", "order_id": f"o{year}{i}"})
    source = make_source(events, personas)
    then, now = (ObservationWindow(date(year + 1, 1, 1), 365) for year in (2024, 2025))
    options = {"population": "active_users", "assignments": source.table("assignments")}
    found = decompose_gmv(source, then, now, **options, smallest_segment=10)
    # 3 users are too few; with the next smallest, P02, they are 30.
    users = found.table[found.table["factor"] == "users"].set_index("segment")["after"]
    assert users.to_dict() == {"(others)": 30.0, "P01": 30.0}
    assert found.table["contribution"].sum() == pytest.approx(found.change, abs=1e-9)
    assert set(decompose_gmv(source, then, now, **options).table["segment"]) == {"P01", "P02", "P03"}
    everybody = decompose_gmv(source, then, now, **options, smallest_segment=40)
    assert everybody.table["segment"].unique().tolist() == ["(others)"]
