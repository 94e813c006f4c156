"""Texts that nobody means well with, drawn from seeded dice: a name for each kind, and a new text at each draw."""

import random
from collections.abc import Callable, Mapping

# fmt: off
SAID = (
    "kiểm tra mã tem 4839 2017 6504 giùm con", "483920176504", "tem 7150-3862-9415 shop xem hộ", "muon biet xuat xu",
    "2kg cam", "mua ba lạng chè búp", "chị đặt 6 hũ sữa chua", "chục rưỡi trứng vịt nghen", "3 chai nuoc mam 1 lit",
    "bán mình nửa tạ gạo", "1 kilo of rambutan", "hai cân mận, một cân đào", "them 2 chai dau lac",
    "bot 1 hop mat ong", "rau củ có gì", "cam bao nhiêu 1kg", "còn măng khô không shop", "do you sell vegetables",
    "lapj xuwowngr gias sao", "mai co 50 can cam 25 nghin", "có 15 kí ớt bốn chục ngàn một kí",
    "hôm nay hết dưa leo, mai có lại", "lại", "giao số 7 đường Bà Triệu, Hà Nội nha 0977001122",
    "Chị Hằng 0912345678", "đồng ý", "đúng", "chốt", "không", "thôi", "cho bác huỷ cái đơn hôm nay nhé",
    "đơn của tôi", "gặp nhân viên", "xem giỏ hàng", "tính tiền đi shop", "alo", "9",
)
# fmt: on
"""What honest people write, to be spoilt."""

CODES = ("483920176504", "715038629415", "260471835924", "937264058112", "582916407307", "346195720851", "609735841277")
UNSEEN = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad\u061c\u180e"
)
MARKS = "\u0301\u0300\u0323\u0309\u0303\u0302\u0306\u031b\u0316\u0327\u0345\u05b0\u0651\u0f71\u3099\U0001d165"
# fmt: off
SCRIPTS = (
    "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "๐๑๒๓๔๕๖๗๘๙", "０１２３４５６７８９", "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "⓪①②③④⑤⑥⑦⑧⑨", "〇一二三四五六七八九",
)
# fmt: on
TWINS = str.maketrans("aceopxyiHTMKBACEOPX", "асеорхуіНТМКВАСЕОРХ")
"""Latin letters and their Cyrillic twins."""
# fmt: off
HOUSE_KEYS = (
    "yes", "no", "stop", "change", "full", "line", "goods", "price", "none", "", "order.show", "order.lot",
    "order.drop", "shop.show", "shop.browse", "mine.cancel", "mine.order", "trace.journey", "trace.report",
    "engine.drop", "menu.open", "person.call", "person.data_rights", "post.start", "correct.start", "tie.invited",
    "menu.language", "order.nothing", "__class__.__init__", "order.__dict__", "order", ".", "..", "menu.", ".open",
    "nobody.nothing",
)
ABOUT = (
    "", "1", "2", "-1", "9" * 18, "9" * 19, "483920176504", "DH2345", "m1", "x" * 5_000, "\0", "%s", ":::", "\ud800",
)
CLAUSES = (
    "2kg cam ", "1 ", "2 cân cam 25k, ", "mai ", "483920176505 ", "0912345678 ", "thôi ", "1/3 ", "ba rưỡi ", "cam, ",
)
FRAGMENTS = (
    "'; DROP TABLE offer; --", "1 OR 1=1", "%' OR '%'='", "\\'; SELECT pg_sleep(10)--", "x'), ('y",
    "${jndi:ldap://x/a}", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&#x3C;b&#x3E;", "]]>", "<!--",
    "{{7*7}}", "{% debug %}", '{"_":"Text","words":"x"}', '{"text":', "[[[", '"}]}', "\\u0000", "\\ud800", "null",
    "true", "undefined", "NaN kg cam", '=HYPERLINK("http://example.org")', "@SUM(1+1)*cmd|' /C calc'!A0",
    "\r\nSet-Cookie: a=b", "../../etc/passwd", "file:///", "https://id.example.vn/01/08931234500122/10/CP2611B",
    "https://example.vn/t/48392017650", "http://[::1]/t/483920176504",
)
FORMATS = (
    "%s", "%n", "%(name)s", "%(coop)s", "%%%", "{0}", "{coop.__class__}", "{}", "%999999d", "{:>999999}", "$name",
    "%(You)s",
)
NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e999", "1e1000000", "-1e-999", "10" + "0" * 30, "1" + "0" * 1900, "-5", "-0",
    "0", "0,0000000001", "1.000.000.000.000", "1,5,3", "1_000", "0x10", "0b11", "1/0", "1/3", "²", "½", "∞", "٣",
    "1e3", "9" * 2000, "một trăm nghìn tỷ", "âm năm", "nửa phần tư", "mười mười mười", "không phẩy không",
    "ba rưỡi rưỡi", "triệu triệu",
)
DATES = (
    "31/2", "30/02/2026", "32/13", "0/0", "29/2/2027", "99/99/9999", "thứ chín", "ngày 0", "mai kia mốt", "1/1/0001",
    "tháng 13",
)
# fmt: on
UNITS = ("kg", "cân", "chục", "chai", "gói", "tấn", "tạ", "đồng", "k", "tr", "")
# fmt: off
TELEX = (
    "aa", "ee", "oo", "uw", "ow", "dd", "w", "s", "f", "r", "x", "j", "z", "ng", "th", "kh", "a", "i", "o", "u", "m",
    "n",
)
# fmt: on


