"""Words that columns and values go by, in Chinese and in English; used to draft a mapping."""

from __future__ import annotations

import re

from personas.schema.base import Block, Text
from personas.schema.levels import LEVELS

_USER_ID = (
    *("user id", "customer id", "customer key", "household id", "household key", "member id"),
    *("client id", "account id", "buyer id", "cust id", "uid", "user", "customer", "member no"),
    *("用户ID", "用户编号", "会员号", "会员ID", "会员编号", "会员卡号", "客户ID", "客户编号"),
    *("客户号", "买家ID", "用户PIN", "用户"),
)

COLUMN_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "users": {
        "user_id": _USER_ID,
        "age": ("age", "age years", "年龄", "周岁"),
        "age_band": ("age band", "age group", "age range", "age", "年龄段", "年龄区间", "年龄分段", "年龄"),
        "birth_date": (
            *("birth date", "date of birth", "birthdate", "birthday", "dob"),
            *("出生日期", "生日", "出生年月日"),
        ),
        "gender": ("gender", "sex", "性别"),
        "marital_status": ("marital status", "marriage", "婚姻状况", "婚姻状态", "婚姻"),
        "education": (
            *("education", "education level", "degree"),
            *("学历", "教育程度", "文化程度", "受教育程度"),
        ),
        "membership_value": (
            *("membership value", "member value", "loyalty points", "member points", "points"),
            *("京享值", "会员成长值", "成长值", "会员积分", "积分"),
        ),
        "membership_level": (
            *("membership level", "member level", "membership tier", "loyalty tier", "vip level"),
            *("会员等级", "会员级别"),
        ),
        "city_tier": (
            *("city tier", "city level", "tier"),
            *("城市线级", "线级", "城市等级", "城市级别", "城市分级"),
        ),
        "target_group": ("target group", "十大靶群", "靶群", "靶群人群"),
    },
    "events": {
        "user_id": _USER_ID,
        "event_at": (
            *("event at", "event time", "event timestamp", "transaction timestamp", "order date"),
            *("order time", "ordered at", "purchase date", "transaction date", "invoice date"),
            *("created at", "timestamp", "datetime", "date", "time"),
            *("下单时间", "下单日期", "购买时间", "订单时间", "订单日期", "支付时间", "付款时间"),
            *("行为时间", "时间", "日期"),
        ),
        "event_type": (
            *("event type", "event name", "event", "action type", "action", "behavior type"),
            *("behaviour type", "behavior", "behaviour"),
            *("行为类型", "事件类型", "操作类型", "行为", "事件"),
        ),
        "category": (
            *("三级类目", "三级品类", "subcategory name", "sub category", "subcategory"),
            *("product category", "item category", "category", "category name"),
            *("类目", "品类", "商品类目", "商品品类", "品类名称", "类目名称", "类别"),
            *("二级类目", "二级品类", "一级类目", "一级品类", "department"),
        ),
        "amount": (
            *("amount", "line total", "sales value", "sales amount", "net sales", "sales", "revenue"),
            *("total price", "extended price", "payment", "gmv", "spend"),
            *("实付金额", "支付金额", "成交金额", "消费金额", "销售金额", "销售额", "金额", "订单金额"),
        ),
        "quantity": (
            *("quantity", "order quantity", "qty", "units"),
            *("数量", "购买数量", "商品数量", "购买件数", "件数", "销量"),
        ),
        "order_id": (
            *("order id", "order number", "order no", "basket id", "transaction id"),
            *("invoice no", "invoice number", "invoice id", "invoice"),
            *("订单号", "订单编号", "订单ID", "单号"),
        ),
        "item_id": (
            *("item id", "product id", "product key", "sku id", "sku", "stock code", "article id"),
            *("商品ID", "商品编号", "SKU编号", "货号"),
        ),
        "brand": ("brand", "brand name", "品牌", "品牌名称"),
    },
    "identifiers": {
        "user_id": _USER_ID,
        "email": ("email", "e mail", "email address", "mail", "邮箱", "电子邮箱", "电子邮件"),
        "phone": (
            *("phone", "phone number", "mobile", "mobile number", "cellphone", "telephone", "tel"),
            *("手机号", "手机号码", "手机", "电话", "联系电话"),
        ),
        "imei": ("imei",),
        "idfa": ("idfa",),
        "gaid": ("gaid", "google advertising id", "advertising id", "adid", "aaid"),
        "oaid": ("oaid",),
        "mac": ("mac", "mac address", "mac地址"),
        "openid": ("openid", "open id", "wechat openid", "微信openid"),
    },
    "consents": {
        "user_id": _USER_ID,
        "consent_marketing": (
            *("consent marketing", "marketing consent", "marketing opt in"),
            *("营销同意", "同意营销", "营销授权"),
        ),
        "consent_share_3p": (
            *("consent share 3p", "third party consent", "share third party"),
            *("第三方共享同意", "同意第三方共享", "第三方共享授权"),
        ),
        "consent_profiling": (
            *("consent profiling", "profiling consent", "personalisation consent"),
            *(
                "personalization consent",
                "个性化推荐同意",
                "同意个性化推荐",
                "画像授权",
                "画像同意",
                "同意画像",
            ),
        ),
        "opt_out": ("opt out", "unsubscribed", "unsubscribe", "do not contact", "退订", "拒绝营销"),
        "erasure_requested": (
            *("erasure requested", "deletion requested", "delete request"),
            *("申请删除", "删除申请", "注销申请"),
        ),
        "is_minor": ("is minor", "minor", "是否未成年", "未成年", "未成年人"),
        "jurisdiction": ("jurisdiction", "country", "法域", "国家", "国家地区"),
    },
}
"""Table -> canonical column -> names that sources give it, the most telling first."""

