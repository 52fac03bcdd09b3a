"""The section ``monitor`` of a config: whom today's users are compared with, and how much drift is how bad."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from personas.config.base import Share, Spec

Index = Annotated[float, Field(ge=0)]


class MonitorSpec(Spec):
    """What the monitor verb compares with, and when it alarms."""

    reference: Literal["training", "last_season"] = Field(
        "training",
        description="Whom to compare with: the users of the training, or those scored a year ago where there are any.",
    )
    season_window_days: int = Field(
        31, ge=0, description="How far from a year ago last season's users may be."
    )
    false_alarm: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.01, description="Chance that one report on an unchanged population calls anything a drift."
    )
    tolerated_psi: Index = Field(
        0.01,
        description="Population stability index that is too little to matter; a shift of a normal feature by a tenth "
        "of its standard deviation gives 0.01, by a fifth 0.04.",
    )
    retrain_feature_psi: Index = Field(
        0.25, description="From this index of a scored feature on, the advice is to retrain."
    )
    retrain_answer_psi: Index = Field(
        0.1, description="The same for persona shares and for the shares of uncertain and of strange users."
    )
    retrain_distance: Share = Field(0.3, description="The same for the portrait of a persona.")
