"""What a stamp says in each of its states: the state first, and nothing is offered that is not on sale."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.dialogues.cart import wanted
from bot.dialogues.tracing import Suspected
from bot.event import Number
from catalog.acts.person import RecordScan
from tests.fake_stamps import FakeStamp
from tests.fakes import FakeShop
from tests.unit.talks import Talk

LOT, BOTTLE = "715038629415", "824501379632"
FIRST_WORDS = {
    "void": "⛔ HTX đã hủy tem này,",
    "printed": "⚠️ Tem này HTX đã in nhưng chưa đưa vào dùng,",
    "recalled": "⛔ LÔ NÀY ĐANG THU HỒI. Xin đừng ăn.",
    "expired": "⚠️ Mã đúng, có trong sổ HTX, nhưng lô này đã quá hạn dùng.",
    "draft": "⚠️ Mã đúng, nhưng HTX chưa đưa lô này ra bán.",
    "used": "⚠️ Mã đúng, có trong sổ HTX, nhưng hàng mang tem này đã được báo là dùng hết.",
    "sold": "✅ Mã đúng, có trong sổ HTX. Hàng mang tem này đã bán rồi.",
    "active": "✅ Mã đúng, có trong sổ HTX.",
}


def in_state(state: str, code: str) -> tuple[Talk, FakeStamp]:
    """A shop in which this stamp of the honey is in that state."""
    shop = FakeShop()
    stamp = shop.store.stamps[code]
    assert stamp.lot is not None
    match state:
        case "void":
            stamp.void = True
        case "printed":
            stamp.activated, stamp.lot = False, None
        case "recalled" | "draft":
            stamp.lot.state = state
        case "expired":
            stamp.lot.best_before = shop.today - timedelta(days=1)
        case "used":
            stamp.used_at = shop.now
        case "sold":
            stamp.sold_at = shop.now
    return Talk("trace", shop.talk("her phone")), stamp


@pytest.mark.parametrize("code", [LOT, BOTTLE])
@pytest.mark.parametrize("state", FIRST_WORDS)
@pytest.mark.parametrize("typed", ["typed", ""])
def test_the_state_comes_first_and_only_what_is_on_sale_is_sold(state: str, code: str, typed: str) -> None:
    talk, _ = in_state(state, code)
    told = talk.open("scan", typed, arg=code)
    first = told.split("\n")[1] if (state, typed) == ("active", "") else told
    assert first.startswith(FIRST_WORDS[state])
    assert ("order.lot" in talk.keys) == (state == "active")
    assert "giả" not in told
    assert talk.done == [RecordScan(code)]


@pytest.mark.parametrize("state", ["void", "printed"])
def test_of_a_stamp_out_of_use_only_the_goods_are_told(state: str) -> None:
    talk, _ = in_state(state, BOTTLE)
    told = talk.open("scan", arg=BOTTLE)
    assert told.split("\n")[1] == "Tem in cho: Mật ong rừng 500 ml."
    assert "Páo" not in told
    assert talk.open("journey", arg=BOTTLE) == told
    assert talk.open("book", arg=BOTTLE) == told


@pytest.mark.parametrize("code", [LOT, BOTTLE])
def test_what_is_bought_from_a_stamp_keeps_its_code_to_the_order(code: str) -> None:
    talk = Talk("order", FakeShop().talk("her phone"))
    talk.open("lot", arg=code)
    talk.hear(Number(Decimal(1)))
    assert [(line.quantity, line.code) for line in wanted(talk.state.cart)] == [(1, code)]


@pytest.mark.parametrize("state", [state for state in FIRST_WORDS if state != "active"])
def test_an_old_button_of_a_stamp_that_is_not_on_sale_buys_nothing(state: str) -> None:
    talk, _ = in_state(state, BOTTLE)
    order = Talk("order", talk.ports)
    assert order.open("lot", arg=BOTTLE).startswith("Lô này không còn bán ạ.")
    assert order.state is None


def test_what_is_sold_out_is_not_offered() -> None:
    shop = FakeShop()
    for offer in shop.offers:
        offer.left -= offer.left
    talk = Talk("trace", shop.talk("her phone"))
    talk.open("scan", arg=BOTTLE)
    assert "order.lot" not in talk.keys


@pytest.mark.parametrize(
    ("state", "people", "sentence"),
    [
        ("active", 10, "tem này đã được 10 người khác nhau quét trong 1 ngày, lần đầu ngày 21/11."),
        ("printed", 3, "Vậy mà đã có 3 người khác nhau quét trong 1 ngày, lần đầu ngày 21/11."),
        ("draft", 3, "Vậy mà đã có 3 người khác nhau quét trong 1 ngày, lần đầu ngày 21/11."),
        ("sold", 6, "Từ đó đã có 6 người khác nhau quét trong 1 ngày, lần đầu ngày 21/11."),
        ("used", 3, "Từ đó đã có 3 người khác nhau quét trong 1 ngày, lần đầu ngày 21/11."),
        ("expired", 5, "Từ đó đã có 5 người khác nhau quét trong 1 ngày, lần đầu ngày 21/11."),
    ],
)
def test_odd_looks_are_told_with_their_figures_and_staff_hear_of_them(state: str, people: int, sentence: str) -> None:
    talk, _ = in_state(state, BOTTLE)
    shop_talks = [talk.ports._shop.talk(f"v{number}") for number in range(people)]
    for one in shop_talks:
        one.do(RecordScan(BOTTLE))
    told = talk.open("scan", "typed", arg=BOTTLE)
    sign = {"active": "many", "printed": "early", "draft": "early"}.get(state, state)
    assert sentence in told
    assert told.endswith("Anh/chị mua ở đâu ạ? Em báo HTX kiểm tra.")
    assert told[0] == "⚠"
    assert "giả" not in told
    assert talk.done == [RecordScan(BOTTLE, sign)]
    assert talk.state == Suspected(BOTTLE)
    assert talk.keys[0] == "trace.report"
    assert "order.lot" not in talk.keys


def test_a_recalled_lot_answers_whatever_is_asked_of_it() -> None:
    talk, _ = in_state("recalled", LOT)
    told = talk.open("scan", arg=LOT)
    talk.ports.lot_in_view = LOT
    for name in ("journey", "book"):
        assert talk.open(name, arg=LOT) == told
    assert talk.open("lot_question", "cam này có phun thuốc không") == told
    assert talk.keys == ["recall.swap", "recall.refund", "recall.call"]
