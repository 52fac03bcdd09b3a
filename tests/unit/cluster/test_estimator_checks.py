"""The clusterers keep scikit-learn's contract."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from personas.cluster import (
    BisectingKMeansClusterer,
    GaussianMixtureClusterer,
    HDBSCANClusterer,
    KMeansClusterer,
    LatentClass,
)


@parametrize_with_checks(
    [
        LatentClass(n_components=3, n_init=3, random_state=0),
        KMeansClusterer(n_clusters=3, n_init=3, random_state=0),
        BisectingKMeansClusterer(n_clusters=3, n_init=3, random_state=0),
        GaussianMixtureClusterer(n_components=3, n_init=3, random_state=0),
        HDBSCANClusterer(random_state=0),
        HDBSCANClusterer(embedding="famd", random_state=0),
    ]
)
def test_clusterer_passes_the_estimator_checks(estimator, check):
    check(estimator)
