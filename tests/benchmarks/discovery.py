"""How much do personas tell of what users buy next, beside other ways to group the same users?

Everybody sees the same user vectors, built from events before a cut, and makes the same number of groups;
all are judged by orders per category after it. Users are those with at least one order before the cut.

    python tests/benchmarks/discovery.py --datasets complete_journey adventureworks planted
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from cases import DATA_SETS, Case, load_case
from numpy.typing import NDArray
from peers import PEERS, Labeller, Labels, Peer, Vectors, read_vectors
from threadpoolctl import threadpool_limits

from personas.features import columns_of
from personas.model import FitOptions, fit_personas
from personas.scorecard.reference import evaluate
from personas.selection.jaccard import persona_jaccards
from personas.selection.quality import Measure, halves, judge
from personas.selection.stability import mean_pairwise_ari

OURS = "personas (fit_personas)"
TRUTH = "(planted personas, known to nobody)"
PACKAGES = ("numpy", "pandas", "scikit-learn", "umap-learn", "hdbscan", "kmodes", "stepmix")


# --- the contest


@dataclass(frozen=True)
class Row:
    """One line of a table; medians over the seeds. ``draws`` are those of reach and taste, resample by resample."""

    method: str
    groups: float
    reach: Measure
    taste: Measure
    ari: float | None
    smallest_jaccard: float | None
    smallest_share: float
    noise_share: float
    seconds: float | None
    note: str
    draws: dict[str, NDArray[np.float64]]


Fit = Callable[[NDArray[np.intp], int], tuple[Callable[[], Labels], str]]
"""Takes users and a seed; returns what labels all users, and a remark."""


def fit_ours(case: Case, n_personas: int) -> Fit:
    """Fit personas with every default, and label with the scorecard.

    Refits skip what doesn't change labels: most of the stability that the fit itself measures, and the null tables.
    """

    def fit(rows: NDArray[np.intp], seed: int) -> tuple[Callable[[], Labels], str]:
        frame, rehearsal = case.drawn(rows)
        everybody = np.array_equal(rows, np.arange(len(case.data)))
        with nullcontext() if everybody else _without_nulls():
            model = fit_personas(
                frame,
                n_personas=n_personas,
                random_state=seed,
                options=FitOptions() if everybody else FitOptions(n_resamples=2),
                rehearsal=rehearsal,
            )
        columns = columns_of(case.data[model.scorecard.features])
        return lambda: evaluate(model.scorecard, columns).label.astype(np.int64), model.clusterer

    return fit


@contextmanager
def _without_nulls() -> Iterator[None]:
    with mock.patch("personas.model.discover.verdicts", return_value=()):
        yield


def fit_peer(peer: Peer, users: Vectors, n_groups: int) -> Fit:
    """Fit another method."""

    def fit(rows: NDArray[np.intp], seed: int) -> tuple[Callable[[], Labels], str]:
        everybody = np.array_equal(rows, np.arange(len(users)))
        labeller: Labeller = peer.fit(users if everybody else users.take(rows), n_groups, seed)
        return lambda: labeller(users), ""

    return fit


def measure(name: str, fit: Fit, case: Case, *, n_seeds: int, n_bootstraps: int) -> Row:
    """Fit with every seed and judge; refit on bootstrap resamples and compare."""
    n_users = len(case.data)
    labelings, seconds, notes = [], [], []
    for seed in range(n_seeds):
        start = time.perf_counter()
        label, note = fit(np.arange(n_users), seed)
        seconds.append(time.perf_counter() - start)
        labelings.append(label())
        notes.append(note)
    refits = []
    for seed in range(n_bootstraps):
        tell(f"  {name}: refit {seed + 1} of {n_bootstraps}")
        rows = np.sort(np.random.default_rng([1, seed]).integers(0, n_users, n_users))
        label, note = fit(rows, seed)
        refits.append(label())
        notes.append(note)
    row = summarise(name, labelings, refits, case)
    note = ", ".join(f"{n} ({notes.count(n)}x)" for n in sorted(set(notes)) if n)
    return replace(row, seconds=statistics.median(seconds), note=note)


def summarise(name: str, labelings: Sequence[Labels], refits: Sequence[Labels], case: Case) -> Row:
    """Judge the labels of all users: medians over the labelings."""
    n_users = len(case.data)
    split = halves(n_users, 0)
    qualities = [judge(labels, case.outcomes, split, both_ways=True) for labels in labelings]
    sizes = [np.bincount(labels[labels >= 0]) for labels in labelings]
    jaccards = persona_jaccards(labelings[0], refits).tolist() if refits else []
    return Row(
        method=name,
        groups=statistics.median(len(np.unique(labels)) for labels in labelings),
        reach=_median([q.reach for q in qualities]),
        taste=_median([q.taste for q in qualities if q.taste is not None]),
        ari=mean_pairwise_ari([labels.astype(np.int32) for labels in refits]) if len(refits) > 1 else None,
        smallest_jaccard=min((j for j in jaccards if j >= 0), default=None),
        smallest_share=statistics.median(min(s[s > 0], default=0) / n_users for s in sizes),
        noise_share=statistics.median(float(np.mean(labels < 0)) for labels in labelings),
        seconds=None,
        note="",
        draws={
            "reach": np.median([q.reach_draws for q in qualities], axis=0),
            "taste": np.median([q.taste_draws for q in qualities if q.taste_draws is not None], axis=0),
        },
    )


def _median(measures: Sequence[Measure]) -> Measure:
    """Return the median figure with the median limits of its interval."""
    names = ("value", "low", "high", "error")
    return Measure(*(statistics.median(getattr(m, name) for m in measures) for name in names))


def contest(case: Case, args: argparse.Namespace) -> list[Row]:
    """Measure ours and every peer on one case."""
    users = read_vectors(case.data, case.feature_set)
    rows = []
    if not args.methods or any(word in OURS for word in args.methods):
        rows.append(_measured(OURS, fit_ours(case, args.personas), case, args, n_seeds=args.seeds))
    for peer in PEERS:
        if not args.methods or any(word in peer.name for word in args.methods):
            fit = fit_peer(peer, users, args.personas)
            rows.append(_measured(peer.name, fit, case, args, n_seeds=args.seeds if peer.is_random else 1))
    if case.truth is not None:
        rows.append(summarise(TRUTH, [case.truth], [], case))
    return rows


def _measured(name: str, fit: Fit, case: Case, args: argparse.Namespace, *, n_seeds: int) -> Row:
    tell(f"  {name}")
    with threadpool_limits(limits=1):
        return measure(name, fit, case, n_seeds=n_seeds, n_bootstraps=args.bootstraps)


# --- what is printed


def table_lines(rows: Sequence[Row], n_personas: int) -> list[str]:
    """Return a Markdown table and the verdict."""
    lines = [
        "| method | groups* | reach [95 %] | taste [95 %], bits | ARI | smallest Jaccard | smallest share | noise | s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        name = f"**{row.method}**: {row.note}" if row.method == OURS else row.method
        figures = [
            f"{row.groups:g}",
            _interval(row.reach),
            _interval(row.taste),
            _figure(row.ari, ".2f"),
            _figure(row.smallest_jaccard, ".2f"),
            f"{row.smallest_share:.1%}",
            f"{row.noise_share:.0%}",
            _figure(row.seconds, ".1f"),
        ]
        lines.append(f"| {name} | {' | '.join(figures)} |")
    legend = "*Noise counts as a group, but neither for the smallest share nor for the Jaccard."
    return [*lines, "", legend, "", *verdict_lines(rows, n_personas)]


def verdict_lines(rows: Sequence[Row], n_personas: int) -> list[str]:
    """Return how ours compares with peers that made no more groups than were asked for."""
    ours = next((row for row in rows if row.method == OURS), None)
    rivals = [row for row in rows if row.method not in (OURS, TRUTH) and row.groups <= n_personas]
    if ours is None or not rivals:
        return []
    lines = []
    for name in ("reach", "taste"):
        best = max(rivals, key=lambda row: (getattr(row, name).value, row.method))
        own, other = getattr(ours, name).value, getattr(best, name).value
        low, high = np.quantile(ours.draws[name] / best.draws[name], [0.025, 0.975])
        lines.append(
            f"{name}: ours / best peer = {own:.3f} / {other:.3f} = {own / other:.2f} "
            f"[{low:.2f}, {high:.2f}] ({best.method})"
        )
    worse = [
        row.method
        for row in rivals
        if row.reach.value >= ours.reach.value and row.taste.value >= ours.taste.value
    ]
    lines.append(f"dominated by: {', '.join(worse) or 'none'}")
    more = [row.method for row in rows if row.groups > n_personas]
    if more:
        lines.append(
            f"left out of the verdict, as they made more than {n_personas} groups: {', '.join(more)}"
        )
    return lines


def _interval(measure: Measure) -> str:
    return f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]"


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def machine_line(args: argparse.Namespace) -> str:
    """Return where and how the figures came about."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} CPUs (peers on one), Python {platform.python_version()}, {packages}; "
        f"random methods: medians over seeds 0 to {args.seeds - 1}; {args.bootstraps} bootstrap refits; "
        f"command: python {' '.join(sys.argv)}"
    )


def tell(text: str) -> None:
    """Say on standard error what is going on."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure every method on every data set, print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--personas", type=int, default=8, help="groups that everybody makes")
    parser.add_argument("--datasets", nargs="+", choices=sorted(DATA_SETS), default=list(DATA_SETS))
    parser.add_argument("--methods", nargs="+", help="words of the names of methods; default: all")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--bootstraps", type=int, default=10, help="refits behind the stability, 0 = none")
    parser.add_argument("--planted-users", type=int, default=3_000)
    parser.add_argument("--json", type=Path, help="file for all figures")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    results: dict[str, Any] = {}
    for name in args.datasets:
        tell(name)
        case = load_case(name, args.planted_users)
        rows = contest(case, args)
        print(f"### {name}\n\n{case.facts}.\n")
        print("\n".join(table_lines(rows, args.personas)), end="\n\n", flush=True)
        figures = [{k: v for k, v in asdict(row).items() if k != "draws"} for row in rows]
        results[name] = {"facts": case.facts, "rows": figures}
    machine = machine_line(args)
    print(machine)
    if args.json:
        args.json.write_text(json.dumps({"machine": machine, "data_sets": results}, indent=1))


if __name__ == "__main__":
    main()
