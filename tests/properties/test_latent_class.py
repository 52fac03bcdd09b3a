"""What holds for every latent class fit, whatever the data."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personas.cluster import LatentClass

KINDS = {"number": "numeric", "rank": "ordinal", "colour": "nominal", "flag": "binary", "count": "count"}


@st.composite
def frames(draw):
    """Return a frame of all kinds, missing values included, with at least three distinct rows."""
    n_rows = draw(st.integers(6, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = pd.DataFrame(
        {
            "number": random.normal(size=n_rows) * draw(st.sampled_from([1e-3, 1.0, 1e5])),
            "rank": random.integers(0, draw(st.integers(1, 5)), size=n_rows),
            "colour": random.choice(list("abcd"), size=n_rows),
            "flag": random.integers(0, 2, size=n_rows),
            "count": random.poisson(draw(st.sampled_from([0.1, 3.0, 200.0])), size=n_rows),
        }
    )
    missing = draw(arrays(bool, frame.shape, elements=st.booleans()))
    missing[:3] = False  # something is known of every column
    return frame.mask(missing & (random.random(frame.shape) < 0.5))


@settings(max_examples=40, deadline=None)
@given(frame=frames(), n_components=st.integers(1, 3), seed=st.integers(0, 9))
def test_likelihood_never_falls(frame, n_components, seed):
    model = LatentClass(n_components, kinds=KINDS, n_init=1, random_state=seed, max_iter=60).fit(frame)
    path = model.log_likelihoods_
    assert np.isfinite(path).all()
    assert (np.diff(path) >= -1e-7 * np.abs(path[1:]).clip(1)).all()


@settings(max_examples=25, deadline=None)
@given(frame=frames(), seed=st.integers(0, 9))
def test_row_order_and_repetition_do_not_matter(frame, seed):
    random = np.random.default_rng(seed)
    order = random.permutation(len(frame))
    repeats = random.integers(1, 4, size=len(frame))
    make = LatentClass(2, kinds=KINDS, n_init=1, random_state=seed, max_iter=30)
    plain = make.fit(frame, sample_weight=repeats)
    expected, labels = plain.log_likelihood_, plain.predict(frame)
    twice = frame.iloc[np.repeat(order, repeats[order])]
    assert np.isclose(make.fit(twice).log_likelihood_, expected, rtol=1e-9)
    np.testing.assert_array_equal(make.predict(frame), labels)