def marks(dice: random.Random) -> str:
    """Runs of combining marks, whose order normalising has to sort: quadratic where nobody cuts."""
    runs = ("".join(dice.choices(MARKS, k=dice.choice((3, 40, 4000, 50_000)))) for _ in range(3))
    return dice.choice(("", "cam", "e")) + "".join(f"{run}{dice.choice('aeo ')}" for run in runs)


def unseen(dice: random.Random) -> str:
    """Zero-width and bidirectional signs, alone or between the letters of honest words."""
    words = dice.choice(("", "2 kg cam", dice.choice(SAID)))
    return "".join(letter + "".join(dice.choices(UNSEEN, k=dice.randint(0, 30))) for letter in f" {words}")


def long(dice: random.Random) -> str:
    """2,000 characters, and 100,000."""
    words = dice.choices([*" ".join(SAID).split(), "cam" * 40], k=30_000)
    return " ".join(words)[: dice.choice((1_999, 2_000, 2_001, 100_000))]


def nested(dice: random.Random) -> str:
    opening, depth = dice.choice(("[", '{"a":', "(", "«", "<b>")), dice.choice((20, 2_000, 16_000))
    return opening * depth + dice.choice(("", "2 kg cam"))


def numbers(dice: random.Random) -> str:
    amount = dice.choice((*NUMBERS, str(dice.randint(0, 10**30))))
    begun, goods = dice.choice(("", "mua ", "lấy ", "sửa ", "có ")), dice.choice(("cam", "mật ong", ""))
    return f"{begun}{amount} {dice.choice(UNITS)} {goods}"


def surrogates(dice: random.Random) -> str:
    halves = [chr(dice.randint(0xD800, 0xDFFF)) for _ in range(dice.choice((1, 2, 3_000)))]
    return "".join(f"{half}{dice.choice(('', ' ', 'cam'))}" for half in halves) + dice.choice(("", "2 kg cam"))


def controls(dice: random.Random) -> str:
    signs = [chr(dice.choice((0, 0, 1, 7, 8, 9, 10, 13, 27, 127, 133, 159, 0x2028, 0xFFF9))) for _ in range(40)]
    return "".join(f"{sign}{dice.choice(('', 'c', 'cam '))}" for sign in signs)


def formats(dice: random.Random) -> str:
    return " ".join(dice.choices((*FORMATS, "100% tươi", "2 kg cam"), k=dice.choice((1, 3, 200))))


def fragments(dice: random.Random) -> str:
    return dice.choice(("", "2 kg cam ", "tem ")) + " ".join(dice.choices(FRAGMENTS, k=dice.choice((1, 1, 4))))


