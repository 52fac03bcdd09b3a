import os
import subprocess
import sys
from dataclasses import fields

import numpy as np

from personas.scorecard import BinTerm, PolynomialTerm, Scorecard, Scores, TableTerm, evaluate
from personas.scorecard.kernel import pack, score
from personas.scorecard.reference import evaluate as evaluate_reference


def make_case(n_users=3000, n_personas=5, seed=0):
    rng = np.random.default_rng(seed)
    terms, columns = [], {}
    for name, transform, lower, upper in [
        ("a", "identity", -1.0, 2.0),
        ("b", "log1p", -np.inf, 1.5),
        ("c", "sqrt", -np.inf, np.inf),
    ]:
        terms.append(
            PolynomialTerm(
                name, transform, lower, upper, 0.3, 1.7, rng.normal(size=(n_personas, 3)),
                rng.normal(size=n_personas), rng.normal(size=3), 0.1, -1.2, 0.8,
            )
        )  # fmt: skip
        values = 3 * rng.normal(size=n_users)
        values[rng.random(n_users) < 0.2] = np.nan
        values[:3] = [np.inf, -np.inf, 1e300]
        columns[name] = values
    terms.insert(
        1,
        TableTerm("d", ("x", "y", "z"), rng.normal(size=(n_personas, 3)), rng.normal(size=n_personas),
                  rng.normal(size=3), 0.2, -0.9, 0.4),
    )  # fmt: skip
    columns["d"] = np.array(["x", "y", "z", "unseen", None], dtype=object)[rng.integers(0, 5, n_users)]
    terms.append(
        BinTerm("e", np.array([-1.0, 0.0, 2.0]), rng.normal(size=(n_personas, 4)),
                rng.normal(size=n_personas), rng.normal(size=4), 0.2, -0.9, 0.4)
    )  # fmt: skip
    columns["e"] = columns["c"]
    return Scorecard(rng.normal(size=n_personas), tuple(terms)), columns


def assert_close(found, expected):
    for field in fields(Scores):
        here, there = getattr(found, field.name), getattr(expected, field.name)
        assert here.dtype == there.dtype, field.name
        if here.dtype == np.int32:
            assert np.array_equal(here, there), field.name
        else:
            assert np.allclose(here, there, rtol=1e-12, atol=1e-12), field.name


def test_the_kernel_gives_the_answers_of_the_reference():
    scorecard, columns = make_case()
    assert_close(evaluate(scorecard, columns), evaluate_reference(scorecard, columns))


def test_impossible_levels_give_the_answers_of_the_reference():
    impossible = np.array([[0.0, -np.inf], [-np.inf, -np.inf], [0.0, -np.inf]])
    term = TableTerm("d", ("x", "y"), impossible, np.zeros(3), np.array([0.0, -np.inf]), 0.0, -1.0, 0.5)
    scorecard, columns = Scorecard(np.zeros(3), (term,)), {"d": ["x", "y", None]}
    assert_close(evaluate(scorecard, columns), evaluate_reference(scorecard, columns))


def test_one_persona_gives_the_answers_of_the_reference():
    scorecard, columns = make_case(n_users=50, n_personas=1)
    assert_close(evaluate(scorecard, columns), evaluate_reference(scorecard, columns))


def test_no_user_gives_no_answer():
    scorecard, _ = make_case()
    assert score(pack(scorecard), np.empty((4, 0)), np.empty((1, 0), dtype=np.int32)).label.shape == (0,)


def test_a_read_only_install_without_a_cache_folder_still_scores(tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    code = (
        "import numba.core.caching as caching\n"
        "class Nowhere:\n"
        "    @classmethod\n"
        "    def from_function(cls, *args): return None\n"
        "caching.CacheImpl._locator_classes = [Nowhere]\n"
        "import numpy as np\n"
        "from personas.scorecard import Scorecard, TableTerm, evaluate\n"
        "term = TableTerm('d', ('x',), np.ones((2, 1)), np.zeros(2), np.zeros(1))\n"
        "print(evaluate(Scorecard(np.zeros(2), (term,)), {'d': ['x']}).label)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(nowhere)},
    )
    assert done.stdout.strip() == "[0]", done.stderr


def test_importing_the_room_does_not_import_numba():
    code = "import sys, personas.scorecard; print('numba' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
