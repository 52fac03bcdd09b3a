from pathlib import Path

import pytest

from personas.errors import ConfigError, NotFoundError
from pipelines.config_file import load_config, read_yaml, shipped_configs


def write(folder, text):
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_config(tmp_path, monkeypatch):
    (tmp_path / "use").mkdir()
    path = write(tmp_path / "use", "name: shop\nstore: ../models\nsources: {users: {path: users.csv}}\n")
    monkeypatch.chdir(tmp_path)
    loaded = load_config(Path("use/shop.yaml"))
    assert path.exists()
    assert loaded.store_path == tmp_path / "models"
    assert loaded.resolve("users.csv") == tmp_path / "use" / "users.csv"
    assert loaded.resolve("/data/users.csv") == Path("/data/users.csv")


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "x: {b: 1, b: 1}\n", "- {c: 1, c: 2}\n"])
def test_a_key_that_stands_twice_is_an_error_at_any_depth(tmp_path, text):
    with pytest.raises(ConfigError, match=r"shop\.yaml: not valid YAML: the key '[abc]' stands twice"):
        read_yaml(write(tmp_path, text))


def test_yaml_makes_no_objects(tmp_path):
    with pytest.raises(ConfigError, match="not valid YAML"):
        read_yaml(write(tmp_path, "a: !!python/object/apply:os.getcwd []\n"))


def test_a_secret_url_comes_from_the_environment(tmp_path, monkeypatch):
    loaded = load_config(write(tmp_path, "name: s\nsources: {users: {connection_env: SHOP_URL, table: t}}\n"))
    monkeypatch.setenv("SHOP_URL", "duckdb://x")
    assert loaded.connection_url(loaded.config.sources.users) == "duckdb://x"
    monkeypatch.setenv("SHOP_URL", "")
    with pytest.raises(ConfigError, match="SHOP_URL, which is not set"):
        loaded.connection_url(loaded.config.sources.users)


def test_archetypes_are_shipped_or_beside_the_config(tmp_path):
    text = "name: s\nsources: {users: {path: u}}\npersonas: {archetypes: %s}\n"
    assert load_config(write(tmp_path, text % "home_appliances")).archetypes().archetypes
    shipped = shipped_configs() / "archetypes" / "home_appliances.yaml"
    (tmp_path / "ours.yaml").write_bytes(shipped.read_bytes())
    assert load_config(write(tmp_path, text % "ours.yaml")).archetypes().archetypes
    with pytest.raises(NotFoundError, match=r"neither a shipped name \(home_appliances"):
        load_config(write(tmp_path, text % "theirs.yaml")).archetypes()
    assert load_config(write(tmp_path, "name: s\nsources: {users: {path: u}}\n")).archetypes() is None
