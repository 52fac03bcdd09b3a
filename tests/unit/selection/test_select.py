"""The rule that picks a solution."""

from dataclasses import replace

import numpy as np
import pytest

from personas.schema import Text
from personas.selection.base import Candidate
from personas.selection.quality import Measure
from personas.selection.select import Draws, choose, is_stable, with_skill

STABLE, SHAKY = (0.9, 0.8), (0.9, 0.7)


def candidate(n_personas, taste=None, jaccards=STABLE, *, clusterer="latent_class", **given):
    bic, smallest_share, reach = given.get("bic"), given.get("smallest_share", 0.2), given.get("reach")

    def measure(value):
        return None if value is None else Measure(value, value, value, 0.0)

    return Candidate(
        n_personas,
        None,
        bic,
        0.8,
        smallest_share,
        chosen=False,
        reason=Text("", ""),
        clusterer=clusterer,
        reach=measure(reach),
        taste=measure(taste),
        jaccards=jaccards,
    )


def picked(*candidates, draws=None, as_asked=False):
    rows = choose(candidates, min_share=0.03, draws=draws, as_asked=as_asked)
    assert [row.n_personas for row in rows] == [c.n_personas for c in candidates]
    assert all(row.reason.zh and row.reason.en for row in rows)
    (chosen,) = [row for row in rows if row.chosen]
    return chosen


def test_skill_is_the_mean_of_both_measures_as_shares_of_the_best():
    rows, _ = with_skill([candidate(2, 0.2, reach=0.1), candidate(3, 0.4, reach=0.05)])
    assert [row.skill for row in rows] == pytest.approx([0.75, 0.75])


def test_a_measure_that_is_nowhere_positive_is_left_out():
    rows, _ = with_skill([candidate(2, -0.1, reach=0.1), candidate(3, -0.2, reach=0.05)])
    assert [row.skill for row in rows] == pytest.approx([1.0, 0.5])
    none, _ = with_skill([candidate(2), candidate(3)])
    assert [row.skill for row in none] == [None, None]


def test_the_most_skilful_of_the_stable_ones_is_picked():
    chosen = picked(candidate(2, 0.1), candidate(3, 0.3), candidate(4, 0.4, SHAKY))
    assert chosen.n_personas == 3
    assert "standard error" in chosen.reason.en


def test_within_one_standard_error_of_the_difference_fewer_personas_win():
    table = [candidate(3, 0.30), candidate(4, 0.31)]
    noise = np.tile([-0.02, 0.02], 50)
    together = [Draws(None, 0.30 + noise), Draws(None, 0.31 + noise)]
    apart = [Draws(None, 0.30 + noise), Draws(None, 0.31 - noise)]
    # The same users lift both: the difference is sure, however unsure each figure is.
    assert picked(*table, draws=together).n_personas == 4
    assert picked(*table, draws=apart).n_personas == 3


def test_too_small_a_persona_is_never_picked_while_another_solution_stands():
    chosen = picked(candidate(2, 0.1, SHAKY), candidate(3, 0.4, smallest_share=0.01))
    assert chosen.n_personas == 2


def test_when_none_is_stable_the_least_stable_persona_decides():
    chosen = picked(candidate(2, 0.4, (0.9, 0.3)), candidate(3, 0.1, (0.7, 0.6, 0.6)))
    assert chosen.n_personas == 3
    assert "no solution has only stable personas" in chosen.reason.en


def test_when_every_solution_is_too_small_it_says_so():
    chosen = picked(candidate(2, 0.1, smallest_share=0.02), candidate(3, 0.4, smallest_share=0.01))
    assert chosen.n_personas == 2
    assert "too small" in chosen.reason.en


def test_without_skill_bic_decides_and_without_bic_the_number():
    assert (
        picked(
            candidate(2, bic=30.0), candidate(3, bic=10.0), candidate(4, bic=5.0, jaccards=SHAKY)
        ).n_personas
        == 3
    )
    assert picked(candidate(2), candidate(3), candidate(4, jaccards=SHAKY)).n_personas == 3


