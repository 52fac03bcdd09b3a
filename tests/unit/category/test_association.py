import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy import stats

from personas.category.association import TierRule, associate, exact_p_value, measure_association
from personas.errors import ConfigError

CATEGORIES = ("扫地机", "门锁", "空调")
nan = np.nan


@pytest.fixture
def make_shop(make_source, year):
    """Return a function that makes a source from the baskets of users, one order each."""

    def make(baskets):
        return make_source(
            [
                {"user_id": f"u{i:04d}", "event_at": "2025-03-01", "category": category, "order_id": "o"}
                for i, basket in enumerate(baskets)
                for category in basket
            ]
        )

    return make


def test_measures_of_the_six_users_are_those_worked_out_by_hand(six_users, year):
    # 4 buyers: 扫地机 by 4, 门锁 by 3, 空调 by 2; 门锁 and 空调 by 1
    table = associate(six_users, year, ["门锁"], CATEGORIES, unit="user").table.set_index("column")
    assert table.index.tolist() == ["扫地机", "空调"]  # not with itself
    expected = {
        "n_both": 1,
        "n_row": 3,
        "n_column": 2,
        "n_units": 4,
        "support": 1 / 4,
        "confidence": 1 / 3,
        "lift": (1 / 4) / (3 / 4 * 2 / 4),
        "leverage": 1 / 4 - 3 / 8,
        "conviction": (1 - 1 / 2) / (1 - 1 / 3),
        "jaccard": 1 / 4,
        "cosine": 1 / np.sqrt(6),
        "kulczynski": (1 / 3 + 1 / 2) / 2,
        "zhang": (-1 / 8) / max(1 / 4 * 1 / 4, 3 / 4 * 1 / 4),
        "phi": (1 * 4 - 3 * 2) / np.sqrt(3 * 2 * 1 * 2),
        "odds_ratio": 0.0,  # 1 x 0 / (2 x 1)
        "shrunk_lift": (1 + 5) / (1.5 + 5),
        "p_value": 1.0,
    }
    assert table.loc["空调", list(expected)].to_dict() == pytest.approx(expected)
    # Everybody bought 扫地机: nothing to test, and what divides by nobody is undefined.
    all_buy = table.loc["扫地机"]
    assert all_buy[["lift", "confidence", "leverage", "zhang"]].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert all_buy[["conviction", "phi", "odds_ratio", "p_value", "q_value"]].isna().all()


def test_orders_are_counted_when_orders_are_asked_for(six_users, year):
    table = associate(six_users, year, ["扫地机"], ["门锁", "空调"], unit="order").table
    assert table[["n_both", "n_row", "n_column", "n_units"]].to_numpy().tolist() == [
        [1, 5, 3, 10],
        [0, 5, 3, 10],
    ]
    np.testing.assert_allclose(table["lift"], [1 / 10 / (5 / 10 * 3 / 10), 0])


def test_a_category_that_nobody_bought_has_no_association(six_users, year):
    table = associate(six_users, year, ["充电桩"], ["扫地机"], unit="user").table
    assert table.loc[0, "n_row"] == 0
    assert table.loc[0, "support":"tier"].isna().all()


def test_buyers_of_categories_that_are_not_listed_are_in_the_population(six_users, year):
    assert associate(six_users, year, ["门锁"], ["空调"], unit="user").table["n_units"].item() == 4


@given(
    cells=st.lists(st.tuples(*[st.integers(0, 40)] * 4).filter(lambda c: sum(c) > 0), min_size=1, max_size=6)
)
def test_the_p_value_is_that_of_scipy(cells):
    both, only_row, only_column, neither = np.array(cells).T
    found = exact_p_value(both, both + only_row, both + only_column, both + only_row + only_column + neither)
    for (a, b, c, d), p_value in zip(cells, found, strict=True):
        margins = (a + b, c + d, a + c, b + d)
        if 0 in margins:
            assert np.isnan(p_value)
        else:
            expected = stats.fisher_exact([[a, b], [c, d]], alternative="greater").pvalue
            assert p_value == pytest.approx(expected, rel=1e-12)


