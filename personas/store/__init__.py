"""Versioned, hashed artifacts in a folder: what was made stays as it was made, and is found again."""

from __future__ import annotations

from personas.store.artifacts import ArtifactStore
from personas.store.record import ArtifactRecord, Promotion

__all__ = ["ArtifactRecord", "ArtifactStore", "Promotion"]
