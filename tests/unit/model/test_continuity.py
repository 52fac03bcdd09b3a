"""Ids and names of the champion in a model that is trained after it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from personas.errors import DataError
from personas.features import FeatureSet
from personas.model import FitOptions, fit_personas
from personas.model.continuity import (
    champion_quality,
    confront,
    continued_names,
    with_champion_features,
)
from personas.model.gate import judge_challenger
from personas.model.lineage import lineage_entry, read_lineage
from personas.model.persist import load_model, model_from_files, model_to_files
from personas.schema import Text

FAST = FitOptions(n_resamples=2, force=True)


def _fit(shop, n_personas=3, **given):
    return fit_personas(
        shop.frame(),
        clusterer="latent_class",
        n_personas=n_personas,
        options=replace(FAST, **given.pop("options", {})),
        **given,
    )


@pytest.fixture(scope="module")
def champion(shop):
    return _fit(shop)


@pytest.fixture(scope="module")
def challenger(make_shop, champion):
    other = make_shop(random_state=1)
    return _fit(other, champion=champion, rehearsal=other.rehearsal(), random_state=5)


@pytest.fixture(scope="module")
def fewer(shop, challenger):
    """Two personas for three tastes."""
    return _fit(shop, n_personas=2, champion=challenger)


def test_a_first_model_continues_nobody(champion):
    assert champion.continuity is None
    assert champion.events == ()


def test_a_model_of_the_same_world_keeps_ids_and_names(champion, challenger):
    found = challenger.continuity
    assert found.by == "panel"
    assert {e.persona_id for e in found.events if e.kind == "kept"} == {"P01", "P02", "P03"}
    assert {e.kind for e in found.events} <= {"kept", "renamed"}
    assert found.migration.kept_users > 0.9
    assert found.migration.kept_value is None  # the shop knows no spend
    assert {p.persona_id: (p.name, p.name_source) for p in challenger.personas} == {
        p.persona_id: (p.name, p.name_source) for p in champion.personas
    }
    assert challenger.events == tuple(event.text() for event in found.events)


def test_the_champion_is_judged_on_the_same_users(champion, challenger, shop):
    assert challenger.continuity.reach.value > 0
    assert challenger.continuity.taste.value > 0
    columns = replace(shop.evidence(), yardstick="held_out_columns")
    assert champion_quality(champion, columns, shop.feature_set, 0) is None
    assert champion_quality(champion, shop.evidence(), FeatureSet(shop.feature_set.features[:2]), 0) is None


def test_continuity_survives_the_files(challenger):
    again = model_from_files(model_to_files(challenger))
    assert again.continuity == challenger.continuity
    assert model_to_files(again) == model_to_files(challenger)


def _first_called(champion, name, **changes):
    first, *others = champion.personas
    return replace(champion, personas=(replace(first, name=name, **changes), *others))


def test_another_name_is_proposed_but_not_given(champion):
    traits = [p.traits for p in champion.personas]
    ids = [p.persona_id for p in champion.personas]
    old = _first_called(champion, Text("旧名", "Old"), traits=champion.personas[1].traits)
    names, proposals = continued_names(old, traits, ids)
    assert (names[0].name, names[0].source) == (Text("旧名", "Old"), "traits")
    (proposal,) = proposals
    now = champion.personas[0].name
    assert (proposal.kind, proposal.persona_id, proposal.names) == (
        "renamed",
        ids[0],
        (Text("旧名", "Old"), now),
    )
    assert proposal.text().en == f'{ids[0]} keeps its name "Old"; its traits now suggest "{now.en}"'
    assert "建议改称" in proposal.text().zh


def test_no_name_is_proposed_to_a_persona_that_is_what_it_was_unless_an_archetype_has_come_or_gone(champion):
    traits = [p.traits for p in champion.personas]
    ids = [p.persona_id for p in champion.personas]
    assert continued_names(_first_called(champion, Text("旧名", "Old")), traits, ids)[1] == ()
    was = _first_called(champion, Text("旧名", "Old"), archetype="old", name_source="archetype")
    assert [e.persona_id for e in continued_names(was, traits, ids)[1]] == [ids[0]]


def test_a_given_name_wins_over_the_champions_and_is_no_proposal(champion):
    traits = [p.traits for p in champion.personas]
    ids = [p.persona_id for p in champion.personas]
    taken = champion.personas[1].name
    names, proposals = continued_names(champion, traits, ids, given={ids[0]: taken})
    assert names[0].name == taken
    assert names[0].source == "override"
    assert names[1].name != taken
    assert proposals == ()


def test_two_personas_that_fall_together_merged_and_leave_their_ids_to_nobody(shop, fewer):
    told = [e for e in fewer.continuity.events if e.kind != "renamed"]
    assert {i for e in told for i in e.earlier} == {"P01", "P02", "P03"}
    assert "merged" in {e.kind for e in told}
    again = _fit(shop, champion=fewer, options={"used_ids": ("P01", "P02", "P03", "P04")})
    new = {p.persona_id for p in again.personas} - {p.persona_id for p in fewer.personas}
    assert new
    assert min(new) >= "P05"


def test_one_persona_only_splits_into_all_that_are_found(shop, champion):
    one = _fit(shop, n_personas=1)
    kept = confront(one, one, shop.data, shop.feature_set)
    assert [(e.kind, e.persona_id) for e in kept.events] == [("kept", "P01")]
    assert kept.migration.kept_users == 1
    (event,) = [e for e in confront(one, champion, shop.data, shop.feature_set).events if e.kind == "split"]
    assert event.persona_id == "P01"
    assert set(event.others) == {p.persona_id for p in champion.personas}


def test_two_stored_models_are_held_against_each_other_on_any_data(champion, challenger, make_shop):
    third = make_shop(random_state=2)
    found = confront(champion, challenger, third.data, third.feature_set)
    assert found.by == "panel"
    assert {e.kind for e in found.events} == {"kept"}
    assert found.migration.n_users == 300
    assert found.champion_as_of == champion.as_of
    by_profiles = confront(champion, challenger)
    assert (by_profiles.by, by_profiles.migration) == ("profiles", None)
    assert {(e.kind, e.persona_id) for e in by_profiles.events} == {
        ("kept", p) for p in ("P01", "P02", "P03")
    }
    unread = confront(
        champion, challenger, third.data.iloc[:, :2], FeatureSet(third.feature_set.features[:2])
    )
    assert unread.by == "profiles"


def test_a_champion_of_other_features_and_of_an_older_format_leaves_its_ids_to_nobody(shop):
    old = load_model(Path(__file__).parents[2] / "golden" / "model-format-1")
    model = _fit(shop, champion=old)
    assert model.continuity.by == "profiles"
    assert {(e.kind, e.persona_id) for e in model.continuity.events} == {
        *(("new", f"P{number:02d}") for number in (3, 4, 5)),
        *(("retired", p) for p in ("P01", "P02")),
    }
    report = judge_challenger(model, old)
    assert "kept_users" in {check.name for check in report.failed}


def test_what_only_the_champion_reads_is_built_but_neither_clustered_on_nor_described(shop, champion):
    today = FeatureSet(shop.feature_set.features[:-1], ("a warning",))
    found = with_champion_features(today, champion)
    assert found.names == shop.feature_set.names
    assert found.warnings == ("a warning",)
    assert (found.features[-1].role, found.features[-1].described) == ("profile", False)
    assert with_champion_features(today, None) == today
    gone = replace(shop.feature_set.features[-1], source="profile")
    stated = replace(champion, feature_set=FeatureSet((*shop.feature_set.features[:-1], gone)))
    assert with_champion_features(today, stated) == today


def test_a_champion_that_reads_what_the_new_model_does_not_labels_the_panel(shop, champion):
    known = with_champion_features(FeatureSet(shop.feature_set.features[:-1]), champion)
    frame = replace(shop.frame(), feature_set=known)
    model = fit_personas(frame, clusterer="latent_class", n_personas=3, champion=champion, options=FAST)
    assert known.names[-1] not in model.scorecard.features
    assert known.names[-1] not in model.feature_set.names
    assert model.continuity.by == "panel"
    assert {e.persona_id for e in model.continuity.events if e.kind == "kept"} == {"P01", "P02", "P03"}


def test_an_empty_panel_is_refused(champion, challenger, shop):
    with pytest.raises(DataError, match="no users to hold two models against each other"):
        confront(champion, challenger, shop.data.iloc[:0], shop.feature_set)


def test_lineage_tells_what_each_persona_came_from(champion, challenger, fewer):
    noted = {
        "v0": {"as_of": "2024-12-01", "persona_ids": ["P01"]},
        **{
            version: {"as_of": model.as_of.isoformat(), "beside": beside, "lineage": lineage_entry(model)}
            for version, beside, model in (
                ("v1", None, champion),
                ("v2", "v1", challenger),
                ("v3", "v2", fewer),
            )
        },
    }
    rows = read_lineage(noted)
    assert {row.version for row in rows} == {"v1", "v2", "v3"}
    assert {row.event for row in rows if row.version == "v1"} == {None}
    second = [row for row in rows if row.version == "v2"]
    assert {(row.event, row.champion, row.sources[0][0] == row.persona_id) for row in second} == {
        ("kept", "v1", True)
    }
    assert sum(row.share for row in second) == pytest.approx(1)
    third = {row.persona_id: row for row in rows if row.version == "v3"}
    gone = {"P01", "P02", "P03"} - {p.persona_id for p in fewer.personas}
    assert {third[i].share for i in gone} == {0.0}
    assert {third[i].event for i in gone} <= {"merged", "retired"}
    assert all(third[i].name == challenger.persona(i).name for i in gone)
    assert rows[0].as_of == date(2025, 1, 1)


def test_a_good_challenger_passes_the_gate(champion, challenger):
    report = judge_challenger(challenger, champion)
    assert report.passed, list(report.failed)
    assert [check.name for check in report.checks][:3] == ["structure", "reach", "taste"]


def test_labels_of_the_champion_do_not_depend_on_what_it_does_not_read(champion, challenger, shop):
    further = shop.data.assign(revenue=np.arange(len(shop.data), dtype=float))
    found = confront(champion, challenger, further, shop.feature_set)
    assert found.migration.kept_value is not None