def test_tiny_p_values_keep_their_digits():
    expected = stats.fisher_exact([[900, 100], [99_100, 899_900]], alternative="greater").pvalue
    assert 0 < expected < 1e-300 or expected == 0
    assert exact_p_value([900], [1000], [100_000], 1_000_000)[0] == expected
    less = exact_p_value([300], [1000], [100_000], 1_000_000)[0]
    assert 1e-80 < less < 1e-40


@pytest.mark.parametrize("seed", range(5))
def test_measures_agree_with_mlxtend(seed):
    rng = np.random.default_rng(seed)
    names = [f"c{j}" for j in range(6)]
    baskets = pd.DataFrame(rng.random((80, 6)) < rng.uniform(0.1, 0.9, 6), columns=names)
    baskets.iloc[:, 5] |= baskets.iloc[:, 0] if seed % 2 else True  # confidence 1, and bought by everybody
    itemsets = fpgrowth(baskets, min_support=1e-9, use_colnames=True, max_len=2)
    with np.errstate(invalid="ignore"):  # its certainty divides by 0 for what everybody bought
        rules = association_rules(itemsets, metric="support", min_threshold=0)
    held = baskets.to_numpy().astype(int)
    counts, pairs = held.T @ held, {}
    for _, rule in rules.iterrows():
        (a,), (b,) = rule["antecedents"], rule["consequents"]
        pairs[names.index(a), names.index(b)] = rule
    rows, columns = np.array(list(pairs)).T
    found = measure_association(counts[rows, columns], counts[rows, rows], counts[columns, columns], 80)
    theirs = pd.DataFrame(pairs).T.rename(columns={"zhangs_metric": "zhang"})
    for measure in (
        "support", "confidence", "lift", "leverage", "conviction", "jaccard", "kulczynski", "zhang",
    ):  # fmt: skip
        expected = theirs[measure].to_numpy(dtype=float)
        defined = ~np.isnan(found[measure])
        np.testing.assert_allclose(found[measure][defined], expected[defined], rtol=1e-9, atol=1e-12)
        # Where a denominator is 0 mlxtend says infinity or 0 and we say nothing.
        stand_in = {"conviction": np.inf, "zhang": 0.0}.get(measure)
        assert (expected[~defined] == stand_in).all()
        assert measure in ("conviction", "zhang") or defined.all()
    assert len(rows) > 20


@given(
    n_both=st.integers(0, 30), more=st.tuples(*[st.integers(0, 30)] * 3), scale=st.sampled_from([1, 10**5])
)
def test_measures_are_symmetric_bounded_and_never_infinite(n_both, more, scale):
    only_row, only_column, neither = more
    n_row, n_column = n_both + only_row, n_both + only_column
    n_units = n_row + only_column + neither
    counts = [scale * count for count in (n_both, n_row, n_column, n_units)]
    found = {k: float(v) for k, v in measure_association(*counts).items()}
    mirrored = {
        k: float(v) for k, v in measure_association(counts[0], counts[2], counts[1], counts[3]).items()
    }
    for measure in ("support", "lift", "leverage", "jaccard", "cosine", "kulczynski", "phi", "odds_ratio"):
        assert found[measure] == pytest.approx(mirrored[measure], nan_ok=True)
    for measure in ("support", "confidence", "jaccard", "cosine", "kulczynski"):
        assert np.isnan(found[measure]) or 0 <= found[measure] <= 1 + 1e-12
    for measure in ("zhang", "phi"):
        assert np.isnan(found[measure]) or abs(found[measure]) <= 1 + 1e-12
    assert not np.isinf(list(found.values())).any()
    if n_row and n_column:
        between = sorted((1.0, found["lift"]))
        assert between[0] - 1e-12 <= found["shrunk_lift"] <= between[1] + 1e-12
    else:
        assert np.isnan(list(found.values())).all()


# 60 users: a+b by 20, c+d by 15 plus 5 who buy c alone, e+f by 10 plus 10 who buy e alone
BASKETS = ["ab"] * 20 + ["cd"] * 15 + ["c"] * 5 + ["ef"] * 10 + ["e"] * 10


def tiers(found):
    return {f"{p.row}{p.column}": p.tier for p in found.table.itertuples()}


