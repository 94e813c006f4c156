"""What she does about a recalled lot: staff know of it at once, and a phone number is kept only with her yes."""

from decimal import Decimal

import pytest

from bot.dialogues.buying import Consenting, Naming
from bot.dialogues.checkout import checkout
from bot.dialogues.recall import Consenting as Waits
from bot.dialogues.recall import recall
from bot.event import ContactCard, Number
from bot.i18n import words
from catalog.acts.person import GiveConsent, OpenCase, SaveContact
from tests.fakes import FakeShop
from tests.unit.producer import voice
from tests.unit.talks import Talk

RECALLED = "609735841277"
AGREED = GiveConsent("recall", "recall-2026-11")


ORANGES = "483920176504"


def recalled_oranges(*, dated: bool = True) -> Talk:
    """Oranges are sold by the kilo."""
    shop = FakeShop()
    lot = shop.store.lot("SM-CAM-01")
    assert lot is not None
    lot.state, lot.harvested_on = "recalled", lot.harvested_on if dated else None
    return Talk("recall", shop.talk("her phone"))


@pytest.fixture
def talk() -> Talk:
    return Talk("recall", FakeShop().talk("her phone"))


def test_the_case_is_open_as_soon_as_the_number_is_known(talk: Talk) -> None:
    talk.open("swap", arg=RECALLED)
    talk.hear(Number(Decimal(2)))
    assert talk.done == [OpenCase("recall", subject=RECALLED, note="đổi hàng: 2 gói")]
    assert talk.ports.me.person_id is None


def test_her_number_is_kept_in_her_record_and_not_in_the_note(talk: Talk) -> None:
    talk.open("refund", arg=RECALLED)
    talk.type("3 gói")
    talk.pick("yes")
    told = talk.type("Hằng 0912 345 678")
    assert told == (
        "Em cảm ơn. Em đã ghi: trả lại tiền 3 gói miến. Số 0912 345 678 sẽ được chị Hoa gọi trong hôm nay. "
        "Chị giữ lại hàng, đừng ăn giúp em ạ."
    )
    assert talk.done == [
        OpenCase("recall", subject=RECALLED, note="hoàn tiền: 3 gói"),
        AGREED,
        SaveContact("Hằng", "0912345678", given_name="Hằng", you="chị"),
        OpenCase("recall", subject=RECALLED, note="đã cho số điện thoại"),
    ]
    assert talk.state is None


def test_a_number_in_answer_to_the_question_is_a_yes_to_it(talk: Talk) -> None:
    talk.open("swap", arg=RECALLED)
    talk.hear(Number(Decimal(1)))
    talk.type("0912 345 678")
    assert talk.done[1:] == [
        AGREED,
        SaveContact("", "0912345678"),
        OpenCase("recall", subject=RECALLED, note="đã cho số điện thoại"),
    ]


def test_a_card_of_the_platform_gives_the_number(talk: Talk) -> None:
    talk.open("swap", arg=RECALLED)
    talk.hear(Number(Decimal(1)))
    talk.pick("yes")
    talk.hear(ContactCard("", "0912345678"))
    contact = talk.ports.me.contact
    assert contact is not None
    assert contact.phone == "0912 345 678"


def test_a_no_keeps_nothing_of_her(talk: Talk) -> None:
    talk.open("swap", arg=RECALLED)
    talk.hear(Number(Decimal(2)))
    assert talk.pick("no").startswith("Dạ, anh/chị gọi chị Hoa bên HTX Suối Mây: 0912 000 222.")
    assert (len(talk.done), talk.ports.me.person_id, talk.state) == (1, None, None)


def test_other_words_are_no_consent(talk: Talk) -> None:
    talk.open("swap", arg=RECALLED)
    talk.hear(Number(Decimal(2)))
    talk.type("để xem đã")
    assert (talk.hinted, len(talk.done)) == (True, 1)


