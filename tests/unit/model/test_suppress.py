import numpy as np

from personas.model.suppress import protect_counts


def test_nothing_is_suppressed_when_all_cells_are_large():
    counts = np.array([[50, 60], [70, 80], [0, 0]])

    safe, suppressed = protect_counts(counts, 20)

    np.testing.assert_array_equal(safe, counts)
    assert not suppressed.any()


def test_empty_cells_are_shown():
    _, suppressed = protect_counts(np.array([[50, 0], [70, 80], [0, 0]]), 20)

    assert not suppressed.any()


def test_a_small_cell_takes_the_cheapest_rectangle_with_it():
    counts = np.array([[500, 7, 60], [400, 90, 80], [300, 95, 30], [0, 0, 0]])

    _, suppressed = protect_counts(counts, 20)

    np.testing.assert_array_equal(
        suppressed, [[False, True, True], [False, False, False], [False, True, True], [False] * 3]
    )


def test_users_of_no_persona_hide_a_cell_for_nothing():
    counts = np.array([[500, 7, 60], [400, 90, 80], [30, 40, 50]])

    _, suppressed = protect_counts(counts, 20)

    assert suppressed.tolist() == [[False, True, True], [False] * 3, [False] * 3]


def test_a_few_exceptions_in_a_clear_cut_persona_are_counted_with_the_rest():
    counts = np.array([[10, 990], [600, 400], [0, 0]])

    safe, suppressed = protect_counts(counts, 20)

    assert safe[0].tolist() == [0, 1000]
    assert not suppressed.any()


def test_exceptions_that_weigh_more_than_five_percent_are_suppressed_instead():
    counts = np.array([[10, 90], [600, 400], [0, 0]])

    safe, suppressed = protect_counts(counts, 20)

    np.testing.assert_array_equal(safe, counts)
    assert suppressed[:2].all()


def test_a_level_of_one_persona_alone_hides_that_the_others_lack_it():
    _, suppressed = protect_counts(np.array([[9, 300, 100], [0, 300, 100], [0, 0, 0]]), 20)

    assert suppressed.tolist() == [[True, False, True], [True, False, True], [False] * 3]


def test_a_single_persona_hides_a_companion():
    _, suppressed = protect_counts(np.array([[9, 300, 100], [0, 0, 0]]), 20)

    assert suppressed.tolist() == [[True, False, True], [False] * 3]
