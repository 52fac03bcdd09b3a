import numpy as np

from personas.cluster.rows import collapse_rows, sort_rows


def test_equal_rows_collapse_whatever_their_order():
    values = np.array([[1.0, np.nan], [0.0, 2.0], [1.0, np.nan], [0.0, np.nan]])
    rows, weight, place = collapse_rows(values, np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(rows[place], values)
    np.testing.assert_array_equal(rows, [[0, 2], [0, np.nan], [1, np.nan]])
    assert weight.tolist() == [2.0, 4.0, 4.0]


def test_rows_sort_by_their_columns_and_equal_ones_keep_their_order():
    values = np.array([[1.0, np.nan], [0.0, 2.0], [1.0, 0.0], [0.0, 2.0], [np.nan, 0.0]])
    assert sort_rows(values).tolist() == [1, 3, 2, 0, 4]
