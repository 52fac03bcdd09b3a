import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from personas import registry
from personas.errors import NotFoundError


@pytest.mark.parametrize(
    ("name", "class_name"),
    [("latent_class", "LatentClass"), ("kmeans", "KMeansClusterer"), ("hdbscan", "HDBSCANClusterer")],
)
def test_every_built_in_name_loads_its_class(name, class_name):
    assert registry.load_clusterer(name).__name__ == class_name


def test_an_unknown_name_lists_what_exists():
    with pytest.raises(NotFoundError, match=r"'k-means'; known: .*hdbscan.*kmeans.*latent_class"):
        registry.load_clusterer("k-means")


def test_another_package_can_offer_a_clusterer(monkeypatch):
    entry = EntryPoint("spectral", "sklearn.cluster:SpectralClustering", registry.CLUSTERER_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: EntryPoints([entry]).select(**wanted))
    assert registry.load_clusterer("spectral").__name__ == "SpectralClustering"
    assert "spectral" in registry.clusterer_names()


def test_another_package_cannot_replace_a_built_in_clusterer(monkeypatch):
    entry = EntryPoint("kmeans", "sklearn.cluster:KMeans", registry.CLUSTERER_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: EntryPoints([entry]).select(**wanted))
    assert registry.load_clusterer("kmeans").__name__ == "KMeansClusterer"


def test_asking_what_exists_loads_no_clusterer():
    code = "import sys, personas.registry as r; r.clusterer_names(); print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"sklearn", "hdbscan", "umap", "numba", "pandas"} & set(loaded.split())


def test_importing_the_cluster_room_loads_no_heavy_library():
    code = "import sys, personas.cluster; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"sklearn", "hdbscan", "umap", "numba", "pandas"} & set(loaded.split())
