"""A model as two files, readable JSON and an npz of plain arrays, and back. No pickles."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from personas.errors import ConfigError, DataError, NotFoundError
from personas.features.base import FeatureSet
from personas.model.base import Calibration, Persona, PersonaModel
from personas.model.identity import Continuity
from personas.model.sketch import Sketch
from personas.schema import ObservationWindow, Text
from personas.scorecard import scorecard_from_arrays, scorecard_to_arrays
from personas.selection.base import Candidate, Verdict

FORMAT = 1
"""Version of the layout of the files; raised when older code could misread them."""

_JSON, _ARRAYS = "model.json", "scorecard.npz"

_READERS: dict[str, TypeAdapter[Any]] = {
    "name": TypeAdapter(str),
    "window": TypeAdapter(ObservationWindow),
    "personas": TypeAdapter(tuple[Persona, ...]),
    "calibration": TypeAdapter(Calibration),
    "low_confidence": TypeAdapter(float),
    "surprise_limit": TypeAdapter(float),
    "clusterer": TypeAdapter(str),
    "clusterer_params": TypeAdapter(dict[str, Any]),
    "selection": TypeAdapter(tuple[Candidate, ...]),
    "metrics": TypeAdapter(dict[str, float]),
    "events": TypeAdapter(tuple[Text, ...]),
    "verdicts": TypeAdapter(tuple[Verdict, ...]),
    "config": TypeAdapter(dict[str, Any]),
    "sketch": TypeAdapter(Sketch | None),
    "continuity": TypeAdapter(Continuity | None),
}


def model_to_files(model: PersonaModel) -> dict[str, bytes]:
    """Turn a model into the files of its artifact; the same model gives the same bytes.

    Parameters
    ----------
    model : PersonaModel
        Holds no user rows, so the files don't either.

    Returns
    -------
    dict of str to bytes
        ``model.json`` (UTF-8, sorted keys, its own SHA-256 inside) and ``scorecard.npz``.

    Raises
    ------
    DataError
        If the parameters or the config hold something that JSON can't, or the scorecard is broken.

    Notes
    -----
    NaN becomes null (and is read back as NaN in ``metrics``), an infinite ``surprise_limit`` too, dates
    become ISO 8601 text and tuples in ``clusterer_params`` and ``config`` become lists.
    """
    description, arrays = scorecard_to_arrays(model.scorecard)
    packed = _npz(arrays)
    content = {
        field.name: _json_ready(_plain(getattr(model, field.name)), field.name)
        for field in fields(PersonaModel)
        if field.name != "scorecard"
    }
    content["scorecard"] = description
    content["scorecard_sha256"] = hashlib.sha256(packed).hexdigest()
    whole = {"format": FORMAT, "sha256": _hash(content), "model": content}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return {_JSON: (text + "\n").encode(), _ARRAYS: packed}


def model_from_files(files: Mapping[str, bytes]) -> PersonaModel:
    """Read a model from what :func:`model_to_files` returned.

    Parameters
    ----------
    files : mapping of str to bytes
        Further files are ignored.

    Returns
    -------
    PersonaModel

    Raises
    ------
    NotFoundError
        If a file is absent.
    DataError
        If a file is cut short, was changed since it was written, or has a format that this version
        doesn't know.
    """
    absent = [name for name in (_JSON, _ARRAYS) if name not in files]
    if absent:
        raise NotFoundError(
            f"The model lacks {absent[0]}; expected {_JSON} and {_ARRAYS}. Train or copy it again."
        )
    content = _open(files[_JSON])
    if hashlib.sha256(files[_ARRAYS]).hexdigest() != content.get("scorecard_sha256"):
        raise DataError(
            f"{_ARRAYS} was changed since it was written, or belongs to another model; expected the file "
            f"whose hash {_JSON} holds. Restore it, or train again."
        )
    try:
        return _read(content, _arrays(files[_ARRAYS]))
    except (ValidationError, ConfigError, KeyError, TypeError) as error:
        found = error.errors(include_input=False)[0]["msg"] if isinstance(error, ValidationError) else error
        raise DataError(
            f"{_JSON} doesn't hold a model ({type(error).__name__}: {found}); expected format {FORMAT} as "
            "written by model_to_files. Train again."
        ) from None


def save_model(model: PersonaModel, folder: Path) -> None:
    """Write a model into a folder, which is made when it is absent.

    Parameters
    ----------
    model : PersonaModel
        What to write.
    folder : Path
        Holds the two files afterwards; use :class:`personas.store.ArtifactStore` to keep versions.

    Raises
    ------
    DataError
        As of :func:`model_to_files`; nothing is written then.
    """
    files = model_to_files(model)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def load_model(path: Path) -> PersonaModel:
    """Read a model from its folder.

    Parameters
    ----------
    path : Path
        Folder of :func:`save_model`, or of an artifact of kind ``model``.

    Returns
    -------
    PersonaModel

    Raises
    ------
    NotFoundError
        If the folder or a file in it is absent.
    DataError
        As of :func:`model_from_files`.
    """
    names = [name for name in (_JSON, _ARRAYS) if (path / name).is_file()]
    if not names:
        raise NotFoundError(f"There is no model in {path}; expected a folder with {_JSON} and {_ARRAYS}.")
    return model_from_files({name: (path / name).read_bytes() for name in names})


def _read(content: Mapping[str, Any], arrays: Mapping[str, Any]) -> PersonaModel:
    data = dict(content)
    data["metrics"] = {key: math.nan if value is None else value for key, value in data["metrics"].items()}
    if data["surprise_limit"] is None:
        data["surprise_limit"] = math.inf
    values = {name: reader.validate_python(data[name]) for name, reader in _READERS.items() if name in data}
    return PersonaModel(
        feature_set=FeatureSet.from_dict(data["feature_set"]),
        scorecard=scorecard_from_arrays(data["scorecard"], arrays),
        **values,
    )


def _open(raw: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(raw)
        found, written, content = whole["format"], whole["sha256"], whole["model"]
    except (ValueError, KeyError, TypeError):
        raise DataError(
            f"{_JSON} is cut short or no model; expected JSON with a format, a hash and a model. Restore it, "
            "or train again."
        ) from None
    if found != FORMAT:
        raise DataError(
            f"{_JSON} has format {found}; this version of personas reads format {FORMAT}. Install the version "
            "that wrote it (or a newer one), or train again."
        )
    if _hash(content) != written:
        raise DataError(f"{_JSON} was changed since it was written; restore it, or train again.")
    return dict(content)


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return the dicts and lists behind one field of a model."""
    if isinstance(value, FeatureSet):
        return value.to_dict()
    if isinstance(value, ObservationWindow | Calibration | Sketch | Continuity):
        return asdict(value)
    if isinstance(value, tuple):
        return [item if isinstance(item, Text) else asdict(item) for item in value]
    return value


def _json_ready(value: Any, where: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _json_ready(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(item, where) for item in value]
    raise DataError(
        f"The model's {where} holds a {type(value).__name__}; expected texts, numbers, dates, lists and mappings. "
        "Pass a plain value."
    )


def _npz(arrays: Mapping[str, Any]) -> bytes:
    """Return the bytes of an npz; unlike ``np.savez``, by contract the same for the same arrays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # whatever system writes it
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(arrays[name]), allow_pickle=False)
    return buffer.getvalue()


def _arrays(raw: bytes) -> dict[str, Any]:
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError):
        raise DataError(
            f"{_ARRAYS} can't be read; expected plain arrays. Restore it, or train again."
        ) from None
