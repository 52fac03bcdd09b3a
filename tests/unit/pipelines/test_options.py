"""What is typed at the command line is read, or refused with what was expected."""

import click
import pytest

from pipelines.cli import cli
from pipelines.options import ModelReference, NotBlank

UNSET = [
    ["models", "promote", ""],
    ["models", "promote", "shop/"],
    ["models", "promote", "  "],
    ["models", "show", ""],
    ["models", "compare", "shop/", "20251201T020000Z-1a2b3c4d"],
    ["models", "compare", "20251201T020000Z-1a2b3c4d", ""],
    ["models", "name", "P01", " "],
    ["models", "name", "", "Coffee lovers"],
    ["models", "name", "P01", "咖啡", "--en", ""],
    ["models", "rollback", ""],
    ["report", ""],
    ["score", "shop.yaml", "--as-of", "2025-12-01", "--model", ""],
    ["monitor", "shop.yaml", "--as-of", "2025-12-01", "--model", "shop/"],
]
"""Commands of scripts whose variable was not set: what is left of them would mean another model, or no name."""


@pytest.mark.parametrize("words", UNSET, ids=" ".join)
def test_a_variable_that_was_not_set_never_means_another_model(words):
    with pytest.raises(click.BadParameter, match="expected"):
        cli.main(words, standalone_mode=False)


def test_what_says_something_is_taken_without_blanks_around_it():
    assert NotBlank().convert(" 咖啡 爱好者 ", None, None) == "咖啡 爱好者"
    assert ModelReference().convert("shop/20251201T020000Z-1a2b3c4d ", None, None) == (
        "shop/20251201T020000Z-1a2b3c4d"
    )
