from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from personas.audience.base import Segment, segment_of_attribute
from personas.audience.opportunity import share_gaps
from personas.errors import ConfigError, NotFoundError
from personas.schema import ObservationWindow, Text

YEAR = ObservationWindow(date(2026, 1, 1), 365)
BEFORE = ObservationWindow(date(2025, 1, 1), 366)
USERS = {"u1": "female", "u2": "female", "u3": "male", "u4": "male", "u5": "male", "u6": None}


def make_bought(pairs):
    users, categories = zip(*pairs, strict=True) if pairs else ((), ())
    table = {"user_id": pa.array(users, pa.string()), "category": pa.array(categories, pa.string())}
    return ibis.memtable(pa.table(table))


def make_market(rows):
    names = ("period_start", "category", "segment", "buyers")
    return ibis.memtable(
        pa.Table.from_pylist([dict(zip(names, (date(r[0], 1, 1), *r[1:]), strict=True)) for r in rows])
    )


@pytest.fixture
def women():
    users = ibis.memtable(pa.table({"user_id": list(USERS), "gender": list(USERS.values())}))
    return segment_of_attribute(users, "gender", ["female"], key="women", label=Text("女性", "women"))


MARKET = [
    (2025, "空气净化器", "", 1000),
    (2025, "空气净化器", "women", 640),
    (2025, "扫地机", "", 500),
    (2025, "扫地机", "women", 210),
    (2024, "空气净化器", "", 800),
    (2024, "空气净化器", "women", 400),
    (2024, "扫地机", "", 400),
    (2024, "扫地机", "women", 200),
]


def test_gap_of_six_users_worked_out_by_hand(women):
    # Everybody buys an air purifier; of five users of known gender two are women.
    bought = make_bought([(user, "空气净化器") for user in USERS] + [("u1", "空气净化器"), ("u1", "扫地机")])
    gaps = share_gaps(bought, make_market(MARKET), [women], window=YEAR)
    purifier = gaps.table.set_index("category").loc["空气净化器"]
    assert purifier[["n_brand", "n_brand_segment", "n_market", "n_market_segment"]].tolist() == [
        5,
        2,
        1000,
        640,
    ]
    assert purifier["brand_share"] == pytest.approx(0.4)
    assert purifier["gap"] == pytest.approx(0.24)
    assert purifier["index"] == pytest.approx(62.5)
    assert purifier["headroom"] == pytest.approx(1.2)
    # Small expected counts: the exact test, the brand against the rest of the market.
    assert purifier["p_value"] == pytest.approx(stats.fisher_exact([[2, 3], [638, 357]]).pvalue)
    robot = gaps.table.set_index("category").loc["扫地机"]
    assert robot["index"] == pytest.approx(100 / 0.42)
    assert robot["headroom"] == pytest.approx(0.42 - 1)
    assert gaps.table["category"].tolist() == ["空气净化器", "扫地机"]  # the largest headroom first
    assert gaps.table[["brand_growth", "market_growth"]].isna().all(axis=None)
    assert "2025-01-01 至 2025-12-31" in gaps.definition.zh


def test_growth_of_the_segment(women):
    now = make_bought([("u1", "空气净化器"), ("u2", "空气净化器"), ("u1", "扫地机")])
    then = make_bought([("u1", "空气净化器"), ("u3", "空气净化器"), ("u3", "扫地机")])
    gaps = share_gaps(now, make_market(MARKET), [women], window=YEAR, earlier=(then, BEFORE))
    table = gaps.table.set_index("category")
    assert table.loc["空气净化器", "brand_growth"] == 1.0  # from u1 to u1 and u2
    assert table.loc["空气净化器", "market_growth"] == pytest.approx(0.6)
    assert table.loc["扫地机", "market_growth"] == pytest.approx(0.05)
    assert np.isnan(table.loc["扫地机", "brand_growth"])  # no woman before
    assert "2024-01-01" in gaps.definition.en


def test_a_planted_gap_is_significant_and_its_test_is_two_disjoint_groups(women):
    users = ibis.memtable(
        pa.table({"user_id": [f"u{i}" for i in range(400)], "is_member": [i < 120 for i in range(400)]})
    )
    segment = Segment("women", women.label, users)
    bought = make_bought([(f"u{i}", "空气净化器") for i in range(400)])
    row = share_gaps(bought, make_market(MARKET), [segment], window=YEAR).table.iloc[0]
    pooled = 640 / 1000
    z = (0.3 - 520 / 600) / np.sqrt(pooled * (1 - pooled) * (1 / 400 + 1 / 600))
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert row["headroom"] == pytest.approx(136)


def test_zero_buyers_are_missing_not_zero(women):
    market = make_market([*MARKET, (2025, "门锁", "", 0), (2025, "门锁", "women", 0)])
    table = share_gaps(make_bought([("u1", "扫地机"), ("u1", "手环")]), market, [women], window=YEAR).table
    rows = table.set_index("category")
    for category in ("空气净化器", "门锁", "手环"):  # nobody buys it of us; nobody at all; no market figure
        assert rows.loc[category, ["gap", "index", "headroom", "p_value"]].isna().all()
    assert rows.loc["手环", "brand_share"] == 1.0


def test_a_market_smaller_than_the_brand_is_not_tested(women):
    bought = make_bought([(user, "门锁") for user in USERS])
    market = make_market([(2025, "门锁", "", 4), (2025, "门锁", "women", 2)])
    row = share_gaps(bought, market, [women], window=YEAR).table.iloc[0]
    assert row["gap"] == pytest.approx(0.1)
    assert np.isnan(row["p_value"])


def test_impossible_requests_are_refused(women):
    bought, market = make_bought([("u1", "扫地机")]), make_market(MARKET)
    with pytest.raises(ConfigError, match="at least one, each once"):
        share_gaps(bought, market, [], window=YEAR)
    with pytest.raises(ConfigError, match="women, women"):
        share_gaps(bought, market, [women, women], window=YEAR)
    with pytest.raises(ConfigError, match="do not overlap"):
        share_gaps(bought, market, [women], window=YEAR, earlier=(bought, YEAR))
    rich = Segment("rich", Text("高净值", "rich"), women.users)
    with pytest.raises(NotFoundError, match="no segment 'rich'"):
        share_gaps(bought, market, [rich], window=YEAR)
