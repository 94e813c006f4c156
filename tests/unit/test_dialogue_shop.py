"""What is on sale and what is not, in the words of both languages."""

import pytest

from bot.dialogue import Ask
from bot.dialogues.shop import Wishing, search
from bot.effect import Say
from bot.understand.intent import read
from tests.fakes import FakeShop, FakeTalk


def asked(words: str, language: str = "vi") -> tuple[Wishing | None, Say]:
    """She types this with nothing open: what she is told."""
    talk: FakeTalk = FakeShop().talk("a phone")
    talk.language = language
    found = read(words, "customer", lambda query: [(match.goods.id, match.score) for match in talk.shelf.search(query)])
    state, effects = search(None, Ask("search", words=words, slots=dict(found.slots)), talk)
    said = effects[0]
    assert isinstance(said, Say)
    return state, said


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("honey", "Forest honey 500 ml"),
        ("oranges", "King mandarin, grade 1"),
        ("price of eggs", "Free-range hen eggs"),
        ("pomelo", "Red pomelo"),
    ],
)
def test_goods_are_found_in_english(words: str, name: str) -> None:
    state, said = asked(words, "en")
    assert state is None
    assert said.card is not None
    assert said.card.title == name


@pytest.mark.parametrize("words", ["vài cân cam", "2²kg cam", "cân cam", "hột gà", "trưng gà"])
def test_goods_that_are_sold_are_never_denied(words: str) -> None:
    state, said = asked(words)
    assert (state, said.card is not None) == (None, True)


@pytest.mark.parametrize("words", ["mận", "man hau", "gà"])
def test_goods_that_only_sound_like_ours_are_denied(words: str) -> None:
    state, _ = asked(words)
    assert isinstance(state, Wishing)
