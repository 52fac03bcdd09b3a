import inspect

import pytest

from personas import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_has_the_exit_code_of_its_branch(name):
    kind = getattr(errors, name)
    expected = {errors.UserError: 2, errors.GateError: 1}
    branch = next((code for base, code in expected.items() if issubclass(kind, base)), 3)
    assert kind.exit_code == branch
    assert issubclass(kind, errors.PersonasError)
    assert kind.__doc__


def test_everything_in_the_module_is_offered():
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert classes == set(errors.__all__)


def test_builtins_stand_behind_what_callers_expect_to_catch():
    assert issubclass(errors.DataError, ValueError)
    assert issubclass(errors.NotFoundError, LookupError)
    # str() of a KeyError is its repr; ours says the plain message.
    assert str(errors.NotFoundError("no model here")) == "no model here"