def emoji(dice: random.Random) -> str:
    families = ("👩🏿‍🌾", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇻🇳", "👍🏽", "❤️‍🔥", "🧑🏻‍🤝‍🧑🏿", "\u200d", "\ufe0f", "🏿", "🇻")
    return "".join(dice.choices(families, k=dice.choice((1, 7, 500)))) + dice.choice(("", " 2 kg cam"))


def scripts(dice: random.Random) -> str:
    """Digits that `isdigit` takes and that are none of ours."""
    digits = dice.choice(SCRIPTS)
    asked = dice.choice(("2 kg cam", "12 goi mien", "483920176504", "1", "0912345678", "đơn DH2345"))
    return asked.translate({ord(str(n)): digits[n] for n in range(10)})


def codes(dice: random.Random) -> str:
    """A stamp with a digit changed, missing, doubled, or changed for its neighbour."""
    digits, place = list(dice.choice(CODES)), dice.randrange(11)
    match dice.randrange(4):
        case 0:
            digits[place] = str(dice.randint(0, 9))
        case 1:
            del digits[place]
        case 2:
            digits.insert(place, digits[place])
        case _:
            digits[place], digits[place + 1] = digits[place + 1], digits[place]
    code = dice.choice((" ", "-", ".", "", "–", " O ")).join(
        "".join(digits[n : n + 4]) for n in range(0, len(digits), 4)
    )
    return dice.choice(
        ("{}", "tem {}", "nsx-{}", "t-{}", "https://id.example.vn/t/{}", "tra mã {} {}", "DH{}")
    ).replace("{}", code)


def dates(dice: random.Random) -> str:
    price = dice.choice((*NUMBERS[:9], "25 nghìn"))
    return f"{dice.choice(DATES)} có {dice.randint(0, 99)} {dice.choice(UNITS)} cam {price}"


def twins(dice: random.Random) -> str:
    """Words in letters that only look like ours."""
    return "".join(
        c.translate(TWINS) if dice.random() < 0.6 else c for c in dice.choice((*SAID, "thoi", "huy", "dat hang"))
    )


def spoilt(dice: random.Random) -> str:
    """Honest words with letters lost, doubled, changed about and put in from elsewhere."""
    letters = list(" ".join(dice.choices(SAID, k=dice.choice((1, 1, 2, 5)))))
    for _ in range(dice.randint(1, 12)):
        place = dice.randrange(max(1, len(letters)))
        match dice.randrange(4):
            case 0:
                letters[place : place + 1] = []
            case 1:
                letters[place:place] = letters[place : place + dice.randint(1, 4)] * dice.choice((1, 2, 50))
            case 2:
                letters[place : place + 2] = letters[place : place + 2][::-1]
            case _:
                letters.insert(place, chr(dice.choice((dice.randint(32, 126), dice.randint(160, 0x2FFF), 0x1F34A))))
    return "".join(letters)


def over_and_over(dice: random.Random) -> str:
    """As many amounts, numbers, days or codes as a message holds."""
    clause = dice.choice((*CLAUSES, f"{dice.choice(SAID)}. "))
    return clause * (2_000 // len(clause))


def telex(dice: random.Random) -> str:
    """What comes out where the keyboard's Vietnamese is switched off, or on twice."""
    words = ("".join(dice.choices(TELEX, k=dice.randint(1, 5))) for _ in range(dice.randint(1, 30)))
    return f"{dice.choice(('', '2 ', 'mua '))}{' '.join(words)}"


def phones(dice: random.Random) -> str:
    digits = "".join(dice.choices("0123456789", k=dice.choice((3, 8, 9, 10, 11, 40))))
    form = dice.choice(
        ("0{}", "+84{}", "84 {}", "(0{})", "0{}.", "Hằng 0{}", "0{}, số 5 ngõ 20", "tel:0{}", "0O{}", "{} {} {}")
    )
    return form.replace("{}", digits)


def places(dice: random.Random) -> str:
    """Names and addresses of no use, for whoever is asked for one."""
    name = dice.choice(
        ("A" * 300, "Robert'); DROP TABLE person;--", "%(name)s", "\u202eHằng", "0", "Nguyễn " * 60, "…", "👩‍🌾")
    )
    return f"{name} 0912345678, {dice.choice(('số 0', 'ở đây', 'a, ' * 200, 'x' * 900, 'Hà Nội' * 80))}"


def nothing(dice: random.Random) -> str:
    return dice.choice(
        ("", " ", "\n\n\n", "\u3000", ".", "…", "?!?!", "-", "\u200b", "\u0301\u0301", "    \t   ", "\u2800", "ㅤ")
    )


def buttons(dice: random.Random) -> str:
    """Ids that nobody was ever given, too long ones, those of another question or of somebody else."""
    key = dice.choice(HOUSE_KEYS)
    number = dice.choice(("0", "1", "2", "3", "7", "-1", "999999999", "10" * 400, "", "x", "1.5", "٣", "1e9"))
    about = dice.choice(ABOUT)
    whole = f"{number}:{key}:{about}"
    return dice.choice((whole, whole, whole, f"{number}:{key}", key, ":", "::", f"#{number}.{key}-{about}"))


KINDS: Mapping[str, Callable[[random.Random], str]] = {
    made.__name__: made
    for made in (
        *(marks, unseen, long, nested, numbers, surrogates, controls, formats, fragments, emoji, scripts, codes, dates),
        *(twins, spoilt, over_and_over, telex, phones, places, nothing, buttons),
    )
}
"""Each kind by its name. `buttons` are pressed, all others are typed."""

# fmt: off
MEANINGLESS = (
    "\u0301\u0323" * 4_000, UNSEEN * 50, "[" * 50_000, "\ud800\udfff" * 500, "\0\0\0\x07", "%(name)s {0} %n",
    "<script>alert(1)</script>", "👩🏿‍🌾" * 300, "ㅤ\u2800", "',--",
)
# fmt: on
"""What can be taken for nothing at all, so that a cart must be as it was."""
