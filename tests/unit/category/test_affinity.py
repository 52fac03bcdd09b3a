"""Points and affinities by hand, what users miss, and personas against scenes."""

from datetime import date, datetime
from decimal import Decimal

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from personas.category.affinity import (
    EVENT_WEIGHTS,
    SceneAffinity,
    missing_categories,
    persona_scene_grid,
    scene_affinity,
    scene_audience,
    user_scene_table,
)
from personas.category.base import purchases
from personas.category.scenes import Scene, SceneSet, find_scenes
from personas.datasets.co_purchase import CoPurchaseWorld, make_co_purchase_world
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow, Text


def make_scenes(
    scenes: dict[str, tuple[str, ...]], substitutes: tuple[tuple[str, str], ...] = ()
) -> SceneSet:
    return SceneSet(
        scenes=tuple(
            Scene(key, Text(key, key), categories[0], categories, 0, float("nan"), Text("", ""))
            for key, categories in scenes.items()
        ),
        members=pd.DataFrame(),
        pairs=pd.DataFrame(
            [(a, b, "substitute") for a, b in substitutes], columns=["category_a", "category_b", "relation"]
        ),
        n_users=0,
        absent=(),
        definition=Text("", ""),
    )


FLOOR_AND_AIR = make_scenes({"floor": ("扫地机", "门锁"), "air": ("空调", "空气净化器")})


@pytest.fixture
def affinity(six_users, year) -> SceneAffinity:
    return scene_affinity(six_users, year, FLOOR_AND_AIR)


def frame(table: ibis.Table, *keys: str) -> pd.DataFrame:
    return table.order_by(list(keys)).to_pyarrow().to_pandas()


# Affinity -------------------------------------------------------------------------------------------


def test_points_of_six_users_by_hand(affinity):
    rows = frame(affinity.table, "user_id", "scene_id").set_index(["user_id", "scene_id"])
    assert rows["points"].to_dict() == {
        ("u1", "air"): 10.0,  # one order
        ("u1", "floor"): 21.0,  # a view, two order lines
        ("u2", "floor"): 41.0,  # a view, four order lines, those of one order counted each
        ("u3", "floor"): 20.0,
        ("u4", "air"): 20.0,  # the return counts nothing
        ("u4", "floor"): 10.0,
        ("u5", "floor"): 6.0,  # two views and a cart; the order has no category
    }
    assert rows.loc[("u2", "floor"), "n_orders"] == 4
    assert rows.loc[("u5", "floor"), "n_orders"] == 0
    assert rows.loc[("u1", "floor"), "affinity"] == pytest.approx(21 / 31)
    assert rows.loc[("u5", "floor"), "affinity"] == pytest.approx(6 / 16)


def test_the_main_scene_has_most_points(affinity):
    rows = frame(affinity.table, "user_id", "scene_id")
    main = rows[rows["is_main"]].set_index("user_id")["scene_id"]
    assert main.to_dict() == {"u1": "floor", "u2": "floor", "u3": "floor", "u4": "air", "u5": "floor"}


def test_a_tie_goes_to_the_earlier_scene(make_source, year):
    source = make_source(
        [{"user_id": "u", "event_at": "2025-05-05", "category": c, "order_id": c} for c in ("空调", "门锁")]
    )
    for scenes, expected in (
        ({"floor": ("门锁",), "air": ("空调",)}, "floor"),
        ({"air": ("空调",), "floor": ("门锁",)}, "air"),
    ):
        table = user_scene_table(scene_affinity(source, year, make_scenes(scenes)), source.table("users"))
        assert table.to_pyarrow()["main_scene"].to_pylist() == [expected]


def test_weights_and_scale_can_be_chosen(six_users, year):
    chosen = scene_affinity(
        six_users, year, FLOOR_AND_AIR, event_weights={"view": 0.5, "order": 0}, half_points=1
    )
    rows = frame(chosen.table, "user_id", "scene_id").set_index(["user_id", "scene_id"])
    assert rows["points"].to_dict() == {("u1", "floor"): 0.5, ("u2", "floor"): 0.5, ("u5", "floor"): 1.0}
    assert rows.loc[("u5", "floor"), "affinity"] == 0.5
    assert "view 0.5, order 0" in chosen.definition.en
    assert "浏览 0.5、下单 0" in chosen.definition.zh


