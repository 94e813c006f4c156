"""The words people type to us, and how they type them: what the fuzzers mix their texts from.

Random letters seldom reach a rule. Words of the lists in `bot/understand/data`, numbers of every form and signs do, in
an order nobody would think of.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from bot.understand.text import plain_letters

_DATA = files("bot.understand") / "data"
_JOINS_OF_CUES = re.compile(r"[()|^$!…~]+")
_AMONG_PLACES = 97  # every so many-th name of a place is enough

NUMBERS = (
    "0", "1", "2", "5", "07", "12", "25", "50", "140", "250", "999", "1000", "4000", "99999", "100000",
    "999999999", "1000000000", "123456789012345678901234567890", "0,5", "2,5", "12.5", "0.001", "0,000",
    "1.200", "3.500", "1,200,000", "1.2.3.4", "12,34,56", "1e9", "1e400", "-5", "+3", "½", "²", "①", "٣", "１２",
    "3-5", "15-18k", "2~3", "1/2", "1/4", "0/0", "22/11", "31/2", "29/2", "0/1", "22/11/2026", "1/1/9999",
    "31-12-1900", "22.11", "99/99", "15/10", "30/12", "2kg5", "1tr2", "7k5", "1tr250", "2kg999", "0kg", "0đ",
    "0k", "25k", "25.000đ", "489.000đ", "9999tr", "999tỷ", "1k1k1k", "48392017 6504", "4839 2017 6504",
    "4839-2017-6504", "483920176504", "48392017650", "4839201765044", "4839201765O4", "0912345678",
    "+84912345678", "0912.345.678", "84 912 345 678", "02438251234", "18001234", "19001009", "001199000001",
    "DH8M3Q", "dh-8m3q", "nsx-483920176504", "https://x.vn/t/483920176504", "/01/08938505970021/10/LOT7A",
    "lô cs1711", "q7", "p12", "bốn tám ba chín hai không một bảy sáu năm không bốn", "ngày 22", "tháng 11",
    "năm 2099",
)  # fmt: skip
"""Also those that are no numbers to us: too long, of other scripts, days that do not exist."""

WORDS = (
    "một", "hai", "ba", "bốn", "tư", "năm", "lăm", "nhăm", "mốt", "mười", "hăm", "mươi", "trăm", "lẻ", "linh",
    "nghìn", "ngàn", "k", "triệu", "tr", "tỷ", "tỉ", "củ", "rưỡi", "nửa", "chục", "tá", "cân", "ký", "kg",
    "lạng", "yến", "tạ", "tấn", "lít", "g", "đ", "đồng", "vnd", "₫", "thiên", "giạ", "mớ", "con", "quả", "trái",
    "bó", "mỗi", "từng", "đều", "giá", "đến", "tới", "khoảng", "vài", "mấy", "với", "và", "còn", "thêm", "bớt",
    "bỏ", "thành", "thôi", "nhầm", "không phải", "chứ", "hết", "lấy", "bán", "giao về", "mai", "mốt", "kia",
    "nữa", "ngày", "tuần sau", "thứ", "bảy", "chủ nhật", "này", "mùng", "rằm", "tháng", "giêng", "chạp",
    "nhuận", "tết", "âm lịch", "al", "30 tết", "giao thừa", "số", "ngõ", "phường", "xã", "quận", "tp", "hà nội",
    "dạ", "vâng", "không", "ok", "à", "ạ", "chị", "anh", "Hằng", "này", "sau", "bao nhiêu", "ddawtj", "sanhf",
    "trungws", "dduwowngf", "camr", "matong", "cam", "bưởi năm roi", "bò", "bo", "dua", "toi", "mận", "củ sắn",
    "👍", "👍🏽", "🙏",
)  # fmt: skip

SIGNS = (
    " ", " ", " ", " ", "", ",", ", ", ".", ". ", "-", " - ", "–", "/", ":", ";", "+", "&", "!", "?", "…", "x",
    "×", "*", "~", "(", ")", "'", "’", '"', "_", "%", "#", "@", "\n", "\t", "\u00a0", "\u2028", "nsx-", "=",
    "<", "|", "\\", "\0",
)  # fmt: skip

STRANGE = (
    "\u200b", "\u200d", "\u202e", "\ufeff", "\u00ad", "\u0301", "\u0323", "\u0301" * 40, "\u0345", "\u1160",
    "\u115f", "\ud800", "\udfff", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u0130", "\u1e9e", "\ufb01",
    "\ufb2c", "\u0958", "\U0001d160", "ﷺ", "한국어", "ខ្មែរ", "العربية", "中文", "क्षि", "\uac00\u11a8", "ŉ", "ΐ",
    "\u0390", "𝟙𝟚", "ｃａｍ", "Ⅻ", "㎏", "㋿", "\u2126", "\u212b", "\U000e0041", "\uffff", "\U0010ffff",
)  # fmt: skip
"""Letters that grow, shrink or vanish when they are normalised, marks without letters, half characters."""

_TWINS = str.maketrans("aAeEoOcCpPxXiIyTMHKB", "аАеЕоОсСрРхХіІуТМНКВ")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_TELEX = (("đ", "dd"), ("ươ", "uow"), ("ư", "uw"), ("ơ", "ow"), ("ă", "aw"), ("â", "aa"), ("ê", "ee"), ("ô", "oo"))
_TONES = str.maketrans({"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"})


def _telex(text: str) -> str:
    for letter, typed in _TELEX:
        text = text.replace(letter, typed)
    return unicodedata.normalize("NFD", text).translate(_TONES)


def _every_other(change: Callable[[str], str]) -> Callable[[str], str]:
    """Done to every other word only."""
    return lambda text: " ".join(change(word) if i % 2 else word for i, word in enumerate(text.split(" ")))


HABITS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    plain_letters,
    _every_other(plain_letters),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: unicodedata.normalize("NFKD", text),
    str.upper,
    str.title,
    _telex,
    _every_other(_telex),
    "\u200b".join,
    lambda text: text.translate(_TWINS),
    lambda text: text.translate(_FULL_WIDTH),
    lambda text: text.replace(" ", ""),
    lambda text: text[::-1],
)
"""Ways to type the same: without accents, decomposed, in capitals, raw Telex, zero-width marks between, look-alikes."""


@cache
def vocabulary() -> tuple[str, ...]:
    """Every word and phrase that the readers know, numbers and strange letters, in a fixed order without repetition."""
    known = [*NUMBERS, *WORDS, *STRANGE]
    for name in ("words.json", "cues.json", "days.json", "short_forms.json", "address.json", "given_names.json"):
        known += _leaves(json.loads((_DATA / name).read_text(encoding="utf-8")))
    for name in ("units.tsv", "products.tsv"):
        rows = (_DATA / name).read_text(encoding="utf-8").splitlines()
        known += [cell for row in rows if not row.startswith("#") for cell in re.split(r"\t|, ?", row)]
    known += _leaves(json.loads((_DATA / "places.json").read_text(encoding="utf-8")))[::_AMONG_PLACES]
    plain = (_JOINS_OF_CUES.sub(" ", word).strip() or word for word in known)
    return tuple(dict.fromkeys(word[:60] for word in plain if word))


def _leaves(data: object) -> list[str]:
    """Every string in a JSON file, also the keys; one with `|` is a list."""
    if isinstance(data, str):
        return data.split("|")
    if isinstance(data, dict):
        return [leaf for key, value in data.items() for leaf in (str(key), *_leaves(value))]
    return [leaf for value in data for leaf in _leaves(value)] if isinstance(data, list) else []
