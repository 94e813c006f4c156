"""What a sentence wants: the talks of the transcripts, the traps, and accuracy over a labelled file.

The floors are those of the file in `data/`, on which the rules were written: unseen lines do worse.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.understand.intent import Intent, Role, read
from tests.unit.shelf import find

WRITES = {"order", "cart_edit", "checkout", "cancel", "preorder", "post_stock", "update_stock", "update_price"}
ROWS = [
    json.loads(row) for row in (Path(__file__).parent / "data" / "utterances.jsonl").read_text("utf-8").splitlines()
]
TRAPS = [
    "cam on",
    "cảm ơn",
    "cam kết",
    "cam đoan",
    "ổi trời ơi",
    "lạc đường rồi",
    "tiêu rồi",
    "bơ phờ",
    "sầu quá",
    "hành người ta quá",
    "đào hoa ghê",
    "nhà tôi có 2 con gái",
    "cháu nặng 12kg rồi",
    "giờ họp",
    "xổ số",
    "vay tiền",
    "nhà bác có 3 sào ruộng",
    "họp dân lúc 7 rưỡi tối",
    "con tôi 5 tuổi",
    "chuc mung nam moi",
    "dm bon lua dao",
    "mai troi mua ko",
    "ke chuyen cuoi di",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("co gi ban ko shop", "browse"),
        ("mat ogn", "search"),
        ("co sau rieng ko", "search"),
        ("lay 3 can cam voi 2 chai mat ong, chuc trung nua", "order"),
        ("cho 2 cam", "order"),
        ("bot 1 chai mat, them 5 qua buoi", "cart_edit"),
        ("bo trung di", "cart_edit"),
        ("2 goi mien, giao ve dia chi cu, tra khi nhan", "order"),
        ("don hang cua toi dau roi", "order_status"),
        ("huy don DH8M3Q", "cancel"),
        ("cam bi dap het roi", "complaint"),
        ("bao gio co cam dot sau", "preorder"),
        ("mai troi mua ko", "unknown"),
        ("ke chuyen cuoi di", "unknown"),
        ("hi do you speak english? price of honey", "language"),
        ("hello", "greet"),
        ("123456789012", "trace"),
        ("vài cân cam", "order"),
        ("xoá miến", "cart_edit"),
        ("đổi cam thành 3 cân", "cart_edit"),
        ("dat hang", "checkout"),
        ("đặt hàng nhé em", "checkout"),
        ("don hang", "order_status"),
    ],
)
def test_a_customers_wish_is_the_one_of_her_transcript(text: str, name: str) -> None:
    assert read(text, "customer", find).name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mai co 50 can cam 25 nghin, 3 chuc trung", "post_stock"),
        ("cam 20 kg 25 nghin", "post_stock"),
        ("nham roi 15 can thoi", "update_stock"),
        ("mang con 3 goi thoi", "update_stock"),
        ("het trung roi", "update_stock"),
        ("cam len 280", "update_price"),
        ("thang truoc ban duoc bao nhieu", "my_sales"),
        ("dm bon lua dao", "unknown"),
    ],
)
def test_a_producers_wish_is_the_one_of_her_transcript(text: str, name: str) -> None:
    assert read(text, "producer", find).name == name


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("cam nay co phun thuoc ko", "spray"),
        ("hái hôm nào vậy", "harvest"),
        ("hạn dùng đến bao giờ", "best_before"),
        ("có giấy vietgap không", "certificate"),
        ("cam này ai trồng", "grower"),
    ],
)
def test_a_question_about_the_lot_says_its_topic(text: str, topic: str) -> None:
    found = read(text, "customer", find)
    assert (found.name, found.slots["topic"]) == ("lot_question", topic)


def test_the_values_come_with_the_wish() -> None:
    assert read("4839.2017 6504", "customer") == Intent("trace", {"trace_code": "483920176504"}, 0.99)
    assert read("lay 2 can cam, chuc trung, ship cod", "customer", find).slots == {
        "items": [
            {"product": "cam", "quantity": 2, "unit": "kg"},
            {"product": "trứng", "quantity": 10, "unit": "quả"},
        ],
        "payment": "cod",
    }
    assert read("2,5kg mật ong", "customer", find).slots == {
        "product": "mật ong",
        "quantity": 2.5,
        "unit": "kg",
    }
    assert read("mai có 50 cân cam 25 nghìn", "producer").slots == {
        "product": "cam",
        "quantity": 50,
        "unit": "kg",
        "price_vnd": 25_000,
        "price_unit": "kg",
        "available_from": "mai",
    }


@pytest.mark.parametrize("role", ["customer", "producer"])
@pytest.mark.parametrize("text", TRAPS)
def test_a_trap_never_becomes_something_that_writes(text: str, role: Role) -> None:
    assert read(text, role).name not in WRITES
    assert read(text, role, find).name not in WRITES


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "👍",
        "9" * 2_000,
        "cam " * 500,
        "2kg cam " * 250,
        "hai trăm " * 250,
        "+84" * 600,
        "a" + "\u0301\u0323" * 1_000,
        "٣ ² 1_000 1e1000000",
        "\ud800\x00",
        "dduwowngf " * 200,
        "(" * 2_000,
        "k",
        "?",
    ],
)
def test_hostile_text_is_read_without_an_error(text: str) -> None:
    assert isinstance(read(text, "customer", find), Intent)
    assert isinstance(read(text, "producer"), Intent)


def _role(row: dict[str, str]) -> Role:
    return "producer" if row["role"] == "producer" else "customer"


def test_the_labelled_file_is_understood() -> None:
    read_as = [(row["intent"], read(row["text"], _role(row)).name) for row in ROWS]
    right = sum(wanted == got for wanted, got in read_as)
    selling = [(wanted, got) for wanted, got in read_as if wanted in ("order", "post_stock")]
    harmful = [got for wanted, got in read_as if wanted == "unknown" and got in WRITES]
    assert right / len(read_as) >= 0.95, Counter(pair for pair in read_as if pair[0] != pair[1])
    assert sum(wanted == got for wanted, got in selling) / len(selling) >= 0.95
    assert harmful == []


@pytest.mark.parametrize(
    ("slot", "floor"), [("quantity", 0.95), ("unit", 0.95), ("price_vnd", 0.95), ("trace_code", 1.0), ("phone", 1.0)]
)
def test_the_values_in_the_labelled_file_are_read(slot: str, floor: float) -> None:
    rows = [row for row in ROWS if slot in row["slots"]]
    right = sum(read(row["text"], _role(row)).slots.get(slot) == row["slots"][slot] for row in rows)
    assert right / len(rows) >= floor


@pytest.mark.parametrize(
    "words", ["XÓA DỮ LIỆU", "xoa du lieu", "xem du lieu", "rút đồng ý", "ngung nhan tin", "delete my data"]
)
def test_the_words_of_the_law_are_always_heard(words: str) -> None:
    assert read(words, "customer").name == "data_rights"
    assert read(words, "producer").name == "data_rights"


@pytest.mark.parametrize("words", ["mua hang", "ban gi vay", "Mua hàng"])
def test_somebody_who_wants_to_buy_sees_what_there_is(words: str) -> None:
    assert read(words, "customer").name == "browse"


@pytest.mark.parametrize("words", ["cho xin giá", "cho xin gia", "bao nhieu tien", "muốn mua", "dat mua"])
def test_somebody_who_names_no_goods_sees_what_there_is(words: str) -> None:
    assert read(words, "customer", find).name == "browse"


@pytest.mark.parametrize(
    "words", ["ship bao nhieu", "phí giao hàng", "phi ship", "phí ship bao nhiêu", "giao hàng bao nhiêu tiền"]
)
def test_who_asks_what_delivery_costs_asks_for_the_fee(words: str) -> None:
    assert read(words, "customer", find) == Intent("delivery_fee")


def test_how_long_delivery_takes_is_no_question_for_the_fee() -> None:
    assert read("giao hàng mất bao nhiêu ngày", "customer", find).name != "delivery_fee"


@pytest.mark.parametrize("words", ["nhầm giá 26 nghìn", "nham gia 26", "sai giá, 26k", "giá 26 nghìn mới đúng"])
def test_a_corrected_price_is_a_new_price_of_what_is_spoken_of(words: str) -> None:
    found = read(words, "producer", find)
    assert (found.name, found.slots) == ("update_price", {"price_vnd": 26_000})


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("tra đơn theo số điện thoại 0386004512 giùm con nha", "customer"),
        ("bo cau ra rang 20 cap, 140k 1 cap, sdt 0386 004 512", "producer"),
    ],
)
def test_her_number_comes_with_whatever_she_wants(words: str, role: Role) -> None:
    assert read(words, role).slots["phone"] == "0386004512"


@pytest.mark.parametrize(
    ("words", "kind"),
    [("có đồ biển gì không", "hải sản"), ("nay co rau gi k shop", "rau"), ("có món gì ngon không", "")],
)
def test_who_asks_what_there_is_of_a_kind_is_shown_that_kind(words: str, kind: str) -> None:
    wish = read(words, "customer")
    assert (wish.name, wish.slots.get("category", "")) == ("browse", kind)
