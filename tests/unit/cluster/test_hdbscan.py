import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from personas.cluster import AdditiveClusterer, HDBSCANClusterer
from personas.cluster.hdbscan import _cover
from personas.errors import ConfigError, DataError


def make_blobs(n_rows, seed=0):
    random = np.random.default_rng(seed)
    group = random.choice(3, size=n_rows, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame(random.normal(size=(n_rows, 3)) + 12.0 * np.eye(3)[group], columns=list("abc"))
    frame["city"] = np.array(["x", "y", "z"])[group]
    return frame, group


def make_noisy(n_rows, seed=0):
    """Return three groups among strangers, who are a third of the rows, and the groups (3 = strangers)."""
    frame, group = make_blobs(n_rows, seed)
    random = np.random.default_rng(seed + 1)
    stranger = random.random(n_rows) < 1 / 3
    frame.loc[stranger, ["a", "b", "c"]] = random.uniform(-30, 40, size=(stranger.sum(), 3))
    frame["city"] = "x"
    return frame, np.where(stranger, 3, group)


@pytest.mark.parametrize("n_rows", [150, 600])
def test_planted_groups_are_found_with_and_without_an_embedding(n_rows):
    frame, group = make_blobs(n_rows)
    model = HDBSCANClusterer(random_state=0).fit(frame)
    assert adjusted_rand_score(group[model.labels_ >= 0], model.labels_[model.labels_ >= 0]) > 0.98
    assert model.noise_share_ < 0.2


def test_row_order_does_not_matter_and_labels_are_sorted_by_size():
    frame, _ = make_blobs(600)
    order = np.random.default_rng(1).permutation(600)
    labels = HDBSCANClusterer(random_state=0).fit_predict(frame)
    np.testing.assert_array_equal(
        HDBSCANClusterer(random_state=0).fit_predict(frame.iloc[order]), labels[order]
    )
    sizes = np.bincount(labels[labels >= 0])
    assert (np.diff(sizes) <= 0).all()


def test_noise_is_minus_one_and_counted():
    frame, _ = make_blobs(150)
    strange = pd.DataFrame({"a": [90.0, -80.0], "b": [70.0, -90.0], "c": [-60.0, 80.0], "city": ["x", "y"]})
    model = HDBSCANClusterer(random_state=0).fit(pd.concat([frame, strange], ignore_index=True))
    assert model.labels_[-2:].tolist() == [-1, -1]
    assert model.noise_share_ == np.mean(model.labels_ == -1)


def test_fewer_rows_than_the_smallest_cluster_are_noise():
    model = HDBSCANClusterer(10).fit(pd.DataFrame({"a": [1.0, 2.0, 3.0]}))
    assert model.labels_.tolist() == [-1, -1, -1]
    assert model.noise_share_ == 1.0


def test_it_offers_no_scorecard_and_no_prediction():
    assert not isinstance(HDBSCANClusterer(), AdditiveClusterer)
    assert not hasattr(HDBSCANClusterer(), "predict")


@pytest.mark.parametrize("n_rows", [60, 600])
def test_planted_groups_are_found_in_factors_of_mixed_data(n_rows):
    frame, group = make_blobs(n_rows)
    model = HDBSCANClusterer(embedding="famd").fit(frame)
    clustered = model.labels_ >= 0
    assert adjusted_rand_score(group[clustered], model.labels_[clustered]) > 0.98
    assert model.noise_share_ < 0.2


def test_factors_of_mixed_data_need_no_seed():
    frame, _ = make_noisy(600)
    first, second = (HDBSCANClusterer(embedding="famd").fit_predict(frame) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("coverage", [0.8, 0.95, 1.0])
@pytest.mark.parametrize(("embedding", "n_rows"), [("umap", 301), ("famd", 301), ("umap", 601)])
def test_coverage_asked_for_is_coverage_given(embedding, n_rows, coverage):
    frame, _ = make_noisy(n_rows)
    found = HDBSCANClusterer(embedding=embedding, random_state=0).fit(frame)
    covered = HDBSCANClusterer(embedding=embedding, coverage=coverage, random_state=0).fit(frame)
    clustered = found.labels_ >= 0
    assert found.joined_share_ == 0
    wanted = max(round(coverage * n_rows), clustered.sum())
    assert (covered.labels_ >= 0).sum() == wanted
    np.testing.assert_array_equal(covered.labels_[clustered], found.labels_[clustered])
    assert covered.noise_share_ == pytest.approx(1 - wanted / n_rows)
    assert covered.joined_share_ == pytest.approx((wanted - clustered.sum()) / n_rows)


def test_the_noisy_rows_leave_noise_to_cover():
    frame, _ = make_noisy(301)
    assert HDBSCANClusterer(random_state=0).fit(frame).noise_share_ > 0.2
    assert HDBSCANClusterer(embedding="famd").fit(frame).noise_share_ > 0.2


# Positions on a line. The core of cluster 0 ends at 1, as the row at 2 is weak; that of cluster 1 starts at 10.
LINE = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 3.0, 6.0, 12.0, 30.0])
FOUND = np.array([0, 0, 0, 1, 1, -1, -1, -1, -1])
STRENGTH = np.array([1.0, 1.0, 0.2, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("coverage", "joined"),
    [
        (0.0, [-1, -1, -1, -1]),
        (0.5, [-1, -1, -1, -1]),  # 5 of 9 rows are in clusters already
        (0.66, [-1, -1, 1, -1]),  # 12: 1 from cluster 1, 11 from cluster 0
        (0.8, [0, -1, 1, -1]),  # 3: 2 from 0, 7 from 1
        (0.9, [0, -1, 1, 1]),  # 30: 19 from 1, 29 from 0
        (1.0, [0, 1, 1, 1]),  # 6: 4 from 1, 5 from 0
    ],
)
def test_the_most_certain_noise_joins_first(coverage, joined):
    covered = _cover(FOUND, STRENGTH, LINE[:, None], coverage)
    assert covered.tolist() == [*FOUND[:5], *joined]


def test_with_one_cluster_the_nearest_noise_joins_first():
    labels = np.where(FOUND == 1, -1, FOUND)
    covered = _cover(labels, STRENGTH, LINE[:, None], 5 / 9)
    assert covered.tolist() == [0, 0, 0, -1, -1, 0, 0, -1, -1]


def test_ties_join_in_row_order():
    points = np.array([[0.0], [10.0], [1.0], [9.0], [1.0]])
    covered = _cover(np.array([0, 1, -1, -1, -1]), np.ones(5), points, 0.8)
    assert covered.tolist() == [0, 1, 0, 1, -1]


def test_half_a_row_is_rounded_up():
    points = np.arange(100.0)[:, None]
    labels = np.where(points[:, 0] < 10, 0, -1)
    covered = _cover(labels, np.ones(100), points, 0.145)  # 0.145 * 100 is 14.499999999999998
    assert (covered >= 0).sum() == 15


@settings(max_examples=30, deadline=None)
@given(
    points=st.lists(st.integers(-5, 5), min_size=4, max_size=12),
    coverage=st.floats(0, 1),
    labels=st.data(),
)
def test_any_coverage_is_given_and_no_cluster_changes(points, coverage, labels):
    n_rows = len(points)
    noisy = labels.draw(st.lists(st.integers(-1, 2), min_size=n_rows - 3, max_size=n_rows - 3))
    found = np.array([0, 1, 2, *noisy])
    covered = _cover(found, np.ones(n_rows), np.array(points, dtype=float)[:, None], coverage)
    n_found, n_covered = (found >= 0).sum(), (covered >= 0).sum()
    assert n_covered == n_found or abs(n_covered - coverage * n_rows) <= 0.5 + 1e-9
    assert n_covered >= max(n_found, coverage * n_rows - 0.5 - 1e-9)
    np.testing.assert_array_equal(covered[found >= 0], found[found >= 0])


def test_covered_rows_mostly_join_the_group_they_come_from():
    random = np.random.default_rng(0)
    group = random.choice(3, size=600, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame(random.normal(size=(600, 3)) + 3.5 * np.eye(3)[group], columns=list("abc"))
    found = HDBSCANClusterer(embedding="famd").fit(frame)
    covered = HDBSCANClusterer(embedding="famd", coverage=1.0).fit(frame)
    joined = found.labels_ < 0
    assert joined.mean() > 0.2
    of_cluster = pd.Series(group[~joined]).groupby(found.labels_[~joined]).agg(lambda g: g.mode()[0])
    assert np.mean(of_cluster[covered.labels_[joined]].to_numpy() == group[joined]) > 0.9


def test_coverage_without_a_cluster_is_refused():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match="No cluster was found among 3 rows"):
        HDBSCANClusterer(10, coverage=0.5).fit(frame)
    assert HDBSCANClusterer(10, coverage=0.0).fit_predict(frame).tolist() == [-1, -1, -1]


def test_rows_that_are_all_alike_are_refused():
    for frame in (pd.DataFrame({"a": [1.0] * 20}), pd.DataFrame({"a": [1.0, np.nan] * 10})):
        with pytest.raises(DataError, match="All 20 rows are alike"):
            HDBSCANClusterer().fit(frame)


def test_one_row_is_refused():
    with pytest.raises(DataError, match="n_samples=1"):
        HDBSCANClusterer().fit(pd.DataFrame({"a": [1.0]}))


@pytest.mark.parametrize("name", ["min_cluster_size", "min_samples", "n_neighbors", "n_components"])
def test_a_wrong_parameter_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        HDBSCANClusterer(**{name: 0}).fit(pd.DataFrame({"a": [1.0, 2.0]}))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"embedding": "pca"}, "embedding is 'pca'; expected one of umap, famd"),
        ({"coverage": 95}, "coverage is 95; expected None or a share"),
        ({"coverage": float("nan")}, "coverage is nan"),
    ],
)
def test_a_wrong_choice_is_refused(parameters, message):
    with pytest.raises(ConfigError, match=message):
        HDBSCANClusterer(**parameters).fit(pd.DataFrame({"a": [1.0, 2.0]}))