def test_tiers_are_terciles_of_the_significant_pairs(make_shop, year):
    rule = TierRule(min_both=5)
    found = associate(make_shop(BASKETS), year, list("abcdef"), list("abcdef"), unit="user", rule=rule)
    # lifts: ab 20·60/(20·20) = 3, cd 15·60/(20·15) = 3, ef 10·60/(20·10) = 3
    assert found.cuts == pytest.approx((3, 3))
    assert tiers(found)["ab"] == "high"
    assert tiers(found)["ac"] == "low"
    uneven = [*BASKETS, *["af"] * 10, *["g"] * 30, *["dg"] * 5]
    found = associate(make_shop(uneven), year, list("abcdef"), list("abcdef"), unit="user", rule=rule)
    lift = found.table.query("q_value < .05 and row < column")["lift"]
    assert len(lift) == 3
    assert found.cuts == pytest.approx(tuple(np.quantile(lift, [1 / 3, 2 / 3])))
    assert sorted(tiers(found)[pair] for pair in ("ab", "cd", "ef")) == ["high", "low", "mid"]
    assert all(tiers(found)[pair] == tiers(found)[pair[::-1]] for pair in ("ab", "cd", "ef"))
    assert "三分位" in found.definition.zh


def test_fixed_cuts_are_used_as_given(make_shop, year):
    shop = make_shop(BASKETS)
    for cuts, tier in [((1.0, 2.9), "high"), ((2.9, 3.1), "mid"), ((3.1, 4.0), "low")]:
        rule = TierRule(cuts=cuts, min_both=5)
        found = associate(shop, year, ["a"], ["b", "c"], unit="user", rule=rule)
        assert found.cuts == cuts
        assert tiers(found) == {"ab": tier, "ac": "low"}
    assert "≥ 4.00 为高、≥ 3.10 为中" in found.definition.zh
    assert "of at least 4.00 is high, of at least 3.10 mid" in found.definition.en


def test_rare_pairs_and_chance_are_low(make_shop, year):
    shop = make_shop(BASKETS)
    rare = associate(shop, year, ["a"], ["b"], unit="user", rule=TierRule(cuts=(1, 2), min_both=21))
    assert tiers(rare) == {"ab": "low"}
    chance = associate(
        make_shop(["ab", "a", "b", ""]), year, ["a"], ["b"], unit="user", rule=TierRule(min_both=1)
    )
    assert (tiers(chance), chance.cuts) == ({"ab": "low"}, None)
    assert "均为低" in chance.definition.zh


def test_a_pair_and_its_mirror_are_one_test(make_shop, year):
    shop = make_shop([*BASKETS, "ac", "ac", "bd"])
    square = associate(shop, year, list("abcd"), list("abcd"), unit="user").table
    half = square[square["row"] < square["column"]]
    expected = stats.false_discovery_control(half["p_value"])
    np.testing.assert_allclose(half["q_value"], expected)
    mirrored = square.set_index(["row", "column"])["q_value"]
    assert mirrored["a", "b"] == mirrored["b", "a"]


def test_a_category_alone_makes_an_empty_table(six_users, year):
    found = associate(six_users, year, ["门锁"], ["门锁"], unit="user")
    assert found.table.empty
    assert found.table["tier"].cat.categories.tolist() == ["low", "mid", "high"]


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"cuts": (2.0, 1.0)}, "least lift of mid, then of high"),
        ({"cuts": (0.0, 1.0)}, "above 0"),
        ({"cuts": (nan, 1.0)}, "above 0"),
        ({"max_q": 0.0}, "max_q"),
        ({"min_both": 0}, "min_both"),
    ],
    ids=str,
)
def test_rules_out_of_range_are_refused(choices, problem):
    with pytest.raises(ConfigError, match=problem):
        TierRule(**choices)


def test_the_unit_must_be_known(six_users, year):
    with pytest.raises(ConfigError, match="expected one of user, order"):
        associate(six_users, year, ["门锁"], ["空调"], unit="basket")


def test_the_sentence_states_population_and_test(six_users, year):
    zh, en = associate(six_users, year, ["门锁"], ["空调"], unit="order").definition
    assert "总体为有品类购买的订单 10" in zh
    assert "单侧 Fisher 精确检验" in zh
    assert "两项 q 均 < 0.05 且共同购买 ≥ 20" in zh
    assert "population: 10 orders with a purchase of a known category" in en
    assert "视订单彼此独立" in zh
    assert "take orders for independent" in en
    assert "独立" not in associate(six_users, year, ["门锁"], ["空调"], unit="user").definition.zh
