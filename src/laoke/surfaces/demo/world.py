"""Where 禾邻生活 sells: regions, stores, channels, kinds of tender, reasons for returns."""

from __future__ import annotations

import math
from datetime import date, timedelta

from .types import Channel, Region, Store, Term

NAME, NAME_EN, CURRENCY = "禾邻生活", "Helin Living", "CNY"

CHANNELS = (
    Channel("pos", "门店收银台", "Till", online=False),
    Channel("self", "自助收银", "Self-checkout", online=False),
    Channel("mini", "微信小程序", "Mini-program", online=True),
    Channel("app", "官网/APP", "Website and app", online=True),
)
TENDERS = (
    Term("wechat_pay", "微信支付", "WeChat Pay"),
    Term("alipay", "支付宝", "Alipay"),
    Term("cash", "现金", "Cash"),
    Term("bank_card", "银行卡", "Bank card"),
    Term("quick_pass", "云闪付", "UnionPay QuickPass"),
)
REASONS = (
    Term("quality", "质量问题", "Poor quality"),
    Term("damaged", "包装破损", "Damaged"),
    Term("wrong_item", "买错了", "Bought by mistake"),
    Term("not_needed", "不想要了", "No longer wanted"),
    Term("near_expiry", "临近保质期", "Close to its date"),
)

# Region, then its cities, then neighbourhoods; a street of a neighbourhood names the store.
_PLACES: tuple[tuple[Region, tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]], ...] = (
    (
        Region("east", "华东", "East China"),
        (
            ("上海", "Shanghai", (("徐汇田林", "Tianlin"), ("浦东联洋", "Lianyang"), ("静安大宁", "Daning"))),
            ("杭州", "Hangzhou", (("西湖文新", "Wenxin"), ("滨江长河", "Changhe"), ("拱墅和睦", "Hemu"))),
            (
                "南京",
                "Nanjing",
                (("鼓楼龙江", "Longjiang"), ("建邺奥体", "Aoti"), ("江宁百家湖", "Baijiahu")),
            ),
            ("苏州", "Suzhou", (("园区湖东", "Hudong"), ("姑苏胥江", "Xujiang"), ("高新狮山", "Shishan"))),
        ),
    ),
    (
        Region("south", "华南", "South China"),
        (
            ("广州", "Guangzhou", (("天河员村", "Yuancun"), ("海珠江燕", "Jiangyan"), ("番禺洛溪", "Luoxi"))),
            ("深圳", "Shenzhen", (("南山后海", "Houhai"), ("福田梅林", "Meilin"), ("龙岗坂田", "Bantian"))),
            ("佛山", "Foshan", (("禅城季华", "Jihua"), ("南海千灯湖", "Qiandenghu"))),
        ),
    ),
    (
        Region("north", "华北", "North China"),
        (
            (
                "北京",
                "Beijing",
                (("朝阳望京", "Wangjing"), ("海淀上地", "Shangdi"), ("丰台方庄", "Fangzhuang")),
            ),
            ("天津", "Tianjin", (("南开华苑", "Huayuan"), ("河西梅江", "Meijiang"), ("河东万新", "Wanxin"))),
            ("石家庄", "Shijiazhuang", (("裕华槐底", "Huaidi"), ("长安谈固", "Tangu"))),
        ),
    ),
    (
        Region("central", "华中", "Central China"),
        (
            (
                "武汉",
                "Wuhan",
                (("武昌徐东", "Xudong"), ("汉阳王家湾", "Wangjiawan"), ("光谷关山", "Guanshan")),
            ),
            (
                "长沙",
                "Changsha",
                (("雨花高桥", "Gaoqiao"), ("岳麓咸嘉湖", "Xianjiahu"), ("开福四方坪", "Sifangping")),
            ),
            ("郑州", "Zhengzhou", (("金水文化路", "Wenhua Road"), ("郑东龙湖", "Longhu"))),
        ),
    ),
    (
        Region("west", "西南", "South-West China"),
        (
            (
                "成都",
                "Chengdu",
                (("武侯桐梓林", "Tongzilin"), ("高新中和", "Zhonghe"), ("成华建设路", "Jianshe Road")),
            ),
            (
                "重庆",
                "Chongqing",
                (("渝北龙溪", "Longxi"), ("南岸南坪", "Nanping"), ("江北观音桥", "Guanyinqiao")),
            ),
        ),
    ),
)


def store_count(members: int) -> int:
    """Neighbourhood stores that fit so many members: 12 for 5,000, 42 for 100,000 and more, never below 3."""
    grown: float = 12 * (members / 5_000) ** (math.log(3.5) / math.log(20))
    return max(3, min(42, round(grown)))


def build(members: int, today: date) -> tuple[tuple[Region, ...], tuple[Store, ...]]:
    """The regions and stores of a shop of this size.

    A small shop has three regions, a large one five. Each region has one online store besides, which ships
    the orders of the website and the app. Every store opened before the history begins.
    """
    wanted = store_count(members)
    places = _PLACES[: 3 if wanted <= 20 else 5]
    # City by city in turns: a small chain covers its cities before it fills any of them.
    turns = sorted(
        (turn, place, town)
        for place, (_, towns) in enumerate(places)
        for town, (_, _, spots) in enumerate(towns)
        for turn in range(len(spots))
    )
    chosen = sorted((place, town, turn) for turn, place, town in turns[:wanted])
    stores = []
    for number, (place, town, turn) in enumerate(chosen, start=1):
        region, towns = places[place]
        city, city_en, spots = towns[town]
        spot, spot_en = spots[turn]
        opened = today - timedelta(days=1_100 + number * 137 % 1_900)
        stores.append(
            Store(
                f"S{number:03d}",
                f"{NAME}{city}{spot}店",
                f"{NAME_EN} {city_en} {spot_en}",
                region.code,
                city,
                city_en,
                opened,
                online=False,
            )
        )
    for number, (region, towns) in enumerate(places, start=1):
        city, city_en, _ = towns[0]
        stores.append(
            Store(
                f"E{number:03d}",
                f"{NAME}云店（{region.name}）",
                f"{NAME_EN} Online, {region.name_en}",
                region.code,
                city,
                city_en,
                today - timedelta(days=1_500),
                online=True,
            )
        )
    return tuple(region for region, _ in places), tuple(stores)