LEVEL_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "gender": {
        "female": ("女", "女性", "女士", "f", "female", "woman"),
        "male": ("男", "男性", "先生", "m", "male", "man"),
        "other": ("其他", "other", "non-binary"),
    },
    "marital_status": {
        "married": ("已婚", "m", "married"),
        "unmarried": ("未婚", "单身", "s", "single", "unmarried", "never married"),
        "divorced": ("离异", "离婚", "d", "divorced"),
        "widowed": ("丧偶", "w", "widowed"),
    },
    "education": {
        "primary": ("小学", "小学及以下", "primary", "primary school", "elementary school"),
        "junior_high": (
            *("初中", "junior high", "junior high school", "middle school"),
            *("partial high school", "some high school"),
        ),
        "high_school": ("高中", "高中/中专", "中专", "职高", "技校", "high school", "secondary school"),
        "college": (
            *("大专", "专科", "高职", "college", "associate", "associate degree"),
            *("partial college", "some college", "junior college"),
        ),
        "bachelor": (
            *("本科", "大学", "大学本科", "学士", "大学及以上"),
            *("bachelor", "bachelors", "bachelor's degree", "undergraduate"),
        ),
        "postgraduate": (
            *("硕士", "博士", "研究生", "硕士及以上", "研究生及以上", "博士及以上"),
            *("master", "masters", "master's degree", "phd", "doctorate", "postgraduate"),
            *("graduate degree", "mba"),
        ),
    },
    "city_tier": {
        f"T{n}": (
            f"{zh}线",
            f"{zh}线城市",
            f"{n}线",
            f"{n}线城市",
            f"T{n}",
            f"tier {n}",
            f"tier {n} city",
            str(n),
        )
        for n, zh in enumerate("一二三四五六", start=1)
    },
    "target_group": {name: (name,) for name in LEVELS["target_group"]},
    "event_type": {
        "view": ("浏览", "点击", "view", "page view", "pageview", "pv", "browse", "click"),
        "search": ("搜索", "search"),
        "cart": ("加购", "加购物车", "加入购物车", "cart", "add to cart", "addtocart"),
        "favourite": ("收藏", "关注", "favourite", "favorite", "fav", "wishlist", "add to wishlist"),
        "order": ("下单", "购买", "支付", "成交", "order", "buy", "purchase", "transaction"),
        "return": ("退货", "退款", "return", "refund"),
        "review": ("评价", "评论", "review", "rating"),
        "ad_exposure": ("广告曝光", "曝光", "ad exposure", "impression", "ad impression"),
        "ad_click": ("广告点击", "ad click"),
    },
}
"""Canonical column -> level -> words that sources use for it.

JD.com's reports know a tier ``六线-1``, an artefact that is read as the sixth tier.
"""

LEVEL_WORDS["city_tier"]["T6"] += ("六线-1",)

APPROXIMATE_WORDS: frozenset[str] = frozenset(
    {
        "partial high school",
        "some high school",
        "partial college",
        "some college",
        "大学及以上",
        "中专",
        "高中/中专",
    }
)
"""Words whose level is the nearest one, not the same one."""

MISSING_WORDS: tuple[str, ...] = (
    *("unknown", "not stated", "n/a", "na", "null", "none", "-", "--", "?"),
    *("未知", "保密", "不详", "未填写", "未填", "无", "空"),
)
"""Words that say that a value of a closed vocabulary is missing."""

YES_NO_WORDS: dict[str, tuple[str, ...]] = {
    "yes": ("yes", "y", "true", "t", "1", "是", "有"),
    "no": ("no", "n", "false", "f", "0", "否", "无", "没有"),
}

_SENSITIVITY = (
    ("不敏感",),
    ("轻度", "轻度敏感"),
    ("中度", "中度敏感"),
    ("高度", "高度敏感"),
    ("极度敏感", "极度", "极度优惠敏感"),
)

SCALES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("收入很少",), ("蓝领",), ("小白领",), ("高级白领",), ("土豪",)),
    _SENSITIVITY,
    (("很低", "极低"), ("低",), ("中", "中等"), ("高",), ("很高", "极高")),
    (("very low",), ("low",), ("medium", "mid"), ("high",), ("very high",)),
    (("never",), ("rarely", "seldom"), ("sometimes",), ("often",), ("always",)),
)
"""Ordered levels, lowest first, each with its spellings; the first one is kept.

The first two are JD.com's purchasing power (购买力) and promotion or review sensitivity (促销敏感度,
评价敏感度).
"""

