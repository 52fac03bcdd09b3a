"""Published latent class solutions are reproduced.

The log likelihoods are those of the help pages of poLCA 1.6 (Linzer and Lewis 2011, Journal of Statistical
Software 42(10)), which replicate the books; the tables are its data sets as patterns and frequencies.
"""

import pandas as pd
import pytest

from personas.cluster import LatentClass

# Seven pathologists judge 118 slides, 1 = carcinoma. Agresti (2002), Categorical Data Analysis, 2nd ed., table 13.1.
CARCINOMA = {
    "0000000": 34, "0000100": 2, "0100000": 6, "0100001": 1, "0100100": 4, "0100101": 5, "1000000": 2,
    "1010101": 1, "1100000": 2, "1100001": 1, "1100100": 2, "1100101": 7, "1100111": 1, "1101001": 1,
    "1101101": 2, "1101111": 3, "1110101": 13, "1110111": 5, "1111101": 10, "1111111": 16,
}  # fmt: skip

# 319 students, 1 = yes: lied about an exam, lied about a paper, fraud, copied in an exam.
# Dayton (1998), Latent Class Scaling Analysis, table 3.4.
CHEATING = {
    "0000": 207, "0001": 46, "0010": 7, "0011": 5, "0100": 13, "0101": 4, "0110": 1, "0111": 2,
    "1000": 10, "1001": 3, "1010": 1, "1011": 2, "1100": 11, "1101": 4, "1110": 1, "1111": 2,
}  # fmt: skip

# 216 respondents in four situations of role conflict, 1 = universalistic.
# Stouffer and Toby (1951); Goodman (1974), Biometrika 61, table 1.
VALUES = {
    "1111": 42, "1110": 23, "1101": 6, "1100": 25, "1011": 6, "1010": 24, "1001": 7, "1000": 38,
    "0111": 1, "0110": 4, "0101": 1, "0100": 6, "0011": 2, "0010": 9, "0001": 2, "0000": 20,
}  # fmt: skip


def unfold(table):
    rows = [[float(answer) for answer in pattern] for pattern in table]
    frame = pd.DataFrame(rows, columns=[f"item_{j}" for j in range(len(rows[0]))])
    return frame, list(table.values())


@pytest.mark.parametrize(("table", "n_rows"), [(CARCINOMA, 118), (CHEATING, 319), (VALUES, 216)])
def test_the_tables_hold_every_answer(table, n_rows):
    assert sum(table.values()) == n_rows


@pytest.mark.parametrize(
    ("table", "n_classes", "log_likelihood", "n_parameters"),
    [
        (CARCINOMA, 2, -317.2568, 15),
        (CARCINOMA, 3, -293.705, 23),
        (CARCINOMA, 4, -289.2858, 31),
        (CHEATING, 2, -440.0271, 9),
        (VALUES, 1, -543.6498, 4),
        (VALUES, 2, -504.4677, 9),
        (VALUES, 3, -503.3011, 14),
    ],
)
def test_the_published_maximum_is_found(table, n_classes, log_likelihood, n_parameters):
    items, counts = unfold(table)
    kinds = dict.fromkeys(items, "binary")
    model = LatentClass(n_classes, kinds=kinds, max_iter=5000, random_state=0)
    model.fit(items, sample_weight=counts)
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=0.002)
    assert model.n_parameters_ == n_parameters


def test_nominal_items_give_the_same_answer_as_binary_ones():
    items, counts = unfold(CARCINOMA)
    model = LatentClass(3, random_state=0).fit(items.astype(str), sample_weight=counts)
    assert model.log_likelihood_ == pytest.approx(-293.705, abs=0.002)
