"""An invitation ties a conversation to whom it was made out to."""

from bot.dialogue import Ask
from bot.dialogues.tie import Redeeming, tie
from bot.effect import Hint, Remember
from bot.event import Text
from catalog.acts.person import Redeem
from tests.unit.producer import Talk


def test_who_is_invited_is_greeted_and_told_three_things() -> None:
    talk = Talk(code="")
    assert talk.open("invited", dialogue="tie", arg=talk.shop.invite("NSX-017")) == (
        "Cháu chào bác Mến! Cháu là máy trợ lý của HTX Suối Mây. Cháu giúp bác bán hàng qua tin nhắn. "
        'Bác lưu ý 3 việc thôi:\n1. Có hàng: nhắn "cam 20 kg 25 nghìn"\n2. Có đơn: cháu nhắn bác\n3. Cần người: gõ 9'
    )
    assert talk.buttons == ["Báo hàng ngay", "Xong"]
    assert [item.key for item in talk.said[-1].items] == ["post.start", "tie.orders", "person.call"]
    assert talk.state is None
    assert talk.ports.me.role == "producer"


def test_the_greeting_is_said_once() -> None:
    talk = Talk(code="")
    result = talk.ports.do(Redeem(talk.shop.invite("NSX-017")))
    _, effects = tie.take(Redeeming("1"), result, talk.ports)
    assert effects[0] == Remember("greeted", "1")


def test_a_code_that_was_used_gets_a_kind_answer_and_a_person() -> None:
    talk = Talk(code="")
    code = talk.shop.invite("NSX-017")
    talk.open("invited", dialogue="tie", arg=code)
    other = Talk(shop=talk.shop, code="")
    other.ports.person = None
    assert other.open("invited", dialogue="tie", arg=code).startswith("Mã mời này đã dùng hoặc quá hạn rồi ạ,")
    assert other.buttons == ["Gặp nhân viên"]
    assert other.ports.me.role == "customer"


def test_anything_else_in_between_is_answered() -> None:
    _, effects = tie.take(Redeeming("519273640889"), Text("alo"), Talk(code="").ports)
    assert [type(effect) for effect in effects] == [Hint]


def test_its_buttons_answer() -> None:
    talk = Talk()
    for name in ("orders", "done"):
        _, effects = tie.openers[name](None, Ask(name), talk.ports)
        assert len(effects) == 1
