"""Shipped configs on folders of their own, and one home-appliance model that several tests look at."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml

from personas.datasets import World, make_home_appliances, write_world
from personas.features import FeatureFrame, build_features, rehearse
from personas.model import PersonaModel, fit_personas
from personas.model.persist import load_model, save_model
from pipelines.config_file import LoadedConfig, load_config, shipped_configs
from pipelines.console import Steps
from pipelines.tables import prepared_tables, proposed_features
from pipelines.train import fit_options, train
from tests.integration.once import made_once

HOME_AS_OF = date(2025, 12, 1)
QUIET = Steps(None)


@dataclass(frozen=True)
class Home:
    """The planted world, its config and the model of it as shipped."""

    world: World
    loaded: LoadedConfig
    frame: FeatureFrame
    model: PersonaModel


@pytest.fixture(scope="session")
def set_up():
    """Return a function that puts a shipped config, with its sources replaced, into a folder."""

    def put(folder, shipped, sources=None, **changes):
        raw = yaml.safe_load((shipped_configs() / f"{shipped}.yaml").read_text(encoding="utf-8"))
        raw["store"] = str(folder / "store")
        for name, path in (sources or {}).items():
            raw["sources"][name] = {k: v for k, v in raw["sources"][name].items() if k != "dataset"}
            raw["sources"][name]["path"] = str(path)
        for section, values in changes.items():
            raw[section] = {**raw.get(section, {}), **values}
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{shipped}.yaml"
        path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
        return load_config(path)

    return put


@pytest.fixture(scope="session")
def set_up_home(set_up):
    """Return a function that writes a planted world into a folder and puts its config beside it."""

    def put(folder, world, **changes):
        paths = write_world(world, folder / "tables")
        sources = {path.stem: path for path in paths if path.stem != "truth"}
        return set_up(folder, "home_appliances", sources, **changes)

    return put


@pytest.fixture(scope="session")
def features_of():
    """Return a context manager that yields the checked, built features of a config."""

    @contextmanager
    def opened(loaded, as_of=HOME_AS_OF, feature_set=None):
        with prepared_tables(loaded, as_of, QUIET) as prepared:
            yield build_features(
                prepared.engine, prepared.window, feature_set or proposed_features(loaded, prepared)
            )

    return opened


@pytest.fixture(scope="session")
def run_train():
    """Return a function that trains a config as the command does."""

    def run(loaded, as_of, *, force=False):
        with prepared_tables(loaded, as_of, QUIET) as prepared:
            return train(loaded, prepared, QUIET, force=force)

    return run


@pytest.fixture(scope="session")
def home(tmp_path_factory, set_up_home):
    """Train on 20,000 planted users with the config as shipped, but for fewer refits; the tables stay open."""
    world = make_home_appliances(20_000, random_state=0)
    loaded = set_up_home(tmp_path_factory.mktemp("home"), world, personas={"bootstraps": 3})
    with prepared_tables(loaded, HOME_AS_OF, QUIET) as prepared:
        features = proposed_features(loaded, prepared)
        frame = build_features(prepared.engine, prepared.window, features)

        def fit(folder):
            rehearsal = rehearse(prepared.engine, prepared.window, features)
            save_model(fit_personas(frame, rehearsal=rehearsal, options=fit_options(loaded, {})), folder)

        model = load_model(made_once(tmp_path_factory, "home-model", fit))
        yield Home(world, loaded, frame, model)


@pytest.fixture(scope="session")
def new_users(tmp_path_factory, set_up_home, features_of, home):
    """5,000 users of another planted world: (world, their features as the home model reads them)."""
    world = make_home_appliances(5_000, random_state=1_000)
    loaded = set_up_home(tmp_path_factory.mktemp("new"), world)
    with features_of(loaded, feature_set=home.frame.feature_set) as frame:
        yield world, frame.to_pandas()


@pytest.fixture(scope="session")
def bicycle_tables():
    """Return the folder of the real AdventureWorks tables."""
    folder = Path(__file__).parents[3] / "shared" / "data" / "adventureworks"
    if not folder.is_dir():
        pytest.skip("The AdventureWorks tables are not beside the checkout (../shared/data/adventureworks).")
    return {"users": folder / "customers.parquet", "events": folder / "transactions.parquet"}


@pytest.fixture(scope="session")
def adventureworks(tmp_path_factory, set_up, bicycle_tables):
    """Return a function that puts the AdventureWorks config and tables into a new folder."""

    def put(name, **changes):
        folder = tmp_path_factory.mktemp(name)
        copies = {k: Path(shutil.copy(path, folder)) for k, path in bicycle_tables.items()}
        return set_up(folder, "adventureworks", copies, **changes)

    return put
