"""What every part of a config is made of, and how its problems are told."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from personas.errors import ConfigError
from personas.schema import Text

Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[str, BeforeValidator(lambda v: {True: "yes", False: "no"}[v] if isinstance(v, bool) else v)]
"""YAML reads a bare yes or no as a boolean."""


class Spec(BaseModel):
    """A part of a config: unknown keys are refused, and nothing is changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SpecT = TypeVar("SpecT", bound=Spec)


class TextSpec(Spec):
    """A text in Chinese and in English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def to_text(self) -> Text:
        """Return the noun that the library uses."""
        return Text(self.zh, self.en)


def parse(spec: type[SpecT], data: Any, file: str) -> SpecT:
    """Validate what a YAML file held.

    Parameters
    ----------
    spec : type of Spec
        What the file should be.
    data : object
        What the YAML reader returned.
    file : str
        Named in the error message.

    Returns
    -------
    Spec

    Raises
    ------
    ConfigError
        If a key is unknown, missing or holds an impossible value; all problems are listed at once.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"{file}: found {type(data).__name__}, expected a mapping of keys to values.")
    try:
        return spec.model_validate(dict(data))
    except ValidationError as error:
        lines = "\n".join(f"  {_explain(spec, dict(item))}" for item in error.errors())
        raise ConfigError(f"{file}: {error.error_count()} problem(s) in the config:\n{lines}") from None


def _explain(spec: type[BaseModel], item: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        known = _keys_at(spec, item["loc"][:-1])
        near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"valid keys: {', '.join(known)}."
        return f"{path}: unknown key; {hint}"
    if item["type"] == "missing":
        return f"{path}: missing; add it."
    found = item.get("input")
    shown = "" if isinstance(found, (dict, list, BaseModel)) else f" (found {found!r})"
    message = f"{item['msg'].removeprefix('Value error, ')}{shown}"
    return (f"{path}: " if path else "") + message + ("" if message.endswith((".", "?")) else ".")


def _keys_at(spec: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """Return the valid keys of the model that a path of an error leads to."""
    here: type[BaseModel] | None = spec
    for part in loc:
        field = here.model_fields.get(str(part)) if here else None
        models = _models_in(field.annotation) if field else []
        if models:
            here = models[0]
    return [info.alias or name for name, info in here.model_fields.items()] if here else []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
