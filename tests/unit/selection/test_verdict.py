"""When personas beat tables without structure."""

import math

import pytest

from personas.errors import GateError
from personas.schema import Text
from personas.selection.base import MEASURES, NULLS, Verdict
from personas.selection.verdict import (
    check_structure,
    has_structure,
    rule_text,
    upper_limit,
    upper_limit_of_agreement,
    verdict_text,
)


def verdicts(shuffled=(), permuted=(), measures=MEASURES, nulls=NULLS):
    """Every measure against every null; those that are named beat it."""
    beaten = {"purchases_shuffled": shuffled, "columns_permuted": permuted}
    return [Verdict(m, null, 0.6 if m in beaten[null] else 0.4, 0.3, 0.5) for null in nulls for m in measures]


def test_the_limit_by_hand():
    # mean 2, sd 1, n 3: t(0.995, 2) = 9.924843, sqrt(1 + 1/3) = 1.154701
    assert upper_limit([1.0, 2.0, 3.0]) == pytest.approx(2 + 9.924843 * 1.154701, abs=1e-5)
    assert upper_limit([0.25, 0.25]) == 0.25


def test_more_null_tables_of_the_same_spread_bring_the_limit_down():
    assert upper_limit([0.0, 0.2] * 8) < upper_limit([0.0, 0.2] * 2) < upper_limit([0.0, 0.2])


def test_the_limit_of_an_agreement_by_hand():
    # z = 0 and 0.549306 (tanh of it is 0.5): t(0.995, 1) = 63.656741
    z = 0.549306
    limit = upper_limit_of_agreement([0.0, 0.5])
    assert limit == 1.0  # two tables say too little to refuse any agreement
    values = [0.0, 0.5] * 8
    sd = z / 2 * math.sqrt(16 / 15)
    expected = math.tanh(z / 2 + 2.946713 * sd * math.sqrt(17 / 16))
    assert upper_limit_of_agreement(values) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("agreement", [1.0, 0.9999, 0.999])
def test_nothing_beats_null_tables_that_agree_perfectly(agreement):
    limit = upper_limit_of_agreement([agreement] * 6)
    assert not Verdict("stability", "columns_permuted", 1.0, agreement, limit).beats_null


def test_a_value_on_the_limit_does_not_beat_it():
    assert not Verdict("taste", "columns_permuted", 0.5, 0.3, 0.5).beats_null
    assert Verdict("taste", "columns_permuted", 0.5001, 0.3, 0.5).beats_null


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (verdicts(shuffled=("taste",)), True),
        (verdicts(shuffled=("stability",)), True),
        (verdicts(shuffled=("reach",), permuted=MEASURES), False),
        (verdicts(permuted=MEASURES), False),
        (verdicts(), False),
        (verdicts(permuted=("taste",), nulls=("columns_permuted",)), True),
        (verdicts(permuted=("reach",), nulls=("columns_permuted",)), False),
        (verdicts(permuted=("reach",), nulls=("columns_permuted",), measures=("reach", "stability")), True),
        (verdicts(nulls=("columns_permuted",), measures=("stability",)), False),
    ],
)
def test_taste_or_stability_must_beat_the_strictest_null(found, expected):
    assert has_structure(found) is expected


def test_the_words_tell_personas_from_tiers_of_activity_and_from_nothing():
    texts = [
        verdict_text(found)
        for found in (
            verdicts(shuffled=("taste",), permuted=MEASURES),
            verdicts(permuted=("reach", "taste")),
            verdicts(),
        )
    ]
    assert "carry personas" in texts[0].en
    assert "activity tiers but no personas" in texts[1].en
    assert "no structure at all" in texts[2].en
    assert len({text.zh for text in texts}) == 3


def test_the_rule_names_the_measure_that_decided_and_those_that_do_not_count():
    found = rule_text(verdicts(shuffled=("taste",)))

    assert (
        "taste 0.600 (limit 0.500), above the most that tables with only what is bought shuffled" in found.en
    )
    assert "stability (ARI) 0.400" not in found.en
    assert found.en.endswith("one of taste and stability (ARI) above that is enough, reach is not")
    assert "偏好预判力 0.600（上限 0.500），高于只打乱买什么的数据" in found.zh


def test_the_rule_says_when_nothing_decided_and_when_reach_stands_in():
    refused = rule_text(verdicts(shuffled=("reach",))).en
    assert "taste 0.400 (limit 0.500), stability (ARI) 0.400 (limit 0.500), nothing above" in refused
    narrow = rule_text(
        verdicts(permuted=("reach",), nulls=("columns_permuted",), measures=("reach", "stability"))
    ).en
    assert "reach 60.0% (limit 50.0%), above the most that tables with every column shuffled" in narrow
    assert "reach is not" not in narrow
    assert rule_text([]) == Text("", "")


def test_the_gate_says_what_was_found_what_was_expected_and_what_to_do():
    with pytest.raises(GateError) as refused:
        check_structure(verdicts(permuted=MEASURES))
    message = str(refused.value)
    assert "activity tiers but no personas" in message
    assert "taste 0.400, without structure up to 0.500" in message
    assert "stability 0.400, without structure up to 0.500" in message
    assert "0.600" not in message  # figures of the null that doesn't decide
    assert "longer lookback" in message
    assert "--force" in message


def test_the_gate_lets_structure_through_and_what_was_not_measured():
    check_structure(verdicts(shuffled=("taste",)))
    check_structure([])
