"""Fresh food, dairy, frozen goods and the bakery."""

from __future__ import annotations

from .families import Department, Family, Shelf, variants

# One family a line reads like a price list; the formatter would make a column of it.
# fmt: off

DEPARTMENTS = (
    Department("01", "生鲜", "Fresh food", (
        Shelf("0101", "叶菜花菜", "Leafy vegetables", (12, 18, 17, 22, 30), (
                Family("greens", "", "", 798, "kg", ("",),
                       variants("上海青 Shanghai pak choi, 菠菜 spinach 130, 生菜 lettuce 110, "
                                "空心菜 water spinach 105, 韭菜 Chinese chives 120, "
                                "大白菜 napa cabbage 55, 西兰花 broccoli 145, 芹菜 celery 90, "
                                "油麦菜 romaine 115, 卷心菜 cabbage 60"), typical_milli=420),
            ), regret=0.3),
        Shelf("0102", "根茎瓜果", "Roots and fruit vegetables", (10, 16, 15, 20, 25), (
                Family("roots", "", "", 498, "kg", ("",),
                       variants("土豆 potatoes, 胡萝卜 carrots 105, 白萝卜 white radish 70, "
                                "山药 Chinese yam 260, 莲藕 lotus root 210, 西红柿 tomatoes 180, "
                                "黄瓜 cucumbers 150, 茄子 aubergines 155, 青椒 green peppers 170, "
                                "红薯 sweet potatoes 120, 洋葱 onions 85, 南瓜 pumpkin 80"),
                       typical_milli=620),
            ), regret=0.3),
        Shelf("0103", "菌菇豆制品", "Mushrooms and tofu", (6.8, 9.1, 7.9, 10, 16), (
                Family("tofu", "豆腐", "tofu", 390, "400g", ("own", "fresh"),
                       variants("嫩 soft, 老 firm, 北 northern 105")),
                Family("mushroom", "菇", "mushrooms", 590, "250g", ("fresh",),
                       variants("金针 enoki 80, 香 shiitake 150, 杏鲍 king oyster, 蟹味 crab"),
                       margin="high"),
            ), regret=0.3),
        Shelf("0104", "当季水果", "Fruit", (16, 17, 18, 20, 17), (
                Family("fruit", "", "", 1280, "kg", ("",),
                       variants("红富士苹果 Fuji apples, 香蕉 bananas 65, 砂糖橘 tangerines 105, "
                                "脐橙 navel oranges 98, 皇冠梨 crown pears 85, 巨峰葡萄 grapes 175, "
                                "猕猴桃 kiwi fruit 160, 蜜柚 pomelo 70, 火龙果 dragon fruit 140, "
                                "奶油草莓 strawberries 420"), margin="high", typical_milli=980),
            ), seasons={"spring_festival": 0.8}, regret=0.7),
        Shelf("0105", "瓜类浆果", "Melons and summer fruit", (5.9, 6.4, 6.4, 7.9, 5.9), (
                Family("melon", "", "", 598, "kg", ("",),
                       variants("麒麟西瓜 watermelon, 哈密瓜 Hami melon 170, 水蜜桃 peaches 260, "
                                "荔枝 lychees 420, 杨梅 bayberries 480"), margin="high", typical_milli=1900),
            ), seasons={"summer": 0.95}, regret=0.7),
        Shelf("0106", "猪肉", "Pork", (3.9, 8.9, 8.4, 12, 13), (
                Family("pork", "", "", 3180, "kg", ("",),
                       variants("猪前腿肉 pork shoulder, 五花肉 pork belly 118, 猪里脊 pork loin 125, "
                                "猪肋排 pork ribs 205, 猪肉糜 minced pork 98, 猪筒骨 pork leg bones 75"),
                       margin="low", typical_milli=460),
            ), seasons={"spring_festival": 0.6}, regret=0.3),
        Shelf("0107", "牛羊肉", "Beef and lamb", (3, 4.4, 4.4, 5.7, 3.9), (
                Family("beef", "", "", 7980, "kg", ("",),
                       variants("牛腩 beef brisket, 牛腱子 beef shank 108, "
                                "肥牛卷 sliced fatty beef 115, 羊肉卷 sliced lamb 110, "
                                "羊排 lamb ribs 125"), typical_milli=430),
            ), seasons={"winter": 0.5, "spring_festival": 0.8}, regret=0.3),
        Shelf("0108", "禽肉", "Poultry", (4.2, 5.4, 5.4, 6.9, 5.9), (
                Family("poultry", "", "", 2380, "kg", ("",),
                       variants("三黄鸡 yellow chicken, 鸡胸肉 chicken breast 90, "
                                "鸡翅中 chicken wings 185, 鸡腿 drumsticks 95, 老鸭 duck 120"),
                       typical_milli=620),
            ), seasons={"spring_festival": 0.5}, regret=0.3),
        Shelf("0109", "鲜蛋", "Eggs", (4.4, 6.2, 6.7, 8.1, 8.9), (
                Family("eggs", "鲜鸡蛋", "fresh eggs", 1890, "15egg", ("own", "fresh", "yard"),
                       margin="low", cycle_days=10),
                Family("eggs30", "鲜鸡蛋", "fresh eggs", 3290, "30egg", ("own", "fresh"),
                       margin="low", cycle_days=18),
            ), regret=0.6),
        Shelf("0110", "水产海鲜", "Fish and seafood", (2.2, 4.2, 4.4, 5.4, 6.2), (
                Family("fish", "", "", 4180, "kg", ("",),
                       variants("鲈鱼 sea bass, 草鱼 grass carp 58, 基围虾 prawns 195, "
                                "带鱼 hairtail 110, 花蛤 clams 55, 三文鱼 salmon 380"), typical_milli=560),
            ), seasons={"spring_festival": 0.8}, regret=0.4),
    )),
    Department("02", "乳品冷冻", "Dairy and frozen", (
        Shelf("0201", "低温鲜奶", "Fresh milk", (3, 3.3, 3.6, 4.6, 3), (
                Family("milk_fresh", "鲜牛奶", "fresh milk", 1690, "950ml", ("xipan", "yunling", "chenniu"),
                       variants("全脂 whole, 低脂 low-fat, A2 A2 125"), margin="low", cycle_days=5),
            )),
        Shelf("0202", "常温奶", "Long-life milk", (1.4, 1.8, 1.8, 3, 2.4), (
                Family("milk_box", "纯牛奶", "milk", 5490, "250ml*16", ("xipan", "yunling", "chenniu"),
                       variants("全脂 whole, 高钙 high-calcium 108"), margin="low", cycle_days=16),
                Family("milk_kids", "儿童成长牛奶", "children's milk", 4990, "190ml*12", ("xipan", "yunling"),
                       cycle_days=12, liked=0.5),
            ), seasons={"spring_festival": 0.9}),
        Shelf("0203", "酸奶", "Yoghurt", (3.2, 3, 3.2, 3.8, 1.8), (
                Family("yoghurt", "酸奶", "yoghurt", 1590, "100g*8", ("xipan", "yunling", "chenniu"),
                       variants("原味 plain, 草莓 strawberry, 黄桃 peach"), cycle_days=8),
                Family("yoghurt_cup", "希腊酸奶", "Greek yoghurt", 1290, "280g", ("yunling",),
                       variants("原味 plain, 蓝莓 blueberry 108"), margin="high"),
            )),
        Shelf("0204", "速冻面点", "Frozen dumplings and buns", (2.2, 1.8, 1.8, 2.4, 1.4), (
                Family("dumplings", "水饺", "dumplings", 2290, "800g", ("xuexiang", "jiaoli"),
                       variants("猪肉白菜 pork and cabbage, 韭菜鸡蛋 chive and egg 95, "
                                "虾仁三鲜 prawn 130")),
                Family("buns", "包子", "steamed buns", 1490, "540g", ("xuexiang", "own"),
                       variants("鲜肉 pork 115, 奶黄 custard, 香菇青菜 vegetable")),
                Family("tangyuan", "汤圆", "sweet rice balls", 1390, "500g", ("xuexiang", "jiaoli"),
                       variants("黑芝麻 sesame, 花生 peanut"), liked=0.4),
            ), seasons={"winter": 0.4, "spring_festival": 0.8}),
        Shelf("0205", "火锅丸滑", "Hot pot balls", (1.4, 1.3, 0.9, 1.3, 0.5), (
                Family("balls", "丸", "balls", 1990, "400g", ("xuexiang", "own"),
                       variants("牛筋 beef, 鱼籽 fish roe, 虾 prawn 125, 撒尿 juicy")),
            ), seasons={"winter": 0.75, "spring_festival": 0.5}),
        Shelf("0206", "冰淇淋", "Ice cream", (2.2, 1.6, 1.5, 2.8, 0.4), (
                Family("ice", "冰淇淋", "ice cream", 1990, "75g*6", ("tangyu", "xuexiang", "own"),
                       variants("香草 vanilla, 巧克力 chocolate, 绿豆 mung bean 70"), margin="high"),
            ), seasons={"summer": 0.9}),
    )),
    Department("06", "烘焙熟食", "Bakery and deli", (
        Shelf("0601", "现烤面包", "Bread", (6.1, 5.4, 5.4, 6.9, 3.2), (
                Family("toast", "吐司", "toast loaf", 1280, "400g", ("maichuang", "own"),
                       variants("北海道 milk, 全麦 wholemeal 110"), margin="high"),
                Family("roll", "面包", "bread", 880, "180g", ("maichuang",),
                       variants("肉松 pork floss 120, 红豆 red bean, 牛角 croissant 130, "
                                "法棍 baguette 110, 蔓越莓 cranberry 140"), margin="high"),
            )),
        Shelf("0602", "蛋糕甜点", "Cakes", (2.5, 2.3, 1.9, 3, 0.94), (
                Family("cake", "蛋糕", "cake", 1880, "1piece", ("maichuang",),
                       variants("提拉米苏 tiramisu 130, 瑞士卷 Swiss roll, 巴斯克 Basque 140, "
                                "戚风 chiffon 90"), margin="high"),
                Family("birthday_cake", "生日蛋糕", "birthday cake", 16800, "1piece", ("maichuang",),
                       variants("6寸 6-inch, 8寸 8-inch 140"), margin="high", liked=0.05),
            )),
        Shelf("0603", "熟食卤味", "Deli", (2.7, 2.7, 1.9, 2.8, 3.4), (
                Family("deli", "", "", 5980, "kg", ("",),
                       variants("酱牛肉 braised beef 190, 烤鸭 roast duck, 卤鸡爪 chicken feet 95, "
                                "凉拌三丝 vegetable salad 45, 口水鸡 chilli chicken 85"),
                       margin="high", typical_milli=330),
            ), seasons={"spring_festival": 0.5}, regret=0.3),
        Shelf("0604", "早餐点心", "Breakfast", (4.6, 3.4, 2.9, 3.8, 3.6), (
                Family("breakfast", "", "", 350, "1piece", ("",),
                       variants("鲜肉大包 pork bun, 豆浆 soy milk 90, 茶叶蛋 tea egg 60, "
                                "糯米饭团 rice roll 190, 葱油饼 scallion pancake 140"), margin="high"),
            )),
    )),
)
