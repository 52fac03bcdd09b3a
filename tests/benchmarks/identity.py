"""Do personas keep their identity over twelve months of cold refits, and is every planted change told of?

Makes months of a planted world that share two thirds of their users, refits each month under a new seed, and lets
every model take over. Prints, for kinds that are clear, the share of the users whose kind did not change (and of their
spend) that keep their id at each step; for the noisy kinds of the home-appliance world, whether any kind changed
its id; and in how many seeds a split, a merger, a birth and a death are each told of in their month.

    python tests/benchmarks/identity.py --seeds 20
    python tests/benchmarks/identity.py --seeds 3 --warm
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from personas.datasets.evolution import CHANGES, Change, Month, make_evolution
from personas.datasets.planted import CATEGORY_NAMES
from personas.features import FeatureSet, columns_of
from personas.features.base import typed_columns
from personas.features.category_history import category_features
from personas.features.membership import MEMBERSHIP_FEATURES
from personas.features.profile import profile_features
from personas.features.rfm import RFM_FEATURES
from personas.model import Persona, PersonaModel, make_cards, profile_personas
from personas.model.base import Calibration
from personas.model.continuity import champion_labels, continued_names, continuity_of, match_champion
from personas.model.recipes import make_recipes
from personas.schema import ObservationWindow, Text
from personas.schema.levels import LEVELS
from personas.scorecard.reference import evaluate

CLUSTERER = "latent_class"
LEAST_KEPT = 0.98
"""Share of the unchanged users of clear kinds, and of their spend, that must keep their id at every step."""


def feature_set_of(users: pd.DataFrame) -> FeatureSet:
    """Return the canonical features of the columns of a month; totals describe only."""
    known = {f.name: f for f in (*profile_features(), *MEMBERSHIP_FEATURES, *RFM_FEATURES)}
    known |= {
        f.name: f for f in category_features("count", [(name, Text(name, name)) for name in CATEGORY_NAMES])
    }
    features = []
    for name in users.columns:
        feature = known[name]
        if feature.kind in ("nominal", "ordinal"):
            feature = replace(feature, levels=tuple(LEVELS[name]))
        features.append(replace(feature, role="profile") if feature.source == "rfm" else feature)
    return FeatureSet(tuple(features))


def refit(
    month: Month, seed: int, champion: PersonaModel | None, used_ids: Sequence[str], *, warm: bool
) -> PersonaModel:
    """Fit as many personas as there are kinds, and take over the champion's ids and names."""
    feature_set = feature_set_of(month.users)
    data = typed_columns(month.users, feature_set)
    (recipe,) = make_recipes([CLUSTERER], data, feature_set, None)
    if warm and champion is not None:
        recipe = replace(recipe, start=champion.scorecard)
    size = month.truth.nunique()
    fitted = recipe.fit(data, size, seed)
    labels = evaluate(fitted.scorecard, columns_of(data)).label
    traits = profile_personas(data, labels, feature_set, n_personas=size)
    old = champion_labels(champion, data, feature_set)
    match = match_champion(champion, old, labels, traits, used_ids=used_ids)
    names, proposals = continued_names(champion, traits, match.persona_ids)
    cards = make_cards(traits, feature_set)
    counts = np.bincount(labels, minlength=size)
    personas = tuple(
        Persona(match.persona_ids[k], names[k].name, names[k].source, None, counts[k] / len(data), int(counts[k]), traits[k], cards[k])
        for k in range(size)
    )  # fmt: skip
    continuity = None
    if champion is not None:
        continuity = continuity_of(champion, match, (old, labels), proposals=proposals, data=data)
    return PersonaModel(
        name="evolution",
        window=ObservationWindow(date(2025, 1 + month.number, 1), 30),
        feature_set=feature_set,
        scorecard=fitted.scorecard,
        personas=personas,
        calibration=Calibration(),
        low_confidence=0.6,
        surprise_limit=np.inf,
        clusterer=CLUSTERER,
        clusterer_params={},
        metrics={"log_likelihood": fitted.log_likelihood or 0.0},
        continuity=continuity,
    )


@dataclass
class Story:
    """What happened to one world over its months."""

    oracle: list[float] = field(default_factory=list)
    kept_users: list[float] = field(default_factory=list)
    kept_spend: list[float] = field(default_factory=list)
    swaps: list[str] = field(default_factory=list)
    renamed_silently: list[str] = field(default_factory=list)
    proposals: int = 0
    told: dict[str, bool] = field(default_factory=dict)
    other_events: list[str] = field(default_factory=list)
    log_likelihood: list[float] = field(default_factory=list)


def tell(seed: int, *, is_clear: bool, changes: Sequence[Change], n_users: int, warm: bool = False) -> Story:
    """Refit every month and watch."""
    story = Story()
    champion, before, ids_then, used = None, None, None, set()
    for month in make_evolution(n_users, is_clear=is_clear, changes=changes, random_state=seed):
        story.oracle.append(float((month.oracle == month.truth).mean()))
        model = refit(month, 1_000 * seed + month.number, champion, sorted(used), warm=warm)
        used |= {p.persona_id for p in model.personas}
        data = typed_columns(month.users, model.feature_set)
        rows = evaluate(model.scorecard, columns_of(data)).label
        ids = pd.Series(np.array([p.persona_id for p in model.personas])[rows], index=month.users.index)
        story.log_likelihood.append(model.metrics["log_likelihood"])
        if champion is not None and before is not None and ids_then is not None:
            _watch_users(story, before, month, ids_then, ids)
            _watch_events(story, changes, champion, model, (before, ids_then), (month, ids))
        champion, before, ids_then = model, month, ids
    return story


