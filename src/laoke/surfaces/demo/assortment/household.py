"""Infants, personal care, paper and cleaning, home goods, pets and nutrition."""

from __future__ import annotations

from .families import Department, Family, Shelf, variants

# One family a line reads like a price list; the formatter would make a column of it.
# fmt: off

DEPARTMENTS = (
    Department("07", "母婴", "Baby and child", (
        # Formula and nappies are bought by need, hardly ever on a whim: their appeal is nearly nothing.
        Shelf("0701", "婴幼儿奶粉", "Infant formula", (0.01, 0.02, 0.05, 0.01, 0.02), (
                Family("formula1", "婴儿配方奶粉1段", "infant formula stage 1",
                       19800, "900g", ("qinya", "hebei", "chuyu"), cycle_days=8),
                Family("formula2", "较大婴儿配方奶粉2段", "follow-on formula stage 2",
                       18800, "900g", ("qinya", "hebei", "chuyu"), cycle_days=9),
                Family("formula3", "幼儿配方奶粉3段", "toddler formula stage 3",
                       16800, "900g", ("qinya", "hebei", "chuyu"), cycle_days=13),
            ), regret=0.5),
        Shelf("0702", "纸尿裤", "Nappies", (0.01, 0.01, 0.06, 0.01, 0.01), (
                Family("nappy_nb", "纸尿裤NB码", "nappies newborn",
                       7900, "66piece", ("rongtuan", "ruanyun", "mengbeng"), cycle_days=8),
                Family("nappy_s", "纸尿裤S码", "nappies S",
                       8900, "72piece", ("rongtuan", "ruanyun", "mengbeng"), cycle_days=10),
                Family("nappy_m", "纸尿裤M码", "nappies M",
                       9900, "70piece", ("rongtuan", "ruanyun", "mengbeng"), cycle_days=12),
                Family("nappy_l", "拉拉裤L码", "pull-ups L",
                       9900, "60piece", ("rongtuan", "ruanyun", "mengbeng"), cycle_days=13),
                Family("nappy_xl", "拉拉裤XL码", "pull-ups XL",
                       9900, "54piece", ("rongtuan", "ruanyun", "mengbeng"), cycle_days=15),
            )),
        Shelf("0703", "婴儿洗护湿巾", "Baby care and wipes", (0.15, 0.15, 1.5, 0.3, 0.1), (
                Family("wipes", "婴儿手口湿巾", "baby wipes",
                       3290, "80sheet*6", ("rongtuan", "ruanyun", "own"), cycle_days=28),
                Family("baby_wash", "婴儿洗发沐浴露", "baby wash", 4900, "400ml", ("rongtuan", "qinya"),
                       margin="high", liked=0.4),
                Family("baby_cream", "婴儿润肤霜", "baby cream", 3900, "60g", ("rongtuan", "qinya"),
                       margin="high", liked=0.4),
            )),
        Shelf("0704", "宝宝辅食", "Baby food", (0.02, 0.05, 1.9, 0.2, 0.1), (
                Family("baby_rice", "高铁米粉", "iron-fortified rice cereal", 4500, "225g", ("qinya", "hebei", "chuyu"),
                       variants("原味 plain, 胡萝卜 carrot"), margin="high", cycle_days=18),
                Family("baby_puree", "果泥", "fruit purée", 890, "100g", ("qinya", "hebei"),
                       variants("苹果 apple, 西梅 prune 112"), margin="high"),
                Family("baby_snack", "溶豆", "yoghurt melts", 2290, "20g", ("hebei", "chuyu"),
                       margin="high"),
            )),
        Shelf("0705", "玩具文具", "Toys and stationery", (0.12, 0.18, 0.54, 0.9, 0.18), (
                Family("toy", "", "", 4900, "1piece", ("mengbeng", "rongtuan"),
                       variants("益智积木 building blocks 140, 拼图 jigsaw 70, "
                                "遥控小车 remote-control car 180"), margin="high"),
                Family("stationery", "", "", 990, "1piece", ("own", "mengbeng"),
                       variants("彩笔套装 felt pens 180, 作业本 exercise books, 铅笔套装 pencils 110"),
                       margin="high"),
            ), regret=3),
    )),
    Department("08", "个人护理", "Personal care", (
        Shelf("0801", "洗发护发", "Hair care", (0.9, 0.8, 0.6, 0.8, 0.5), (
                Family("shampoo", "洗发水", "shampoo", 3990, "500ml", ("zhili", "munong", "own"),
                       variants("去屑 anti-dandruff, 柔顺 smooth, 控油 oil-control"),
                       margin="high", cycle_days=60),
            )),
        Shelf("0802", "沐浴洁肤", "Bath and soap", (0.8, 0.8, 0.7, 0.8, 0.6), (
                Family("shower", "沐浴露", "shower gel", 3290, "720ml", ("munong", "zhili", "own"),
                       variants("樱花 cherry blossom, 牛奶 milk"), margin="high", cycle_days=60),
                Family("handwash", "洗手液", "hand wash", 1490, "500ml", ("munong", "own"),
                       cycle_days=45, liked=0.6),
                Family("soap", "香皂", "soap", 990, "115g*3", ("zaojiao", "own"), liked=0.4),
            )),
        Shelf("0803", "口腔护理", "Oral care", (0.9, 0.9, 0.7, 1, 0.8), (
                Family("toothpaste", "牙膏", "toothpaste", 1690, "180g", ("haoyu", "own", "yanpu"),
                       variants("薄荷 mint, 美白 whitening 120, 抗敏 sensitive 135"),
                       margin="high", cycle_days=50),
                Family("toothbrush", "牙刷", "toothbrushes", 1290, "2piece", ("haoyu", "own"),
                       variants("软毛 soft, 儿童 children's 110"), margin="high"),
            )),
        Shelf("0804", "女性护理", "Feminine care", (1.1, 0.9, 0.6, 0.7, 0.02), (
                Family("pads", "卫生巾", "sanitary pads", 2290, "30piece", ("rouyue", "mianyu", "own"),
                       variants("日用 day, 夜用 night 112"), cycle_days=28),
            )),
        Shelf("0805", "面部护肤", "Skin care", (0.3, 0.27, 0.18, 0.18, 0.072), (
                Family("cream", "", "", 8900, "50g", ("yanpu", "zhili"),
                       variants("保湿面霜 moisturiser, 洁面乳 cleanser 55, 精华水 essence 130"),
                       margin="high"),
                Family("mask", "面膜", "face masks", 4900, "5piece", ("yanpu", "zhili"), margin="high"),
                Family("handcream", "护手霜", "hand cream", 1990, "60g", ("yanpu", "own"), margin="high"),
            ), seasons={"winter": 0.35}, regret=2),
        Shelf("0806", "防晒驱蚊", "Sun and insects", (0.5, 0.5, 0.8, 0.8, 0.4), (
                Family("sun", "防晒乳", "sun lotion", 5900, "50ml", ("yanpu", "zhili"), margin="high"),
                Family("mosquito", "", "", 1790, "60piece", ("jingyu", "own"),
                       variants("蚊香片 mosquito mats, 驱蚊贴 repellent patches 90"), margin="high"),
                Family("florida", "花露水", "floral water", 1390, "195ml", ("jingyu", "zaojiao")),
            ), seasons={"summer": 0.97}, regret=1.5),
    )),
    Department("09", "纸品清洁", "Paper and cleaning", (
        Shelf("0901", "抽纸", "Facial tissue", (0.36, 0.36, 0.45, 0.405, 0.315), (
                Family("tissue", "抽纸", "facial tissue", 2790, "100sheet*24", ("mianyu", "baixu", "own"),
                       variants("经典 classic, 乳霜 lotion 160"), margin="low", cycle_days=40),
            )),
        Shelf("0902", "卷纸湿厕纸", "Toilet paper", (0.315, 0.36, 0.36, 0.405, 0.36), (
                Family("toilet", "卷纸", "toilet paper", 2990, "12roll", ("mianyu", "baixu", "own"),
                       variants("4层 4-ply, 5层 5-ply 118"), margin="low", cycle_days=34),
                Family("moist", "湿厕纸", "moist toilet tissue", 1590, "40sheet*3", ("mianyu", "own"),
                       liked=0.5),
            )),
        Shelf("0903", "衣物清洁", "Laundry", (0.36, 0.405, 0.45, 0.45, 0.36), (
                Family("laundry", "洗衣液", "laundry liquid", 3990, "3kg", ("jingyu", "zaojiao", "own"),
                       variants("薰衣草 lavender, 除菌 antibacterial 110"), cycle_days=55),
                Family("pods", "洗衣凝珠", "laundry pods", 3690, "40piece", ("jingyu", "zaojiao"),
                       cycle_days=40, liked=0.6),
                Family("softener", "柔顺剂", "fabric softener", 2690, "2L", ("jingyu", "own"), liked=0.4),
            )),
        Shelf("0904", "厨卫清洁", "Kitchen and bathroom", (0.9, 1.1, 1.1, 1.1, 1), (
                Family("dish", "洗洁精", "dish liquid", 1290, "1kg", ("jingyu", "own", "zaojiao"),
                       variants("柠檬 lemon, 绿茶 green tea"), cycle_days=42),
                Family("cleaner", "", "", 1590, "500ml", ("jingyu", "own"),
                       variants("厨房油污净 degreaser, 洁厕液 toilet cleaner 75, "
                                "玻璃水 glass cleaner 80")),
            )),
        Shelf("0905", "垃圾袋一次性用品", "Bags and disposables", (1.1, 1.1, 1, 1.1, 0.9), (
                Family("bags", "垃圾袋", "bin bags", 1290, "100piece", ("own", "jingyu"),
                       variants("抽绳 drawstring 130, 平口 flat"), margin="high", cycle_days=45),
                Family("wrap", "", "", 990, "1roll", ("own", "jingyu"),
                       variants("保鲜膜 cling film, 锡纸 foil 115, 厨房纸 kitchen paper 160"),
                       margin="high"),
            )),
    )),
    Department("10", "家居家电", "Home and small appliances", (
        Shelf("1001", "锅具厨具", "Cookware", (0.36, 0.51, 0.36, 0.46, 0.36), (
                Family("pan", "", "", 13900, "1piece", ("chuiyu", "puju"),
                       variants("不粘炒锅 non-stick wok, 汤锅 stock pot 90, 奶锅 milk pan 60"),
                       margin="high"),
                Family("kitchen", "", "", 2990, "1piece", ("chuiyu", "own"),
                       variants("菜刀 kitchen knife 190, 砧板 chopping board 130, 硅胶铲 spatula 65, "
                                "保鲜盒 food containers"), margin="high"),
            ), regret=3.5),
        Shelf("1002", "收纳清洁工具", "Storage and tools", (0.35, 0.4, 0.35, 0.4, 0.3), (
                Family("storage", "", "", 2690, "1piece", ("puju", "own"),
                       variants("收纳箱 storage box 130, 衣架 hangers 75, 拖把 mop 190, 毛巾 towel 65, "
                                "雨伞 umbrella 150"), margin="high"),
            ), regret=3),
        Shelf("1003", "床品家纺", "Bedding", (0.18, 0.26, 0.2, 0.23, 0.2), (
                Family("bedding", "", "", 16900, "1piece", ("puju", "mianyu"),
                       variants("四件套 bed set 150, 枕头 pillow 50, 毛毯 blanket 85, "
                                "凉席 summer mat 95"), margin="high"),
            ), regret=4),
        Shelf("1004", "小家电", "Small appliances", (0.26, 0.31, 0.23, 0.28, 0.18), (
                Family("appliance", "", "", 19900, "1piece", ("nuandian", "chuiyu"),
                       variants("电热水壶 kettle 65, 空气炸锅 air fryer 170, 电饭煲 rice cooker 150, "
                                "破壁机 blender 200, 吹风机 hair dryer 75, 小风扇 desk fan 40")),
            ), regret=4),
    )),
    Department("11", "宠物", "Pets", (
        Shelf("1101", "猫粮猫砂", "Cat food and litter", (0.04, 0.03, 0.01, 0.01, 0.01), (
                Family("cat_food", "猫粮", "cat food", 6900, "2kg", ("miaowu", "chongli", "own"),
                       variants("全价成猫 adult, 幼猫 kitten 110"), margin="high", cycle_days=28),
                Family("litter", "猫砂", "cat litter", 2290, "6L", ("miaowu", "own"),
                       variants("豆腐 tofu, 混合 mixed 110"), cycle_days=13),
            )),
        Shelf("1102", "狗粮", "Dog food", (0.02, 0.02, 0.01, 0.01, 0.01), (
                Family("dog_food", "狗粮", "dog food", 7900, "3kg", ("wangyu", "chongli", "own"),
                       variants("小型犬 small breeds, 通用 all breeds 90"), margin="high", cycle_days=25),
            )),
        Shelf("1103", "宠物零食用品", "Pet treats", (0.12, 0.08, 0.03, 0.05, 0.03), (
                Family("treats", "", "", 1990, "100g", ("miaowu", "wangyu"),
                       variants("冻干鸡肉 freeze-dried chicken 150, 洁齿棒 dental sticks, "
                                "猫条 cat sticks 60"), margin="high"),
            )),
    )),
    Department("12", "营养健康", "Nutrition", (
        Shelf("1201", "成人奶粉", "Adult milk powder", (0.02, 0.05, 0.05, 0.05, 0.15), (
                Family("milk_elder", "中老年高钙奶粉", "high-calcium milk powder for seniors",
                       7900, "800g", ("kangwu", "songpu", "own"), cycle_days=24),
                Family("milk_student", "学生奶粉", "milk powder for students",
                       9200, "800g", ("kangwu", "xipan"), cycle_days=26, liked=0.5),
            ), seasons={"spring_festival": 1.5}),
        Shelf("1202", "滋补保健", "Health food", (0.12, 0.18, 0.15, 0.15, 0.4), (
                Family("health", "", "", 7900, "1piece", ("songpu", "kangwu"),
                       variants("蜂蜜 honey 75, 枸杞 goji berries 60, 维生素C vitamin C 80, "
                                "蛋白粉 protein powder 210, 阿胶糕 ejiao cake 150"), margin="high"),
            ), seasons={"spring_festival": 1.5}, regret=1.8),
    )),
)