def test_without_a_weight_for_orders_none_are_counted(six_users, year):
    rows = frame(scene_affinity(six_users, year, FLOOR_AND_AIR, event_weights={"cart": 4}).table, "user_id")
    assert rows[["user_id", "n_orders", "points"]].to_numpy().tolist() == [["u5", 0, 4.0]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"event_weights": {"veiw": 1}}, "names 'veiw'"),
        ({"event_weights": {"view": -1}}, "weight of view is -1"),
        ({"event_weights": {"view": float("inf")}}, "weight of view is inf"),
        ({"event_weights": {"view": 0}}, "No event type has a weight"),
        ({"event_weights": {}}, "No event type has a weight"),
        ({"half_points": 0}, "half_points is 0"),
        ({"half_points": float("nan")}, "half_points is nan"),
    ],
)
def test_bad_weights_are_refused(six_users, year, options, message):
    with pytest.raises(ConfigError, match=message):
        scene_affinity(six_users, year, FLOOR_AND_AIR, **options)


def test_nobody_has_an_affinity_without_scenes(six_users, year):
    affinity = scene_affinity(six_users, year, make_scenes({}))
    table = user_scene_table(affinity, six_users.table("users")).to_pyarrow()
    assert table.column_names == ["user_id", "main_scene"]
    assert table["main_scene"].null_count == 6


# The table for training -----------------------------------------------------------------------------


def test_every_user_has_one_row_and_no_null_affinity(affinity, six_users, tmp_path):
    table = user_scene_table(affinity, six_users.table("users"))
    table.to_parquet(tmp_path / "user_scenes.parquet")
    read = pq.read_table(tmp_path / "user_scenes.parquet")
    assert read.column_names == ["user_id", "affinity_floor", "affinity_air", "main_scene"]
    assert read["user_id"].to_pylist() == ["u1", "u2", "u3", "u4", "u5", "u6"]
    assert read["affinity_air"].to_pylist() == pytest.approx([0.5, 0, 0, 2 / 3, 0, 0])
    assert read["affinity_floor"].to_pylist() == pytest.approx([21 / 31, 41 / 51, 2 / 3, 0.5, 0.375, 0])
    assert read["main_scene"].to_pylist() == ["floor", "floor", "floor", "air", "floor", None]


def test_a_user_twice_is_refused(affinity):
    users = ibis.memtable(pa.table({"user_id": ["u1", "u1"]}))
    with pytest.raises(DataError, match="users have 2 rows of 1 users"):
        user_scene_table(affinity, users)


def test_the_order_of_events_and_the_threads_change_nothing(six_users, year):
    events = six_users.table("events").to_pyarrow()
    answers = []
    for threads, rows in ((1, events), (2, events.take(pa.array(range(events.num_rows))[::-1]))):
        connection = ibis.duckdb.connect(threads=threads)
        connection.create_table("events", rows)
        connection.create_table("users", six_users.table("users").to_pyarrow())
        weights = {"view": 0.1, "cart": 0.7, "order": 0.3}
        affinity = scene_affinity(connection, year, FLOOR_AND_AIR, event_weights=weights)
        answers.append(user_scene_table(affinity, connection.table("users")).to_pyarrow())
        connection.disconnect()
    assert answers[0].equals(answers[1])


# Missing categories ---------------------------------------------------------------------------------


def test_missing_categories_are_those_never_bought_the_hero_first(affinity, six_users, year):
    rows = frame(missing_categories(affinity, purchases(six_users, year)), "user_id", "scene_id", "rank")
    assert rows[["user_id", "scene_id", "rank", "category"]].to_numpy().tolist() == [
        ["u1", "air", 1, "空气净化器"],
        ["u4", "air", 1, "空气净化器"],
        ["u4", "floor", 1, "门锁"],
        ["u5", "floor", 1, "扫地机"],
        ["u5", "floor", 2, "门锁"],
    ]
    assert rows["affinity"].tolist() == pytest.approx([0.5, 2 / 3, 0.5, 0.375, 0.375])


