import numpy as np
import pandas as pd
import pytest

MIXED_KINDS = {
    "age": "numeric",
    "spend": "numeric",
    "level": "ordinal",
    "city": "nominal",
    "member": "binary",
    "orders": "count",
}


def make_mixed(n_users, seed=0, missing=0.1):
    """Return three planted groups of users in the dtypes of a feature frame, and the groups."""
    random = np.random.default_rng(seed)
    group = random.choice(3, size=n_users, p=[0.5, 0.3, 0.2])
    cities, levels = np.array(["east", "north", "south", "west"]), ["bronze", "silver", "gold", "platinum"]
    shares = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.4, 0.4]])
    tilt = np.exp(np.outer([-1.0, 0.0, 1.0], np.arange(4)))
    tilt /= tilt.sum(axis=1, keepdims=True)
    draw = [random.random((n_users, 1)) for _ in range(2)]
    frame = pd.DataFrame(
        {
            "age": random.normal(np.array([25.0, 40.0, 60.0])[group], 4.0),
            "spend": random.normal(np.array([100.0, 400.0, 250.0])[group], 60.0),
            "level": pd.Categorical.from_codes(
                (tilt.cumsum(axis=1)[group] < draw[0]).sum(axis=1), categories=levels, ordered=True
            ),
            "city": pd.Categorical(cities[(shares.cumsum(axis=1)[group] < draw[1]).sum(axis=1)]),
            "member": (random.random(n_users) < np.array([0.1, 0.5, 0.9])[group]).astype(float),
            "orders": random.poisson(np.array([1.0, 4.0, 9.0])[group]).astype(float),
        }
    )
    return frame.mask(random.random(frame.shape) < missing), group


@pytest.fixture
def mixed():
    return make_mixed(600)[0]


@pytest.fixture
def planted():
    """The rows of ``mixed`` without missing values, and their groups."""
    return make_mixed(600, missing=0.0)


@pytest.fixture
def mixed_kinds():
    return dict(MIXED_KINDS)


@pytest.fixture
def new_users():
    """Users with missing values, an unseen city and an unseen level, and numbers beyond the training rows."""
    frame = make_mixed(200, seed=9, missing=0.3)[0]
    frame["city"] = pd.Categorical(
        np.where(np.arange(200) % 7 == 0, "moon", frame["city"].astype(object)),
        categories=["east", "moon", "north", "south", "west"],
    )
    frame["level"] = pd.Categorical(
        np.where(np.arange(200) % 11 == 0, "diamond", frame["level"].astype(object)),
        categories=["bronze", "silver", "gold", "platinum", "diamond"],
        ordered=True,
    )
    frame.loc[:3, "age"] = [1e6, -1e6, 5000.0, 0.0]
    frame.loc[4:5, "orders"] = [400.0, 90.0]
    frame.iloc[6] = np.nan
    return frame
