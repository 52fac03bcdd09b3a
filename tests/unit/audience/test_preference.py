from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.audience.base import Segment
from personas.audience.preference import rank_preferences
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow, Text

YEAR = ObservationWindow(date(2026, 1, 1), 365)


def make_segment(members, known):
    users = {"user_id": list(known), "is_member": [user in members for user in known]}
    return Segment("women", Text("女性", "women"), ibis.memtable(pa.table(users)))


def make_bought(**users):
    rows = [
        {"user_id": user, "category": c, "item_id": f"{c}-1" if c else None}
        for user, cs in users.items()
        for c in cs
    ]
    schema = pa.schema([(name, pa.string()) for name in ("user_id", "category", "item_id")])
    return ibis.memtable(pa.Table.from_pylist(rows, schema))


@pytest.fixture
def six_users():
    """u1, u2 are women; u3, u4, u5 men; u6 is unknown."""
    bought = make_bought(
        u1=["净水器", "净水器", "扫地机"],
        u2=["净水器"],
        u3=["扫地机", "耳机"],
        u4=["扫地机", "净水器"],
        u5=["耳机"],
        u6=["净水器", "门锁"],
    )
    return bought, make_segment({"u1", "u2"}, ["u1", "u2", "u3", "u4", "u5"])


def test_preferences_of_six_users_worked_out_by_hand(six_users):
    found = rank_preferences(*six_users, window=YEAR)
    table = found.table.set_index("category")
    # 净水器: 2 of 2 women, 1 of 3 men, 3 of 5 of all
    assert table.loc["净水器", ["n_segment", "n_others"]].tolist() == [2, 1]
    assert table.loc["净水器", "segment_share"] == 1.0
    assert table.loc["净水器", "others_share"] == pytest.approx(1 / 3)
    assert table.loc["净水器", "tgi"] == pytest.approx(100 / 0.6)
    assert table.loc["净水器", "tgi_others"] == pytest.approx(300)
    # 扫地机: 1 of 2 against 2 of 3; 耳机: nobody against 2 of 3
    assert table.loc["扫地机", "tgi"] == pytest.approx(100 * 0.5 / 0.6)
    assert table.loc["扫地机", "tgi_others"] == pytest.approx(75)
    assert table.loc["耳机", "tgi"] == 0.0
    # 门锁 was bought by the unknown user alone: there is no share to compare with
    assert table.loc["门锁", ["n_segment", "n_others"]].tolist() == [0, 0]
    assert np.isnan(table.loc["门锁", "tgi"])
    assert np.isnan(table.loc["门锁", "rank"])
    assert found.table["category"].tolist() == ["净水器", "扫地机", "耳机", "门锁"]
    assert found.table["rank"].tolist()[:3] == [1, 2, 3]
    assert "女性" in found.definition.zh


def test_items_are_ranked_alike(six_users):
    table = rank_preferences(*six_users, window=YEAR, by="item_id").table
    assert table["item_id"].tolist() == ["净水器-1", "扫地机-1", "耳机-1", "门锁-1"]
    assert "market_tgi" not in table


def test_against_the_market(six_users):
    rows = [
        ("净水器", "", 200),
        ("净水器", "women", 120),
        ("扫地机", "", 300),
        ("扫地机", "women", 100),
        ("冰箱", "", 500),
        ("冰箱", "women", 180),
        ("耳机", "", 50),  # the market does not say how many of them are women
    ]
    names = ("category", "segment", "buyers")
    market = ibis.memtable(
        pa.Table.from_pylist(
            [{"period_start": date(2025, 1, 1), **dict(zip(names, row, strict=True))} for row in rows]
        )
    )
    table = rank_preferences(*six_users, window=YEAR, market=market).table.set_index("category")
    # Women are 400 of 1,000 buyers; of purifiers 120 of 200.
    assert table.loc["净水器", "market_tgi"] == pytest.approx(150)
    assert table.loc["扫地机", "market_tgi"] == pytest.approx(100 * (100 / 400) / (300 / 1000))
    assert table.loc["净水器", "market_rank"] == 1
    # Over 净水器 and 扫地机: at the brand 2 of 3, on the market 120 of 220.
    assert table.loc["净水器", "tgi_to_market"] == pytest.approx(100 * (2 / 3) / (120 / 220))
    assert table.loc[["耳机", "门锁"], ["market_tgi", "market_rank", "tgi_to_market"]].isna().all(axis=None)
    with pytest.raises(ConfigError, match="known by category"):
        rank_preferences(*six_users, window=YEAR, market=market, by="item_id")


def test_a_segment_without_buyers_has_no_preference(six_users):
    bought, _ = six_users
    table = rank_preferences(bought, make_segment(set(), ["u3", "u4"]), window=YEAR).table
    assert table["tgi"].isna().all()
    assert table["segment_share"].isna().all()
    assert table["p_value"].isna().all()


def test_nobody_bought_anything(six_users):
    table = rank_preferences(make_bought(), six_users[1], window=YEAR).table
    assert table.empty
    assert table.columns[0] == "category"


def test_an_absent_column_is_named(six_users):
    with pytest.raises(DataError, match="bought lacks brand"):
        rank_preferences(*six_users, window=YEAR, by="brand")


def test_who_all_of_the_segment_and_nobody_else_buys_is_ranked_first():
    bought = make_bought(u1=["甲", "乙"], u2=["甲", "乙"], u3=["乙"], u4=["乙"])
    table = rank_preferences(bought, make_segment({"u1", "u2"}, ["u1", "u2", "u3", "u4"]), window=YEAR).table
    assert table["category"].tolist() == ["甲", "乙"]
    assert np.isnan(table.loc[0, "tgi_others"])
    assert table.loc[0, "tgi"] == 200
