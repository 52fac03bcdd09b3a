from datetime import date, datetime, timedelta

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.audience.ladder import EventCondition, Ladder, LadderSource, Stage, TagCondition
from personas.audience.stages import Scope, assign_stages, count_stages
from personas.category.stage_flow import stage_flow
from personas.errors import ConfigError, DataError, NotFoundError
from personas.schema import Text

AS_OF = date(2026, 1, 1)
OWN = Scope(frozenset({"米家"}))
NAME = Text("名", "name")


def make_ladder(*stages):
    return Ladder("demo", NAME, 1, (LadderSource("own choice", "an example"),), stages)


def reached_by(*conditions):
    return (tuple(conditions),)


@pytest.fixture
def six_users(tables):
    """Six users, each on a stage of 4A that can be seen at a glance."""
    act = tables.act
    return tables.events(
        [
            # advocate: two orders within the year, and a search that no longer matters
            act("advocate", "2025-02-01", "order", order_id="o1"),
            act("advocate", "2025-11-01", "order", order_id="o2"),
            act("advocate", "2025-12-20", "search"),
            # buyer: one order of two lines, an older one before the window, one of a rival
            act("buyer", "2025-03-01", "order", order_id="o3"),
            act("buyer", "2025-03-01", "order", "门锁", order_id="o3"),
            act("buyer", "2024-12-31T23:59:59", "order", order_id="o4"),
            act("buyer", "2025-06-01", "order", brand="石头", order_id="o5"),
            # browser: eight views in the 30 days, the first on the first instant of the window
            *(act("browser", f"2025-12-{day:02d}T00:00:00", "view") for day in (2, 3, 4, 5, 6, 7, 8, 9)),
            # glancer: one view inside, seven just before the window, and a cart on as_of itself
            act("glancer", "2025-12-31T23:59:59", "view"),
            *(act("glancer", "2025-12-01T23:59:59", "view") for _ in range(7)),
            act("glancer", "2026-01-01T00:00:00", "cart"),
            # comparer: looks at rivals only
            act("comparer", "2025-12-10", "view", brand="石头"),
            act("comparer", "2025-12-11", "view", brand="石头"),
            # idler: one view of a rival
            act("idler", "2025-12-10", "view", brand="石头"),
        ]
    )


def test_4a_of_six_users(six_users, shipped_ladder, tables):
    tags = tables.tags([("idler", "品牌会员", "金卡"), ("browser", "品牌会员", "银卡")])
    stages = assign_stages(six_users, shipped_ladder("a4"), AS_OF, tags=tags, scope=OWN)
    assert tables.rows(stages, "user_id", "stage", "sub_stage") == [
        ("advocate", "A4", None),
        ("browser", "A2", "frequent_views"),
        ("buyer", "A3", None),
        ("comparer", "category_intent", None),
        ("glancer", "A1", "single_view"),
        ("idler", "A2", "silent_member"),
    ]


def test_4a_without_tags(six_users, shipped_ladder, tables):
    stages = assign_stages(six_users, shipped_ladder("a4").without_tags(), AS_OF, scope=OWN)
    assert ("idler", "(none)", None) in tables.rows(stages, "user_id", "stage", "sub_stage")


def test_counts_of_six_users(six_users, shipped_ladder):
    ladder = shipped_ladder("a4").without_tags()
    counts = count_stages(assign_stages(six_users, ladder, AS_OF, scope=OWN), ladder, AS_OF)
    assert counts.stages[["stage", "n_users"]].values.tolist() == [
        ["A4", 1],
        ["A3", 1],
        ["A2", 1],
        ["A1", 1],
        ["category_intent", 1],
        ["(none)", 1],
    ]
    assert counts.stages["share"].tolist() == [1 / 6] * 6
    parts = counts.sub_stages.set_index("sub_stage")["n_users"].to_dict()
    assert parts == {
        "search_or_cart": 0,
        "frequent_views": 1,
        "occasional_views": 0,
        "single_view": 1,
        "ad_click": 0,
        "ad_exposure": 0,
    }
    assert "A4拥护：365天本品下单≥2单" in counts.definition.zh
    assert "before 2026-01-01" in counts.definition.en
    assert counts.stages.loc[counts.stages["stage"] == "(none)", "name_zh"].item() == "非类目意向"