def test_without_skill_bic_is_compared_within_one_clusterer_only():
    rows = choose(
        [
            candidate(2, bic=60.0, clusterer="latent_class"),
            candidate(3, bic=50.0, clusterer="latent_class"),
            candidate(8, clusterer="kmeans"),
            candidate(4, bic=-9.0, clusterer="gaussian_mixture"),
        ],
        min_share=0.03,
    )
    assert [c.chosen for c in rows] == [False, True, False, False]
    assert [c.reason.en for c in rows if not c.chosen] == [
        "higher BIC",
        "no BIC that can be compared",
        "no BIC that can be compared",
    ]


def test_what_did_not_decide_is_no_reason_either():
    rows = choose(
        [
            candidate(3, reach=0.2, taste=0.2, jaccards=SHAKY, clusterer="kmeans"),
            candidate(3, reach=0.1, taste=0.1, jaccards=SHAKY, clusterer="latent_class"),
        ],
        min_share=0.9,
        as_asked=True,
    )
    assert [c.reason.en for c in rows] == [
        "number given by the user; most skill of this number",
        "less skill",
    ]


def test_without_skill_the_others_are_told_why_by_bic_or_by_their_number():
    judged = choose([candidate(2, bic=30.0), candidate(3, bic=10.0)], min_share=0.03)
    assert [c.reason.en for c in judged if not c.chosen] == ["higher BIC"]
    counted = choose([candidate(2), candidate(3)], min_share=0.03)
    assert [c.reason.en for c in counted if not c.chosen] == ["fewer personas"]


def test_a_number_that_was_asked_for_needs_no_stability():
    other = replace(candidate(3, 0.2), clusterer="foresight")
    chosen = picked(candidate(3, 0.4, SHAKY, smallest_share=0.01), other, as_asked=True)
    assert chosen.clusterer == "latent_class"
    assert "given by the user" in chosen.reason.en
    assert "given by the user" in picked(candidate(3, 0.4, SHAKY), as_asked=True).reason.en


def test_a_single_solution_is_the_only_one():
    assert "only solution" in picked(candidate(2, 0.4, SHAKY)).reason.en


def test_stable_is_every_persona_at_three_quarters():
    assert is_stable(candidate(2, jaccards=(0.75, 0.9)))
    assert not is_stable(candidate(2, jaccards=(0.749, 0.99)))
    assert not is_stable(candidate(2, jaccards=()))


def test_every_row_says_in_both_languages_why_it_was_not_picked():
    rows = choose(
        [
            candidate(2, 0.1),
            candidate(3, 0.4),
            candidate(4, 0.4),
            candidate(5, 0.5, SHAKY),
            candidate(6, 0.5, smallest_share=0.01),
        ],
        min_share=0.03,
    )
    assert [row.chosen for row in rows] == [False, True, False, False, False]
    assert [row.reason for row in rows if not row.chosen] == [
        Text("行为预判力较低", "less skill"),
        Text("预判力相当，但人群更多", "no more skill than its error, with more personas"),
        Text("有人群的稳定性低于 0.75", "a persona is less stable than 0.75 (Jaccard)"),
        Text("最小人群低于 3%", "smallest persona below 3%"),
    ]


def test_of_equal_numbers_and_equal_skill_within_the_error_the_more_skilful_is_picked():
    noise = np.tile([-0.02, 0.02], 50)
    rows = [candidate(3, 0.30), replace(candidate(3, 0.31), clusterer="foresight")]
    assert picked(*rows, draws=[Draws(None, 0.3 + noise), Draws(None, 0.31 - noise)]).clusterer == "foresight"


def test_the_error_of_a_skill_is_that_of_its_draws():
    draws = [Draws(np.array([0.1, 0.3]), np.array([0.2, 0.2])), Draws(None, None)]
    (first, second), skills = with_skill([candidate(2, 0.2, reach=0.2), candidate(3, 0.4)], draws)
    # Reach over its best 0.2 is 0.5 and 1.5, taste over 0.4 is 0.5 both times: means 0.5 and 1, sd 0.25.
    assert skills[0] == pytest.approx([0.5, 1.0])
    assert first.skill_error == pytest.approx(0.25)
    assert np.isnan(skills[1]).all()
    assert second.skill == pytest.approx(1.0)
    assert second.skill_error is None
