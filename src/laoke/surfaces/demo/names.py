"""Chinese names as their bearers' years of birth would have them."""

from __future__ import annotations

import numpy as np

# The most common surnames of mainland China, commonest first.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜"
    "崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤"
)

# Given names by gender and time of birth: up to 1969, to 1984, to 1999, later.
_UNTIL = (1969, 1984, 1999)
_GIVEN = {
    "f": (
        "秀英 桂兰 玉珍 淑华 凤英 秀兰 玉兰 桂英 淑珍 素珍 美华 月娥 "
        "彩霞 爱华 春梅 惠芳 丽华 金凤 玉梅 雪琴 翠萍 文珍 秋菊 素芬 瑞芳",
        "丽娟 晓红 海燕 艳红 静 敏 丽 燕 红梅 春燕 晓燕 玲 芳 慧 "
        "雪梅 丽萍 文娟 建红 亚萍 秋萍 小玲 晓霞 丹 莉 颖 蓉 冬梅 玉洁",
        "婷婷 雪 倩 雅婷 思思 佳 欣 晓雯 梦婷 诗雨 雨薇 佳怡 文静 嘉欣 "
        "琳 莹 璐 瑶 思雨 梦洁 楚楚 若曦 舒雅 雅琪 怡然 可欣 晨曦 依依",
        "梓涵 雨桐 欣怡 子涵 诗涵 一诺 思彤 语嫣 可馨 梓萱 若彤 紫涵 佳琪 雨欣 静怡 奕涵 心怡 雅萱 沐晴 锦汐",
    ),
    "m": (
        "建国 国强 志强 德明 福生 永福 文华 国华 建华 志明 金生 忠良 "
        "树林 宝山 长根 家兴 正华 玉明 洪生 根发 卫国 炳坤 兆祥 立新 学文",
        "伟 强 勇 军 磊 建军 志刚 海涛 晓东 俊峰 国庆 海波 永强 文斌 "
        "建平 立军 志伟 小军 涛 斌 鹏 刚 辉 剑锋 卫东 春生 智勇 少华",
        "浩 杰 宇 鑫 凯 超 俊杰 志豪 天宇 子豪 文博 嘉伟 晨 博文 "
        "家豪 一鸣 泽宇 明轩 睿 俊 思远 振宇 昊天 逸飞 梓豪 瀚文 景行 亦凡",
        "子轩 浩然 宇轩 子墨 梓睿 皓轩 俊熙 一鸣 沐阳 奕辰 宸宇 铭泽 景睿 书豪 昊宇 晨曦 泽洋 启航 佳乐 博涵",
    ),
}
_POOLS = {gender: tuple(tuple(pool.split()) for pool in pools) for gender, pools in _GIVEN.items()}
_RANKS = 1 / (np.arange(len(SURNAMES)) + 6.0)
_SURNAME_SHARES = np.cumsum(_RANKS / _RANKS.sum())


def full_name(gender: str, born: int, surname: float, given: float, second: float) -> str:
    """A full name from three uniform numbers in [0, 1).

    Args:
        gender: "f" or "m".
        born: year of birth.
        surname, given, second: pick the surname, the given name and, for every sixth person, a second character.
    """
    pool = _POOLS[gender][sum(born > year for year in _UNTIL)]
    family = SURNAMES[min(int(np.searchsorted(_SURNAME_SHARES, surname, side="right")), len(SURNAMES) - 1)]
    name = pool[int(given * len(pool))]
    if len(name) == 2 and second < 1 / 6:
        # Mix two names of the pool, so that a hundred thousand members do not share a few hundred names.
        other = pool[int(second * 6 * len(pool))]
        name = name[0] + other[-1] if name[0] != other[-1] else name
    return family + name
