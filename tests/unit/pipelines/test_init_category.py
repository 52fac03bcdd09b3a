"""Tables of items, tags and the market are drafted beside users and events."""

import json

import pandas as pd
import pytest
import yaml

from pipelines.init_category import guess_category_table
from tests.integration.shop import run_personas


@pytest.mark.parametrize(
    ("columns", "table"),
    [
        (["商品ID", "品类", "品牌", "价格", "事业部", "是否本品"], "items"),
        (["sku", "own brand", "note"], "items"),
        (["用户ID", "标签", "值", "来源"], "tags"),
        (["起始日", "截止日", "品类", "品牌", "人群", "购买人数", "订单数", "成交金额"], "market"),
        (["period_start", "category", "buyers"], "market"),
        (["uid", "at", "sku", "price", "amount"], None),  # orders tell prices, too
        (["uid", "age", "tag"], None),
        (["sku", "category"], None),
        ([], None),
    ],
)
def test_a_table_is_known_by_what_only_it_has(columns, table):
    guess = guess_category_table(columns)
    assert (guess.table if guess else None) == table


def test_a_column_serves_once_and_the_rest_is_left_out_with_a_reason():
    guess = guess_category_table(["sku", "item id", "price", "unit price", "colour"])
    assert guess.mapping.columns == {"item_id": "item id", "price": "price"}
    assert [(c.source, c.target) for c in guess.columns if not c.target] == [
        ("sku", ""), ("unit price", ""), ("colour", ""),
    ]  # fmt: skip
    assert all("has no such column" in c.reason for c in guess.columns if not c.target)


def test_the_drafted_config_reads_all_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    users = [f"u{i}" for i in range(30)]
    tables = {
        "users": {"用户ID": users, "年龄": range(20, 50), "性别": ["男", "女"] * 15},
        "orders": {"用户ID": users, "下单时间": "2025-05-01", "商品ID": "s1", "金额": 900.0, "订单号": users},
        "goods": {
            "商品ID": ["s1", "s2"],
            "品类": ["门锁", "猫眼"],
            "价格": [900.0, 300.0],
            "是否本品": ["是", "否"],
        },
        "tags": {"用户ID": users, "标签": "有车一族", "值": "是"},
        "market": {"起始日": ["2025-01-01"], "截止日": "2026-01-01", "品类": "门锁", "购买人数": 1000},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(f"{name}.csv", index=False)
    answer = run_personas("init", *(f"{name}.csv" for name in reversed(tables)), "--output", "drafted.yaml")
    assert answer.code == 0, answer.err
    drafted = (tmp_path / "drafted.yaml").read_text(encoding="utf-8")
    assert "gender: {女: female, 男: male}   # guessed: what each value stands for" in drafted
    sources = yaml.safe_load(drafted)["sources"]
    assert list(sources) == ["users", "events", "items", "tags", "market"]
    assert sources["market"]["columns"] == {
        "period_start": "起始日", "period_end": "截止日", "category": "品类", "buyers": "购买人数",
    }  # fmt: skip
    found = run_personas("category", "attach", "drafted.yaml", "--as-of", "2025-12-01", "--json")
    assert found.code == 0, found.err
    assert json.loads(found.out)["verb"] == "attach"
