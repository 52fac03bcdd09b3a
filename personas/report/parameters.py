"""What the report says of the clusterer's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from personas.model.base import PersonaModel
from personas.report.figures import Figures
from personas.report.words import say, say_or

N_UNFOLDED = 8
"""A parameter that lists more features is folded (own choice)."""

_TOLD_ELSEWHERE = ("feature_weights", "judged_by")


@dataclass(frozen=True, slots=True)
class ParameterView:
    """Parameters, written out.

    Parameters
    ----------
    rows : tuple of (str, str)
        Name and value.
    folded : tuple of (str, str)
        Name with the number of features, and the features, of parameters that list many.
    weights : tuple of (str, str)
        Feature and its weight, heaviest first, of those that are described.
    n_further : int
        Weighed features that are not described.
    """

    rows: tuple[tuple[str, str], ...]
    folded: tuple[tuple[str, str], ...]
    weights: tuple[tuple[str, str], ...]
    n_further: int


def parameter_view(model: PersonaModel, figures: Figures) -> ParameterView:
    """Write out the parameters of the clusterer; unknown ones keep their technical name."""
    labels = {f.name: f.label.of(figures.language) or f.name for f in model.feature_set}
    hidden = {f.name for f in model.feature_set if not f.described}
    weights = model.clusterer_params.get("feature_weights")
    weights = weights if isinstance(weights, Mapping) else {}
    told = sorted(
        (n for n in weights if n not in hidden), key=lambda name: (-weights[name], labels.get(name, name))
    )
    rows, folded = [], []
    for name, value in sorted(model.clusterer_params.items()):
        if name not in _TOLD_ELSEWHERE:
            title, said = (
                say_or(f"parameter.{name}", name, figures.language),
                _written(name, value, labels, figures),
            )
            if isinstance(value, list | tuple | Mapping) and len(value) > N_UNFOLDED:
                folded.append((f"{title} ({figures.count(len(value))})", said))
            else:
                rows.append((title, said))
    return ParameterView(
        rows=tuple(rows),
        folded=tuple(folded),
        weights=tuple((labels.get(name, name), figures.decimal(weights[name])) for name in told),
        n_further=len(weights) - len(told),
    )


def _written(name: str, value: object, labels: Mapping[str, str], figures: Figures) -> str:
    if name in ("left_out", "transforms") and isinstance(value, list | tuple | Mapping):
        return figures.join(labels.get(str(item), str(item)) for item in value) or figures.decimal(None)
    if name == "foretold_by":
        return say(f"foretold_by.{value}", figures.language)
    return figures.parameter(value)
