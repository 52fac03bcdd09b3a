"""Who a user is: columns of USERS taken as they stand."""

from __future__ import annotations

from collections.abc import Iterable

from personas.features.base import Feature
from personas.schema import Attribute, Kind, Text
from personas.schema.levels import COLUMN_LABELS

NOT_STATED = "not stated"

_COLUMNS: dict[str, tuple[Kind, str]] = {
    "age": ("numeric", "years"),
    "age_band": ("ordinal", "years"),
    "gender": ("nominal", ""),
    "marital_status": ("nominal", ""),
    "education": ("ordinal", ""),
    "city_tier": ("ordinal", ""),
    "target_group": ("nominal", ""),
}


def profile_features(attributes: Iterable[Attribute] = ()) -> list[Feature]:
    """Return one feature per canonical profile column and per further attribute.

    Parameters
    ----------
    attributes : iterable of Attribute
        Further columns of USERS.

    Returns
    -------
    list of Feature
        With the levels that an attribute declares; the others are still to be read from the data.

    Examples
    --------
    >>> [feature.name for feature in profile_features([Attribute("occupation", "nominal")])][-2:]
    ['target_group', 'occupation']
    """
    canonical = [
        Feature(
            name=column,
            kind=kind,
            block="who",
            unit=unit,
            null_meaning=NOT_STATED,
            source="profile",
            measure="value",
            argument=column,
            label=COLUMN_LABELS[column],
        )
        for column, (kind, unit) in _COLUMNS.items()
    ]
    return canonical + [
        Feature(
            name=attribute.name,
            kind=attribute.kind,
            block=attribute.block,
            unit=attribute.unit,
            null_meaning=NOT_STATED,
            source="profile",
            measure="value",
            argument=attribute.name,
            levels=attribute.levels,
            label=attribute.label if any(attribute.label) else Text(attribute.name, attribute.name),
        )
        for attribute in attributes
    ]