def test_counts_of_nobody_have_no_share(shipped_ladder):
    empty = ibis.memtable(
        pa.schema([(name, pa.string()) for name in ("user_id", "stage", "sub_stage")]).empty_table()
    )
    counts = count_stages(empty, shipped_ladder("page_views"), AS_OF)
    assert counts.stages["n_users"].tolist() == [0, 0, 0, 0]
    assert counts.stages["share"].isna().all()
    assert counts.sub_stages.empty
    assert counts.stages["action_zh"].iloc[-1] == "对特征相似人群触达，流转至PV1-2"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "aipl",
            {
                "advocate": "L",
                "buyer": "L",
                "browser": "(none)",
                "glancer": "I",
                "comparer": "(none)",
                "idler": "(none)",
            },
        ),
        (
            "o5a",
            {
                "advocate": "A5",
                "buyer": "A4",
                "browser": "A3",
                "glancer": "A3",
                "comparer": "O",
                "idler": "(none)",
            },
        ),
        (
            "page_views",
            {
                "advocate": "(none)",
                "buyer": "(none)",
                "browser": "PV8+",
                "glancer": "PV1-2",
                "comparer": "(none)",
                "idler": "(none)",
            },
        ),
    ],
)
def test_other_shipped_ladders(six_users, shipped_ladder, tables, name, expected):
    users = ibis.memtable(pa.table({"user_id": list(expected)}))
    stages = assign_stages(six_users, shipped_ladder(name), AS_OF, users, scope=OWN)
    assert dict(tables.rows(stages, "user_id", "stage")) == expected


def test_the_page_views_of_a_rival_are_those_of_its_brands(six_users, shipped_ladder, tables):
    stages = assign_stages(six_users, shipped_ladder("page_views"), AS_OF, scope=Scope(frozenset({"石头"})))
    assert dict(tables.rows(stages, "user_id", "stage"))["comparer"] == "PV1-2"


def test_device_holders_by_intent(tables, shipped_ladder):
    act = tables.act
    events = tables.events(
        [
            act("own_wants", "2025-12-30", "cart"),
            act("rival_wants", "2025-12-30", "search", brand="石头"),
            act("wants_other_line", "2025-12-30", "search", "门锁"),
            act("unknown_wants", "2025-12-30", "search"),
        ]
    )
    tags = tables.tags(
        [
            ("own_wants", "当前手机品牌", "米家"),
            ("rival_wants", "当前手机品牌", "Apple"),
            ("wants_other_line", "当前手机品牌", "Apple"),
            ("both", "当前手机品牌", "Apple"),
            ("both", "当前手机品牌", "米家"),
        ]
    )
    line = Scope(frozenset({"米家"}), frozenset({"扫地机"}))
    stages = assign_stages(events, shipped_ladder("device_holder"), AS_OF, tags=tags, scope=line)
    assert tables.rows(stages, "user_id", "stage", "sub_stage") == [
        ("both", "no_intent", "own_holder"),
        ("own_wants", "intent", "own_holder"),
        ("rival_wants", "intent", "rival_holder"),
        ("unknown_wants", "intent", None),
        ("wants_other_line", "no_intent", "rival_holder"),
    ]


def test_only_the_users_asked_for_are_answered(six_users, shipped_ladder, tables):
    users = ibis.memtable(pa.table({"user_id": ["buyer", "stranger", "buyer"]}))
    stages = assign_stages(six_users, shipped_ladder("o5a"), AS_OF, users, scope=OWN)
    assert tables.rows(stages, "user_id", "stage") == [("buyer", "A4"), ("stranger", "(none)")]