def test_what_was_bought_before_the_window_can_count_as_owned(affinity, six_users):
    ever = purchases(six_users, ObservationWindow(date(2026, 1, 1), 3650))
    rows = frame(missing_categories(affinity, ever), "user_id", "category")
    assert ("u5", "扫地机") in set(zip(rows["user_id"], rows["category"], strict=True))
    # u3 bought an air conditioner in 2024, but did nothing about air in 2025.
    assert "u3" not in set(rows["user_id"])


def test_a_substitute_of_something_owned_is_not_missing(six_users, year):
    scenes = make_scenes({"floor": ("洗地机", "扫地机", "门锁")}, substitutes=(("扫地机", "洗地机"),))
    affinity = scene_affinity(six_users, year, scenes)
    rows = frame(missing_categories(affinity, purchases(six_users, year)), "user_id", "rank")
    missing = rows.groupby("user_id")["category"].agg(list).to_dict()
    # u1 to u4 own a 扫地机, so no 洗地机; u5 owns nothing.
    assert missing == {"u4": ["门锁"], "u5": ["洗地机", "扫地机", "门锁"]}


# Personas -------------------------------------------------------------------------------------------


def test_users_by_scene_are_joined_with_their_personas(affinity, six_users):
    rows = frame(scene_audience(affinity, six_users.table("assignments")), "user_id", "scene_id")
    assert len(rows) == 7
    assert rows.columns.tolist() == [*affinity.table.columns, "persona_id"]
    assert dict(zip(rows["user_id"], rows["persona_id"], strict=True)) == {
        "u1": "P01", "u2": "P01", "u3": "P01", "u4": "P02", "u5": "P02",
    }  # fmt: skip


def test_the_grid_by_hand(affinity, six_users):
    wide = user_scene_table(affinity, six_users.table("users"))
    grid = persona_scene_grid(wide, six_users.table("assignments"), FLOOR_AND_AIR, small_cell=1)
    cells = grid.cells.set_index(["persona_id", "scene_id"])
    # Five users have a main scene: floor u1 u2 u3 u5, air u4.
    assert cells["n_users"].to_dict() == {
        ("P01", "floor"): 3, ("P01", "air"): 0, ("P02", "floor"): 1, ("P02", "air"): 1,
    }  # fmt: skip
    assert cells["base_share"].tolist() == pytest.approx([0.8, 0.2, 0.8, 0.2])
    assert cells["tgi"].tolist() == pytest.approx([125, 0, 62.5, 250])
    assert (cells["tgi_lower"] <= cells["tgi"] + 1e-9).all()
    assert (cells["tgi_upper"] >= cells["tgi"] - 1e-9).all()
    assert cells["reach_order"].to_dict() == {
        ("P01", "floor"): 1, ("P01", "air"): 2, ("P02", "floor"): 2, ("P02", "air"): 1,
    }  # fmt: skip
    assert "TGI" in grid.definition.zh
    assert "fewer than 1 users" in grid.definition.en


def test_small_cells_are_not_shown(affinity, six_users):
    wide = user_scene_table(affinity, six_users.table("users"))
    cells = persona_scene_grid(wide, six_users.table("assignments"), FLOOR_AND_AIR).cells
    assert cells["n_users"].dropna().tolist() in ([], [0.0])
    assert cells["tgi"].isna().all()
    assert cells["reach_order"].isna().all()


def test_users_out_of_distribution_count_in_the_base_only(affinity, six_users):
    assignments = ibis.memtable(
        pa.table(
            {
                "user_id": ["u1", "u2", "u4"],
                "persona_id": ["P01", "P01", "P01"],
                "status": ["assigned", "low_confidence", "out_of_distribution"],
            }
        )
    )
    wide = user_scene_table(affinity, six_users.table("users"))
    cells = persona_scene_grid(wide, assignments, FLOOR_AND_AIR, small_cell=1).cells.set_index("scene_id")
    assert cells["n_users"].to_dict() == {"floor": 2, "air": 0}
    assert cells["base_share"].to_dict() == pytest.approx({"floor": 0.8, "air": 0.2})
    audience = frame(scene_audience(affinity, assignments), "user_id", "scene_id").set_index("user_id")
    assert audience.loc["u4", "persona_id"].isna().all()


