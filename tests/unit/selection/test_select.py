"""The rule that picks the number of personas."""

from personas.schema import Text
from personas.selection.base import Candidate
from personas.selection.select import choose


def _candidate(n_personas, bic, stability, smallest_share=0.2):
    return Candidate(n_personas, None, bic, stability, smallest_share, chosen=False, reason=Text("", ""))


def _picked(*candidates):
    rows = choose(candidates, min_share=0.03)
    assert [row.n_personas for row in rows] == [c.n_personas for c in candidates]
    assert all(row.reason.zh and row.reason.en for row in rows)
    (chosen,) = [row for row in rows if row.chosen]
    return chosen.n_personas


def test_lowest_bic_of_the_stable_ones_is_picked():
    assert _picked(_candidate(2, 30.0, 0.9), _candidate(3, 10.0, 0.8), _candidate(4, 5.0, 0.5)) == 3


def test_too_small_a_persona_is_never_picked_while_another_solution_stands():
    assert _picked(_candidate(2, 30.0, 0.5), _candidate(3, 10.0, None, smallest_share=0.01)) == 2


def test_without_a_bic_the_largest_stable_number_is_picked():
    assert _picked(_candidate(2, None, 0.9), _candidate(3, None, 0.8), _candidate(4, None, 0.6)) == 3


def test_the_most_stable_one_is_picked_when_none_is_stable():
    assert _picked(_candidate(2, 30.0, 0.5), _candidate(3, 10.0, 0.6), _candidate(4, 5.0, 0.4)) == 3


def test_fewer_personas_win_a_tie():
    assert _picked(_candidate(2, None, 0.5), _candidate(3, None, 0.5)) == 2


def test_when_every_solution_is_too_small_it_says_so():
    rows = choose(
        [_candidate(2, 30.0, 0.9, smallest_share=0.02), _candidate(3, 10.0, 0.9, smallest_share=0.01)],
        min_share=0.03,
    )
    assert [row.chosen for row in rows] == [True, False]
    assert "too small" in rows[0].reason.en