def test_lines_without_an_order_id_are_orders_of_their_own(tables):
    act = tables.act
    events = tables.events(
        [
            *(act("loose", "2025-06-01", "order") for _ in range(2)),
            *(act("one_order", "2025-06-01", "order", order_id="o1") for _ in range(2)),
        ]
    )
    twice = EventCondition(("order",), days=365, at_least=2, count="orders")
    lines = EventCondition(("order",), days=365, at_least=2)
    ladder = make_ladder(Stage("lines", NAME, reached_by(lines)), Stage("orders", NAME, reached_by(twice)))
    stages = assign_stages(events, ladder, AS_OF)
    assert tables.rows(stages, "user_id", "stage") == [("loose", "orders"), ("one_order", "lines")]


def test_an_event_without_a_brand_is_neither_own_nor_rival(tables):
    events = tables.events([tables.act("a", "2025-12-30", "view", brand=None)])
    stages = [
        Stage(side, NAME, reached_by(EventCondition(("view",), 30, brand=side))) for side in ("own", "rival")
    ]
    answer = assign_stages(events, make_ladder(*stages), AS_OF, scope=OWN)
    assert tables.rows(answer, "user_id", "stage") == [("a", "(none)")]
    everything = assign_stages(events, make_ladder(*stages), AS_OF, scope=Scope(own_brands=None))
    assert tables.rows(everything, "user_id", "stage") == [("a", "own")]


def test_a_condition_of_its_own_categories_overrides_the_scope(tables):
    events = tables.events([tables.act("a", "2025-12-30", "view", "门锁")])
    scope = Scope(categories=frozenset({"空调"}))
    for categories, expected in [((), "(none)"), (("门锁",), "A1")]:
        ladder = make_ladder(
            Stage("A1", NAME, reached_by(EventCondition(("view",), 30, categories=categories)))
        )
        answer = assign_stages(events, ladder, AS_OF, scope=scope)
        assert tables.rows(answer, "user_id", "stage") == [("a", expected)]


def test_what_did_not_happen_can_be_asked_for(tables):
    events = tables.events(
        [
            tables.act("lapsed", "2025-01-05", "view"),
            tables.act("buyer", "2025-12-30", "view"),
            tables.act("buyer", "2025-12-30", "order", order_id="o1"),
        ]
    )
    rule = reached_by(
        EventCondition(("view",), 365),
        EventCondition(("order",), 365, 0, 0),
    )
    answer = assign_stages(events, make_ladder(Stage("wanted", NAME, rule)), AS_OF)
    assert tables.rows(answer, "user_id", "stage") == [("buyer", "(none)"), ("lapsed", "wanted")]


def test_no_days_look_at_everything_before(tables):
    events = tables.events(
        [tables.act("a", "1999-01-01", "order"), tables.act("b", "2026-01-01T00:00:00", "order")]
    )
    ladder = make_ladder(
        Stage("I", NAME, reached_by(EventCondition(("view",), 30))),
        Stage("P", NAME, reached_by(EventCondition(("order",)))),
    )
    assert tables.rows(assign_stages(events, ladder, AS_OF), "user_id", "stage") == [("a", "P")]


def test_a_ladder_of_tags_alone(tables):
    ladder = make_ladder(
        Stage("gold", NAME, reached_by(TagCondition("会员", ("金卡",)), TagCondition("机型", brand="rival")))
    )
    tags = tables.tags(
        [("a", "会员", "金卡"), ("a", "机型", "Apple"), ("b", "会员", "金卡"), ("b", "机型", None)]
    )
    answer = assign_stages(tables.events([]), ladder, AS_OF, tags=tags, scope=OWN)
    assert tables.rows(answer, "user_id", "stage") == [("a", "gold"), ("b", "(none)")]


