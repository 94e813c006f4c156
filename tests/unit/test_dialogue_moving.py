"""An order that was placed shall go elsewhere: a person is asked after her yes, and it is never said to be done."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.dialogue import Ask, Turn
from bot.dialogues.moving import Moving, Whereto, WhichOrder, mine
from bot.effect import Hint, Say
from bot.event import Change, Pick, Text
from bot.i18n import words
from catalog.acts import Command
from catalog.acts.order import PlaceOrder, Wanted
from catalog.acts.person import CaseOpened, OpenCase
from tests.fakes import FakeShop
from tests.unit.producer import buttons, voice

ELSEWHERE = "số 7 Bà Triệu, phường Cửa Nam, Hà Nội"


@dataclass
class Talk:
    """Her talk about orders, without an engine."""

    orders: int
    shop: FakeShop = field(default_factory=FakeShop)
    state: Any = None
    done: list[Command] = field(default_factory=list)
    said: list[Say] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ports = self.shop.talk("her phone")
        goods = self.ports.shelf.search("cam")[0].goods
        for number in range(self.orders):
            wanted = (Wanted(goods.id, goods.step, goods.price_vnd, "", None),)
            self.ports.do(PlaceOrder(f"d{number}", wanted, "pickup", None, 0))

    def wants(self, typed: str) -> str:
        return self._follow(mine.openers["change_address"](self.state, Ask("change_address", words=typed), self.ports))

    def hear(self, heard: Text | Pick | Change | CaseOpened) -> str:
        return self._follow(mine.take(self.state, heard, self.ports))

    def _follow(self, turn: Turn[Any]) -> str:
        self.state, effects = turn
        self.done += [effect for effect in effects if isinstance(effect, Command)]
        self.said = [
            effect.say if isinstance(effect, Hint) else effect for effect in effects if isinstance(effect, Say | Hint)
        ]
        if self.state is not None:
            assert mine.load(mine.dump(self.state)) == self.state
        return "\n".join(words(bubble, voice(self.ports)) for bubble in self.said)


def test_without_an_order_nothing_is_promised() -> None:
    talk = Talk(0)
    assert talk.wants("đổi địa chỉ giúp chị").startswith("Anh/chị không có đơn nào đang chờ gửi ạ.")
    assert (talk.state, talk.done) == (None, [])


def test_the_address_is_asked_for_read_back_and_passed_on_by_her_yes() -> None:
    talk = Talk(1)
    assert talk.wants("đổi địa chỉ giúp chị").startswith("Đơn DH2222 giao về đâu ạ?")
    assert talk.state == Whereto("DH2222")
    asked = talk.hear(Text(f"giao về {ELSEWHERE} nha"))
    assert asked == f"📍 {ELSEWHERE}\nEm nhờ chị Hoa giao đơn DH2222 về đây nhé?"
    assert buttons(talk.said[-1], talk.ports) == ["Đúng, đổi giúp", "Gõ lại", "Thôi"]
    assert talk.said[-1].weighty
    assert talk.done == []
    talk.hear(Pick("yes"))
    assert talk.done == [OpenCase("change of address", note=ELSEWHERE, subject="DH2222")]
    assert "Khi chị Hoa báo lại thì mới chắc là đã đổi" in talk.hear(CaseOpened(1))
    assert talk.state is None


def test_what_she_said_at_once_is_not_asked_again() -> None:
    talk = Talk(1)
    talk.wants(f"đổi địa chỉ đơn DH2222 sang {ELSEWHERE}")
    assert talk.state == Moving("DH2222", ELSEWHERE)
    talk.hear(Text("nhầm, số 9 Lê Lợi, Hà Nội"))
    assert talk.state == Moving("DH2222", "nhầm, số 9 Lê Lợi, Hà Nội")
    talk.hear(Change())
    assert talk.state == Whereto("DH2222")
    assert talk.hear(Pick("no")) == "Dạ, địa chỉ giữ như cũ ạ."
    assert (talk.state, talk.done) == (None, [])


def test_of_several_orders_she_says_which() -> None:
    talk = Talk(3)
    talk.wants(f"đổi địa chỉ sang {ELSEWHERE}")
    assert talk.state == WhichOrder(ELSEWHERE)
    assert [item.arg for item in talk.said[-1].items] == ["DH2224", "DH2223", "DH2222"]
    talk.hear(Pick("move", "DH2223"))
    assert talk.state == Moving("DH2223", ELSEWHERE)


def test_an_order_of_somebody_else_or_on_its_way_is_not_moved() -> None:
    talk = Talk(1)
    assert talk.wants("đổi địa chỉ đơn DH9999").startswith("Em không tìm thấy đơn DH9999")
    talk.shop.orders[0].status = "sent"
    assert "không đổi địa chỉ được nữa" in talk.wants("đổi địa chỉ đơn DH2222")
    assert (talk.state, talk.done) == (None, [])


@pytest.mark.parametrize("heard", [Text("ờ"), Text("👍"), Text("x" * 4000), Text("\u202e"), Pick("move", "DH9999")])
def test_nothing_is_passed_on_without_a_yes(heard: Text | Pick) -> None:
    for state in (WhichOrder(ELSEWHERE), Whereto("DH2222"), Moving("DH2222", ELSEWHERE)):
        talk = Talk(2)
        talk.state = state
        talk.hear(heard)
        assert talk.done == []