def test_without_personas_the_grid_is_empty(affinity, six_users):
    nobody = ibis.memtable(
        pa.table(
            {"user_id": [], "persona_id": []},
            pa.schema([(n, pa.string()) for n in ("user_id", "persona_id")]),
        )
    )
    cells = persona_scene_grid(
        user_scene_table(affinity, six_users.table("users")), nobody, FLOOR_AND_AIR
    ).cells
    assert cells.empty
    assert "reach_order" in cells.columns


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user_id": ["u1"]}, "assignments lack persona_id"),
        ({"user_id": ["u1", "u1"], "persona_id": ["P01", "P02"]}, "2 rows of 1 users"),
    ],
)
def test_bad_assignments_are_refused(affinity, columns, message):
    assignments = ibis.memtable(pa.table(columns))
    with pytest.raises(DataError, match=message):
        scene_audience(affinity, assignments)


# The planted world ----------------------------------------------------------------------------------

_CANONICAL = {"浏览": "view", "搜索": "search", "加购": "cart", "收藏": "favourite", "下单": "order"}


def connect(world: CoPurchaseWorld) -> ibis.BaseBackend:
    connection = ibis.duckdb.connect(threads=2)
    events = world.events.filter(pc.is_in(world.events["行为"], pa.array(list(_CANONICAL))))
    kinds = pa.array([_CANONICAL[kind] for kind in events["行为"].to_pylist()])
    columns = {
        "user_id": "用户ID",
        "event_at": "时间",
        "category": "品类",
        "amount": "金额",
        "order_id": "订单号",
    }
    table = pa.table({name: events[source] for name, source in columns.items()} | {"event_type": kinds})
    connection.create_table("events", table)
    connection.create_table("users", pa.table({"user_id": world.users["用户ID"]}))
    connection.create_table(
        "assignments", world.truth.rename_columns({"user_id": "user_id", "persona": "persona_id"})
    )
    return connection


def test_planted_personas_lead_their_planted_scenes():
    world = make_co_purchase_world(4000, random_state=1)
    source = connect(world)
    found = find_scenes(purchases(source, world.window), n_resamples=0)
    wide = user_scene_table(scene_affinity(source, world.window, found), source.table("users"))
    cells = persona_scene_grid(wide, source.table("assignments"), found).cells
    leaders = cells[cells["reach_order"] == 1].set_index("scene_id")
    scene_of = dict(zip(found.members["category"], found.members["scene_id"], strict=True))
    assert leaders.loc[scene_of["空调"], "persona_id"] == "smart_trendsetters"
    assert leaders.loc[scene_of["门锁"], "persona_id"] == "striving_ants"
    assert leaders.loc[scene_of["油烟机"], "persona_id"] == "quality_and_taste"
    assert (leaders["tgi_lower"] > 120).all()
    assert (leaders["q_value"] < 0.001).all()
    read = wide.to_pyarrow()
    for scene in found.scenes:
        values = read[f"affinity_{scene.scene_id}"]
        assert 0 <= pc.min(values).as_py() < pc.max(values).as_py() < 1
    source.disconnect()


def test_events_outside_the_window_count_nothing(make_source, year):
    source = make_source(
        [
            {"user_id": "u", "event_at": at, "category": "空调", "amount": Decimal(1)}
            for at in (datetime(2024, 12, 31, 23, 59, 59), datetime(2026, 1, 1))
        ]
    )
    assert scene_affinity(source, year, FLOOR_AND_AIR).table.to_pyarrow().num_rows == 0


def test_the_weights_grow_towards_ownership():
    assert list(EVENT_WEIGHTS.values()) == sorted(EVENT_WEIGHTS.values())