def test_whom_we_know_is_not_asked_again(talk: Talk) -> None:
    talk.ports.do(GiveConsent("order", "order-2026-11"))
    talk.ports.do(SaveContact("Hằng", "0912345678", "Hà Nội", you="chị"))
    talk.open("swap", arg=RECALLED)
    assert "Số 0912 345 678 sẽ được chị Hoa gọi trong hôm nay." in talk.hear(Number(Decimal(2)))
    assert (talk.state, len(talk.done)) == (None, 1)


@pytest.mark.parametrize("heard", [Decimal("1.5"), Decimal(-1), Decimal(100_000)])
def test_no_whole_number_of_packages_is_asked_for_again(talk: Talk, heard: Decimal) -> None:
    talk.open("swap", arg=RECALLED)
    assert talk.hear(Number(heard)) == "Anh/chị gõ số gói thôi ạ, ví dụ: 2"
    assert (talk.hinted, talk.done) == (True, [])


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1,5 kg", "1,5 kg"), ("nửa kg", "0,5 kg"), ("1.5", "1,5 kg"), ("2 ký", "2 kg"), ("3", "3 kg")],
)
def test_of_what_is_weighed_parts_of_a_kilo_count(typed: str, amount: str) -> None:
    talk = recalled_oranges()
    talk.open("swap", arg=ORANGES)
    assert f"đổi {amount} cam" in talk.type(typed)
    assert talk.done == [OpenCase("recall", subject=ORANGES, note=f"đổi hàng: {amount}")]


@pytest.mark.parametrize("typed", ["1,55 kg", "2 gói", "-1", "5000 kg"])
def test_what_cannot_be_of_the_lot_is_asked_for_again(typed: str) -> None:
    talk = recalled_oranges()
    talk.open("swap", arg=ORANGES)
    assert talk.type(typed) == "Anh/chị gõ số kg thôi ạ, ví dụ: 2"
    assert (talk.hinted, talk.done) == (True, [])


def test_a_state_of_before_still_counts(talk: Talk) -> None:
    stored = {"_": "Consenting", "code": RECALLED, "wants": "swap", "count": 2}
    assert recall.load(stored) == Waits(RECALLED, "swap", Decimal(2))


def test_what_is_weighed_is_swapped_for_new_goods_and_no_day_is_made_up() -> None:
    talk = recalled_oranges(dated=False)
    talk.dialogue = "trace"
    told = talk.open("scan", arg=ORANGES)
    assert told.split("\n")[1] == "Cam sành loại 1 – lô 4839 2017 6504."
    assert [words(one.title, voice(talk.ports)) for one in talk.said[-1].choices] == [
        "Đổi hàng mới", "Nhận lại tiền", "Gọi HTX"
    ]  # fmt: skip


def test_who_has_none_has_nothing_to_do(talk: Talk) -> None:
    talk.open("swap", arg=RECALLED)
    assert talk.hear(Number(Decimal(0))).startswith("Dạ vậy anh/chị không phải làm gì thêm.")
    assert (talk.state, talk.done) == (None, [])


def test_calling_is_a_case_too(talk: Talk) -> None:
    assert "0912 000 222" in talk.open("call", arg=RECALLED)
    assert talk.done == [OpenCase("recall", subject=RECALLED)]


def test_an_old_button_of_a_lot_that_is_well_tells_its_state(talk: Talk) -> None:
    assert talk.open("swap", arg="483920176504").startswith("🍊 Cam sành loại 1")
    assert (talk.state, talk.done) == (None, [])


def test_in_the_evening_she_is_called_tomorrow(talk: Talk) -> None:
    talk.ports._shop.now = talk.ports._shop.now.replace(hour=18)
    talk.open("swap", arg=RECALLED)
    assert "Chị Hoa bên HTX sẽ gọi trong ngày mai." in talk.hear(Number(Decimal(2)))


def test_a_number_alone_is_no_name_for_an_order(talk: Talk) -> None:
    talk.ports.do(AGREED)
    talk.ports.do(SaveContact(phone="0912345678"))
    assert checkout("d1", (), talk.ports)[0] == Consenting("d1", ())
    talk.ports.do(GiveConsent("order", "order-2026-11"))
    state, _ = checkout("d1", (), talk.ports)
    assert state == Naming("d1", (), phone="0912345678")