def test_what_a_ladder_needs_is_asked_for(six_users, shipped_ladder, tables):
    with pytest.raises(ConfigError, match="no brand is named as own"):
        assign_stages(six_users, shipped_ladder("o5a"), AS_OF)
    with pytest.raises(ConfigError, match="there is no tags table"):
        assign_stages(six_users, shipped_ladder("a4"), AS_OF, scope=OWN)
    with pytest.raises(NotFoundError, match="No user has the tag '品牌会员'; known: 等级"):
        assign_stages(
            six_users, shipped_ladder("a4"), AS_OF, tags=tables.tags([("a", "等级", "1")]), scope=OWN
        )
    phones = tables.tags([("a", "当前手机品牌", "Apple")])
    with pytest.raises(ConfigError, match="whether a tag names an own brand"):
        assign_stages(six_users, shipped_ladder("device_holder"), AS_OF, tags=phones)
    ages = make_ladder(Stage("A", NAME, reached_by(EventCondition(("view",), 900_000))))
    with pytest.raises(ConfigError, match="before year 1"):
        assign_stages(six_users, ages, AS_OF)


def test_broken_tables_are_refused(six_users, shipped_ladder):
    with pytest.raises(DataError, match="events lacks brand"):
        assign_stages(six_users.drop("brand"), shipped_ladder("o5a"), AS_OF, scope=OWN)
    with pytest.raises(DataError, match="users lacks user_id"):
        assign_stages(
            six_users,
            shipped_ladder("o5a"),
            AS_OF,
            ibis.memtable(pa.table({"id": ["a"]})),
            scope=OWN,
        )
    zoned = six_users.mutate(event_at=six_users["event_at"].cast("timestamp('UTC')"))
    with pytest.raises(DataError, match="without time zone"):
        assign_stages(zoned, shipped_ladder("o5a"), AS_OF, scope=OWN)


def test_the_answer_fits_the_flow_between_two_dates(six_users, shipped_ladder):
    ladder = shipped_ladder("o5a")
    dates = (date(2025, 9, 1), AS_OF)
    then, now = (assign_stages(six_users, ladder, day, scope=OWN) for day in dates)
    cells = stage_flow(then, now, dates=dates, order=ladder.order).cells
    moved = cells[cells["n_users"] > 0].set_index(["from_stage", "to_stage"])["n_users"].to_dict()
    assert moved[("A4", "A5")] == 1  # advocate
    assert moved[("A5", "A4")] == 1  # buyer, whose first order left the window


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(-2, 60),
            st.sampled_from(("view", "cart", "order", "ad_exposure")),
            st.sampled_from(("米家", "石头", None)),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_stages_are_what_a_plain_loop_finds(tables, shipped_ladder, rows):
    midnight = datetime(2026, 1, 1)
    events = [
        {**tables.act(user, midnight - timedelta(days=ago), kind, brand=brand), "order_id": f"o{i}"}
        for i, (user, ago, kind, brand) in enumerate(rows)
    ]

    def stage_of(user):
        seen = [(kind, brand) for who, ago, kind, brand in rows if who == user and 1 <= ago <= 30]
        own = [kind for kind, brand in seen if brand == "米家"]
        orders = [
            ago
            for who, ago, kind, brand in rows
            if (who, kind, brand) == (user, "order", "米家") and ago >= 1
        ]
        kinds = [kind for kind, _ in seen]
        if len(orders) >= 2:
            return "A5"
        if orders:
            return "A4"
        if "view" in own or "cart" in own:
            return "A3"
        if "ad_exposure" in own:
            return "A1"
        return "O" if "cart" in kinds or kinds.count("view") >= 2 else "(none)"

    users = ibis.memtable(pa.table({"user_id": list("abc")}))
    answer = assign_stages(tables.events(events), shipped_ladder("o5a"), AS_OF, users, scope=OWN)
    assert dict(tables.rows(answer, "user_id", "stage")) == {user: stage_of(user) for user in "abc"}