SCALE_LABELS: dict[str, Text] = {
    level: Text(level, english)
    for level, english in {
        "收入很少": "very low income",
        "蓝领": "blue collar",
        "小白领": "junior white collar",
        "高级白领": "senior white collar",
        "土豪": "very wealthy",
        "不敏感": "not sensitive",
        "轻度": "slightly sensitive",
        "中度": "moderately sensitive",
        "高度": "highly sensitive",
        "极度敏感": "extremely sensitive",
    }.items()
}
"""Level of one of JD.com's scales -> name for people; the English is ours."""

KNOWN_ATTRIBUTES: dict[str, tuple[str, Block, Text]] = {
    "购买力": ("purchasing_power", "worth", Text("购买力", "purchasing power")),
    "促销敏感度": ("promotion_sensitivity", "worth", Text("促销敏感度", "promotion sensitivity")),
    "评价敏感度": ("review_sensitivity", "worth", Text("评价敏感度", "review sensitivity")),
    "职业": ("occupation", "who", Text("职业", "occupation")),
    "occupation": ("occupation", "who", Text("职业", "occupation")),
    "收入": ("income", "worth", Text("收入", "income")),
    "年收入": ("annual_income", "worth", Text("年收入", "annual income")),
    "income": ("income", "worth", Text("收入", "income")),
    "annual income": ("annual_income", "worth", Text("年收入", "annual income")),
    "total children": ("total_children", "who", Text("子女数", "children")),
    "子女数": ("total_children", "who", Text("子女数", "children")),
    "kids count": ("kids_count", "who", Text("子女数", "children")),
    "home owner": ("home_owner", "who", Text("有房", "home owner")),
    "home ownership": ("home_ownership", "who", Text("住房状况", "home ownership")),
    "有房人群": ("home_owner", "who", Text("有房人群", "home owner")),
    "有车一族": ("car_owner", "who", Text("有车一族", "car owner")),
    "household size": ("household_size", "who", Text("家庭人数", "household size")),
    "household comp": ("household_comp", "who", Text("家庭构成", "household composition")),
    "PLUS": ("plus_status", "worth", Text("PLUS会员状态", "PLUS status")),
}
"""Names of further attributes of users -> canonical name, block and label."""

WORTH_WORDS: tuple[str, ...] = (
    *("income", "spend", "spending", "value", "points", "score", "credit", "tier", "level"),
    *("收入", "消费", "购买力", "敏感", "积分", "信用", "等级"),
)
WHAT_WORDS: tuple[str, ...] = (
    *("preference", "prefers", "favourite", "favorite", "category", "brand", "product"),
    *("偏好", "品类", "类目", "品牌", "爱好"),
)
"""Words in the name of an attribute that tell its block; any other attribute says who a user is."""

COUNT_WORDS: tuple[str, ...] = (
    *("count", "number of", "num", "children", "kids", "times", "visits", "orders", "cars"),
    *("次数", "人数", "个数", "数量", "子女数", "天数"),
)

PERSON_WORDS: tuple[str, ...] = (
    *("customer name", "user name", "member name", "first name", "last name", "full name", "nickname"),
    *("address", "street", "zip", "postcode"),
    *("姓名", "昵称", "地址", "身份证", "身份证号", "邮编"),
)
"""Words in a name of a column that holds the name or the address of a person."""

ID_WORDS: tuple[str, ...] = ("id", "key", "code", "no", "number", "uuid", "编号", "编码", "号码", "号")
"""Last words of the name of a column that holds ids."""

_BRACKETED = re.compile(r"[(（\[【].*?[)）\]】]")
_SEPARATORS = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\da-zA-Z_]+")


def plain(text: str) -> str:
    """Return a name or value without case, punctuation, spaces and remarks in brackets.

    Examples
    --------
    >>> plain("Customer_ID"), plain("金额（元）")
    ('customerid', '金额')
    """
    return _SEPARATORS.sub("", _BRACKETED.sub("", text)).casefold()


def tokens(name: str) -> list[str]:
    """Return the words of a name.

    Examples
    --------
    >>> tokens("CustomerKey"), tokens("IMEI_md5"), tokens("会员ID")
    (['customer', 'key'], ['imei', 'md', '5'], ['会员', 'id'])
    """
    return [word.casefold() for word in _TOKEN.findall(_BRACKETED.sub("", name))]


def has_words(name: str, words: str) -> bool:
    """Return whether a name holds words one after another; Chinese has no spaces between words.

    Examples
    --------
    >>> has_words("customer_age", "age"), has_words("average", "age"), has_words("最近下单时间", "下单时间")
    (True, False, True)
    """
    if not words.isascii():
        return plain(words) in plain(name)
    own, asked = tokens(name), tokens(words)
    return any(own[i : i + len(asked)] == asked for i in range(len(own)))