def _watch_users(story: Story, before: Month, now: Month, ids_then: pd.Series, ids: pd.Series) -> None:
    both = now.users.index.intersection(before.users.index)
    same = both[(before.truth[both] == now.truth[both]).to_numpy()]
    kept = (ids_then[same] == ids[same]).to_numpy()
    spend = now.users.loc[same, "revenue"].to_numpy()
    story.kept_users.append(float(kept.mean()))
    story.kept_spend.append(float(spend[kept].sum() / spend.sum()))
    was, is_now = _id_of_kind(before, ids_then), _id_of_kind(now, ids)
    story.swaps += [
        f"month {now.number}: {kind} {was[kind]} -> {is_now[kind]}"
        for kind in sorted(was.keys() & is_now.keys())
        if was[kind] != is_now[kind]
    ]


def _id_of_kind(month: Month, ids: pd.Series) -> dict[str, str]:
    """Return kind -> the persona that most of its users have."""
    table = pd.crosstab(month.truth, ids)
    return {str(kind): str(persona) for kind, persona in table.idxmax(axis=1).items()}


def _kind_of_id(month: Month, ids: pd.Series) -> dict[str, str]:
    """Return persona -> the kind that most of its users are of."""
    table = pd.crosstab(ids, month.truth)
    return {str(persona): str(kind) for persona, kind in table.idxmax(axis=1).items()}


def _watch_events(
    story: Story,
    changes: Sequence[Change],
    champion: PersonaModel,
    model: PersonaModel,
    then: tuple[Month, pd.Series],
    now: tuple[Month, pd.Series],
) -> None:
    kinds_then, kinds_now = _kind_of_id(*then), _kind_of_id(*now)
    names = {p.persona_id: p.name for p in champion.personas}
    story.renamed_silently += [
        p.persona_id for p in model.personas if p.persona_id in names and names[p.persona_id] != p.name
    ]
    planted = {c.kind: c for c in changes if c.month == now[0].number}
    words = {"split": "split", "merged": "merge", "new": "birth", "retired": "death"}
    for event in model.continuity.events if model.continuity else ():
        if event.kind == "renamed":
            story.proposals += 1
            continue
        change = planted.get(words.get(event.kind, ""))
        before = {kinds_then.get(i, "nobody") for i in event.earlier}
        after = {kinds_now.get(i, "nobody") for i in event.later}
        if change is not None and before == set(change.before) and after == set(change.after):
            story.told[change.kind] = True
        elif event.kind != "kept":
            story.other_events.append(f"month {now[0].number}: {event.text().en} [{before} -> {after}]")


def main() -> None:
    """Tell the stories of some seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--users", type=int, default=3_000)
    parser.add_argument("--warm", action="store_true", help="start every fit at the champion, too")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    began = time.perf_counter()
    broken = []
    for title, is_clear, changes in (
        ("clear kinds, nothing changes", True, ()),
        ("noisy kinds, nothing changes", False, ()),
        ("clear kinds, one change of each sort", True, CHANGES),
    ):
        stories = [
            tell(seed, is_clear=is_clear, changes=changes, n_users=asked.users, warm=asked.warm)
            for seed in range(asked.seeds)
        ]
        print(
            f"{title}: {asked.seeds} seeds x 12 months of {asked.users:,} users ({time.perf_counter() - began:.0f} s)"
        )
        print(f"  oracle accuracy        {min(min(s.oracle) for s in stories):.4f} at least")
        for what in ("kept_users", "kept_spend"):
            steps = np.array([getattr(s, what) for s in stories])
            print(f"  {what:22s} {steps.min():.4f} at least, {steps.mean():.4f} on average, per step")
            if is_clear and steps.min() < LEAST_KEPT:
                broken.append(
                    f"{title}: {what} is {steps.min():.4f}; expected at least {LEAST_KEPT} at every step."
                )
        print(f"  kinds that changed id  {sum(len(s.swaps) for s in stories)}")
        print(
            f"  names changed silently {sum(len(s.renamed_silently) for s in stories)}; proposed {sum(s.proposals for s in stories)}"
        )
        print(f"  other events           {sum(len(s.other_events) for s in stories)}")
        print(f"  mean log likelihood    {np.mean([s.log_likelihood for s in stories]):.1f}")
        for change in changes:
            print(
                f"  {change.kind:22s} told in month {change.month} in {sum(s.told.get(change.kind, False) for s in stories)} of {asked.seeds} seeds"
            )
        if asked.verbose:
            for seed, story in enumerate(stories):
                for line in (*story.swaps, *story.other_events):
                    print(f"    seed {seed}, {line}")
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
