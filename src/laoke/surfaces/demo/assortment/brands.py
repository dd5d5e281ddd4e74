"""The brands of the demo shop. All are invented; none is meant to resemble a brand that exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """A name in both languages and its place on the price ladder: 0 value, 1 middle, 2 premium."""

    name: str
    name_en: str
    rung: int


BRANDS = {
    "own": Brand("禾邻优选", "Helin Select", 0),
    "fresh": Brand("禾邻鲜", "Helin Fresh", 1),
    "yard": Brand("禾邻小院", "Helin Yard", 2),
    # dairy
    "xipan": Brand("溪畔乳舍", "Xipan", 1),
    "yunling": Brand("云坳奶坊", "Yun'ao Dairy", 2),
    "chenniu": Brand("晨坡牧歌", "Chenpo", 0),
    # infants
    "qinya": Brand("亲芽儿", "Qinya'er", 1),
    "hebei": Brand("禾初贝", "Hechubei", 1),
    "chuyu": Brand("初屿贝语", "Chuyu", 2),
    "rongtuan": Brand("绒团团", "Rongtuan", 1),
    "ruanyun": Brand("软云窝", "Ruanyun", 2),
    "mengbeng": Brand("蹦豆豆", "Bengdou", 0),
    # staples and cooking
    "daopu": Brand("稻浦", "Daopu", 1),
    "lixiang": Brand("粒香坞", "Lixiangwu", 2),
    "zhafang": Brand("榨坊里", "Zhafangli", 1),
    "jinpo": Brand("金坳田", "Jin'aotian", 0),
    "jiangan": Brand("酱岸", "Jiang'an", 1),
    "jiaoao": Brand("椒坳", "Jiao'ao", 1),
    "maijing": Brand("麦径", "Maijing", 1),
    "xuexiang": Brand("雪弄", "Xuenong", 1),
    "jiaoli": Brand("饺里香", "Jiaolixiang", 2),
    # snacks and drinks
    "gabeng": Brand("嘎嘣弄", "Gabengnong", 0),
    "shanhe": Brand("山核里", "Shanheli", 1),
    "tangyu": Brand("糖屿", "Tangyu", 2),
    "quanao": Brand("泉坳", "Quan'ao", 1),
    "qipao": Brand("泡泡巷", "Paopaoxiang", 1),
    "chayu": Brand("茶屿记", "Chayuji", 2),
    "douan": Brand("豆岸", "Dou'an", 2),
    "shibei": Brand("拾一杯", "Shiyibei", 1),
    "maifang": Brand("麦坊弄", "Maifangnong", 1),
    "nuoxiang": Brand("糯坊巷", "Nuofangxiang", 2),
    "maichuang": Brand("麦窗烘焙", "Maichuang", 1),
    # paper, cleaning, care
    "mianyu": Brand("棉语里", "Mianyuli", 1),
    "baixu": Brand("白絮舒", "Baixu", 2),
    "jingyu": Brand("净屿坊", "Jingyu", 1),
    "zaojiao": Brand("皂角弄", "Zaojiaonong", 2),
    "haoyu": Brand("皓屿", "Haoyu", 1),
    "zhili": Brand("栀里", "Zhili", 1),
    "munong": Brand("沐弄", "Munong", 2),
    "rouyue": Brand("柔月集", "Rouyue", 1),
    "yanpu": Brand("颜浦", "Yanpu", 2),
    # pets, home, elders
    "miaowu": Brand("喵坞", "Miaowu", 1),
    "wangyu": Brand("汪屿", "Wangyu", 1),
    "chongli": Brand("宠里鲜", "Chongli", 2),
    "puju": Brand("朴居坊", "Puju", 1),
    "chuiyu": Brand("炊屿", "Chuiyu", 1),
    "nuandian": Brand("暖电记", "Nuandian", 1),
    "kangwu": Brand("康坞", "Kangwu", 1),
    "songpu": Brand("松浦颐", "Songpuyi", 2),
}
