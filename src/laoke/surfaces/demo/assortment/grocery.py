"""Staples, snacks and drinks."""

from __future__ import annotations

from .families import Department, Family, Shelf, variants

# One family a line reads like a price list; the formatter would make a column of it.
# fmt: off

DEPARTMENTS = (
    Department("03", "粮油调味", "Staples and seasoning", (
        Shelf("0301", "大米杂粮", "Rice and grains", (0.4, 0.7, 0.75, 0.95, 1.15), (
                Family("rice", "大米", "rice", 3990, "5kg", ("daopu", "lixiang", "own"),
                       variants("东北长粒香 long-grain, 五常稻花香 Wuchang 150, 丝苗 jasmine 105"),
                       margin="low", cycle_days=32),
                Family("grain", "", "", 1290, "1kg", ("daopu", "own"),
                       variants("小米 millet, 燕麦片 oats 120, 红豆 red beans 110"), liked=0.6),
            )),
        Shelf("0302", "面粉面条", "Flour and noodles", (1, 1.3, 1.3, 1.5, 2.1), (
                Family("noodles", "挂面", "dried noodles", 890, "900g", ("maijing", "own"),
                       variants("龙须 fine, 鸡蛋 egg 110, 荞麦 buckwheat 135"), margin="low"),
                Family("flour", "面粉", "flour", 1490, "2.5kg", ("maijing", "own"),
                       variants("中筋 plain, 高筋 strong 115"), margin="low", cycle_days=45, liked=0.5),
            )),
        Shelf("0303", "食用油", "Cooking oil", (0.2, 0.4, 0.4, 0.5, 0.6), (
                Family("oil", "油", "oil", 6990, "5L", ("zhafang", "jinpo", "lixiang"),
                       variants("花生 peanut 175, 玉米 corn, 菜籽 rapeseed 95, 葵花籽 sunflower 108"),
                       margin="low", cycle_days=55),
            ), seasons={"spring_festival": 1}),
        Shelf("0304", "酱醋调料", "Sauces and spices", (1.9, 2.1, 1.8, 2, 2.2), (
                Family("soy", "酱油", "soy sauce", 1190, "800ml", ("jiangan", "own", "lixiang"),
                       variants("生抽 light, 老抽 dark"), cycle_days=50),
                Family("vinegar", "醋", "vinegar", 790, "500ml", ("jiangan", "own"),
                       variants("香 fragrant, 陈 aged 120")),
                Family("spice", "", "", 690, "100g", ("jiaoao", "own"),
                       variants("花椒 Sichuan pepper 170, 白胡椒粉 white pepper 150, "
                                "五香粉 five-spice, 鸡精 bouillon")),
                Family("chilli", "", "", 1090, "280g", ("jiaoao", "jiangan"),
                       variants("香菇牛肉酱 beef and shiitake sauce 115, 豆瓣酱 bean paste, "
                                "油泼辣子 chilli oil")),
            )),
        Shelf("0305", "火锅底料", "Hot pot bases", (1, 0.9, 0.6, 0.8, 0.3), (
                Family("hotpot", "火锅底料", "hot pot base", 1290, "400g", ("jiaoao", "own"),
                       variants("牛油麻辣 spicy, 番茄 tomato, 菌汤 mushroom"), margin="high"),
            ), seasons={"winter": 0.8, "spring_festival": 0.4}),
        Shelf("0306", "方便速食", "Instant food", (3, 1.7, 1.2, 1.8, 0.8), (
                Family("instant", "方便面", "instant noodles", 1490, "105g*5", ("maijing", "own"),
                       variants("红烧牛肉 braised beef, 老坛酸菜 pickled, 番茄鸡蛋 tomato")),
                Family("ricenoodle", "螺蛳粉", "river-snail noodles", 1290, "330g", ("jiaoao",),
                       variants("原味 original, 加辣 extra hot")),
                Family("selfheat", "自热饭", "self-heating rice", 1890, "420g", ("maijing",),
                       variants("广式腊味 sausage, 鱼香肉丝 pork 105"), margin="high"),
            )),
    )),
    Department("04", "休闲食品", "Snacks", (
        Shelf("0401", "饼干糕点", "Biscuits", (3.4, 3, 3.3, 4.8, 2.5), (
                Family("biscuit", "饼干", "biscuits", 990, "300g", ("gabeng", "tangyu", "own"),
                       variants("苏打 cream cracker, 夹心 sandwich 120, 全麦 wholemeal 115")),
                Family("pastry", "酥饼", "pastry", 1590, "350g", ("gabeng", "shanhe"),
                       variants("绿豆 mung bean, 凤梨 pineapple 125"), margin="high"),
            ), seasons={"spring_festival": 0.6}),
        Shelf("0402", "坚果炒货", "Nuts", (2.2, 2.4, 2, 2.7, 2.7), (
                Family("nuts", "", "", 2690, "250g", ("shanhe", "own", "tangyu"),
                       variants("每日坚果 mixed nuts 130, 碧根果 pecans, 开心果 pistachios 140, "
                                "葵花籽 sunflower seeds 45"), margin="high"),
            ), seasons={"spring_festival": 2.2}),
        Shelf("0403", "膨化薯片", "Crisps", (3.6, 2.4, 1.8, 3.9, 0.45), (
                Family("crisps", "薯片", "potato crisps", 790, "104g", ("gabeng", "tangyu"),
                       variants("原味 salted, 黄瓜 cucumber, 烧烤 barbecue")),
                Family("seaweed", "海苔", "seaweed", 1290, "30g", ("shanhe",),
                       variants("原味 original, 芝麻 sesame 110"), margin="high"),
            )),
        Shelf("0404", "糖果巧克力", "Sweets and chocolate", (2, 1.7, 1.4, 2.8, 0.75), (
                Family("sweets", "糖", "sweets", 1190, "228g", ("tangyu", "gabeng"),
                       variants("牛轧 nougat 140, 水果软 fruit gums, 薄荷 mint")),
                Family("chocolate", "巧克力", "chocolate", 2290, "160g", ("tangyu",),
                       variants("牛奶 milk, 黑 dark 110, 榛子 hazelnut 125"), margin="high"),
            ), seasons={"spring_festival": 1.8, "winter": 0.25}),
        Shelf("0405", "肉脯卤味零食", "Meat snacks", (2.5, 1.8, 1.4, 2.1, 0.75), (
                Family("jerky", "", "", 1990, "200g", ("shanhe", "gabeng"),
                       variants("猪肉脯 pork jerky, 牛肉干 beef jerky 165, 鸭脖 duck neck 95, "
                                "豆干 dried tofu 55"), margin="high"),
            )),
        Shelf("0406", "节令礼盒", "Gift boxes", (0.12, 0.22, 0.2, 0.25, 0.3), (
                Family("gift_nuts", "坚果礼盒", "nut gift box", 12800, "1.5kg", ("shanhe", "tangyu"),
                       margin="high"),
                Family("gift_tea", "茶礼盒", "tea gift box", 19800, "250g", ("chayu",),
                       variants("龙井 Longjing 140, 红 black"), margin="high", liked=0.5),
            ), seasons={"spring_festival": 9, "mid_autumn": 2}, regret=1.6),
        Shelf("0407", "中秋月饼", "Mooncakes", (5, 7, 7, 8, 9), (
                Family("mooncake", "月饼", "mooncakes", 890, "100g", ("maichuang", "own"),
                       variants("豆沙 red bean, 蛋黄莲蓉 lotus and yolk 130"), margin="high"),
                Family("mooncake_box", "月饼礼盒", "mooncake gift box", 12800, "720g", ("maichuang", "tangyu"),
                       variants("广式 Cantonese, 流心 custard 130"), margin="high", liked=0.7),
            ), seasons={"only_mid_autumn": 1}, regret=1.6),
    )),
    Department("05", "酒水饮料", "Drinks", (
        Shelf("0501", "饮用水", "Water", (1.9, 1.4, 1.6, 1.7, 0.8), (
                Family("water", "水", "water", 1890, "550ml*12", ("quanao", "own"),
                       variants("天然山泉 spring, 天然矿泉 mineral 125"), margin="low"),
                Family("water_big", "饮用水", "drinking water", 1290, "5L", ("quanao", "own"),
                       margin="low"),
            ), seasons={"summer": 0.45}),
        Shelf("0502", "茶饮果汁", "Tea drinks and juice", (2.7, 1.7, 1.3, 2.5, 0.6), (
                Family("teadrink", "茶饮", "iced tea", 490, "500ml", ("chayu", "qipao"),
                       variants("无糖乌龙 sugar-free oolong 120, 柠檬 lemon, 茉莉 jasmine 110")),
                Family("juice", "汁", "juice", 1490, "1L", ("quanao", "own"),
                       variants("NFC橙 orange, 苹果 apple 90, 椰 coconut 105"), margin="high"),
            ), seasons={"summer": 0.5}),
        Shelf("0503", "碳酸与功能饮料", "Soft drinks", (2.3, 1.3, 0.8, 2.1, 0.3), (
                Family("soda", "气泡水", "sparkling water", 1990, "330ml*6", ("qipao", "own"),
                       variants("白桃 peach, 青柠 lime, 海盐 sea salt")),
                Family("cola", "可乐", "cola", 1390, "330ml*6", ("qipao",),
                       variants("经典 classic, 零度 zero")),
                Family("energy", "能量饮料", "energy drink", 690, "500ml", ("qipao",),
                       margin="high", liked=0.6),
            ), seasons={"summer": 0.6}),
        Shelf("0504", "咖啡", "Coffee", (0.84, 0.7, 0.35, 0.42, 0.07), (
                Family("coffee_bean", "咖啡豆", "coffee beans", 6200, "454g", ("douan", "shibei"),
                       variants("意式拼配 espresso blend, 云南日晒 Yunnan natural 120"),
                       margin="high", cycle_days=24),
                Family("coffee_instant", "冻干咖啡", "freeze-dried coffee",
                       4690, "2g*24", ("shibei", "douan", "own"), margin="high", cycle_days=21),
                Family("coffee_latte", "即饮拿铁", "bottled latte", 890, "300ml", ("shibei",),
                       variants("原味 plain, 生椰 coconut 112"), margin="high"),
            )),
        Shelf("0505", "茶叶冲饮", "Tea and instant drinks", (0.39, 0.39, 0.33, 0.44, 0.77), (
                Family("tea", "茶", "tea", 5800, "125g", ("chayu",),
                       variants("茉莉花 jasmine 80, 铁观音 Tieguanyin, 普洱 Pu'er 115, "
                                "菊花 chrysanthemum 65"), margin="high"),
                Family("cereal", "", "", 2490, "600g", ("own", "kangwu"),
                       variants("黑芝麻糊 sesame paste, 豆浆粉 soy drink 90, 藕粉 lotus root powder 130")),
            )),
        Shelf("0506", "啤酒", "Beer", (0.66, 0.55, 0.28, 0.44, 0.39), (
                Family("beer", "啤酒", "beer", 3290, "500ml*9", ("maifang", "own"),
                       variants("清爽 light 85, 原浆 unfiltered 130, 小麦 wheat 120")),
            ), seasons={"summer": 0.7}),
        Shelf("0507", "白酒黄酒葡萄酒", "Spirits and wine", (0.14, 0.22, 0.14, 0.22, 0.33), (
                Family("baijiu", "白酒", "baijiu", 15800, "500ml", ("nuoxiang", "maifang"),
                       variants("浓香 strong-aroma, 清香 light-aroma 70")),
                Family("huangjiu", "黄酒", "rice wine", 2890, "500ml", ("nuoxiang",),
                       variants("三年陈 3-year, 五年陈 5-year 140")),
                Family("wine", "干红", "red wine", 6900, "750ml", ("nuoxiang",), margin="high", liked=0.5),
            ), seasons={"spring_festival": 2.5, "winter": 0.2}),
    )),
)
