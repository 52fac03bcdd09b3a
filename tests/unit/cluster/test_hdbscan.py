import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from personas.cluster import AdditiveClusterer, HDBSCANClusterer
from personas.errors import ConfigError, DataError


def make_blobs(n_rows, seed=0):
    random = np.random.default_rng(seed)
    group = random.choice(3, size=n_rows, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame(random.normal(size=(n_rows, 3)) + 12.0 * np.eye(3)[group], columns=list("abc"))
    frame["city"] = np.array(["x", "y", "z"])[group]
    return frame, group


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


def test_one_row_is_refused():
    with pytest.raises(DataError, match="n_samples=1"):
        HDBSCANClusterer().fit(pd.DataFrame({"a": [1.0]}))


@pytest.mark.parametrize("name", ["min_cluster_size", "min_samples", "n_neighbors", "n_components"])
def test_a_wrong_parameter_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        HDBSCANClusterer(**{name: 0}).fit(pd.DataFrame({"a": [1.0, 2.0]}))
