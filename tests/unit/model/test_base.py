from types import SimpleNamespace

import pytest

from personas.errors import ConfigError
from personas.model.base import PersonaModel, usable_names
from personas.schema import Text

KNOWN = {"P01": Text("甲", "one"), "P02": Text("乙", "two"), "P03": Text("丙", "three")}


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({"P01": Text("我的", "mine")}, ["P01"]),
        ({"P01": KNOWN["P01"]}, ["P01"]),
        ({"P01": KNOWN["P02"], "P02": KNOWN["P01"]}, ["P01", "P02"]),  # they change places
        ({"P01": Text("我的", "two")}, []),
        ({"P01": Text("two", "mine")}, []),
        ({"P01": Text("P02", "mine")}, []),
        ({"P01": Text("P01", "P01")}, ["P01"]),
        ({"P03": Text("我的", "mine"), "P02": Text("我的", "ours")}, ["P02"]),
        ({"P02": KNOWN["P03"], "P01": KNOWN["P02"]}, []),  # without P02's, P01 has P02's own name
        ({"P09": Text("新", "new")}, []),
    ],
)
def test_a_name_is_used_where_nobody_else_goes_by_it(given, used):
    assert usable_names(KNOWN, given) == {persona_id: given[persona_id] for persona_id in used}


@pytest.mark.parametrize("name", [Text("我的", "two"), Text("P02", "mine")])
def test_a_name_or_id_of_another_persona_is_refused(name):
    model = SimpleNamespace(
        personas=tuple(SimpleNamespace(persona_id=key, name=text) for key, text in KNOWN.items())
    )
    with pytest.raises(ConfigError, match=r"P01 can't be called .* since P02 has that name or id; choose"):
        PersonaModel.renamed(model, {"P01": name})
