"""What a platform says of a whole page or OA: where it counts, and what staff are told."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.conversation import Conversation
from bot.event import AccountNews
from bot.plain import plain
from bot.reply import Reason
from bot.run.turns import Turns
from catalog.account import Account, pause
from catalog.case import note_of, open_cases
from catalog.db import Database
from catalog.template import keep_template, template_for, templates_of
from tests.conftest import NOW
from tests.unit.toys import ToyShop


@pytest.fixture
def shop(database: Database) -> ToyShop:
    return ToyShop(database)


def account(shop: ToyShop) -> Account:
    with shop.database.reading() as db:
        return db.get_one(Account, shop.account_id)


def cases(shop: ToyShop) -> list[tuple[str, str, int | None, str]]:
    with shop.database.reading() as db:
        return [(case.kind, case.subject, case.conversation_id, note_of(db, case)) for case in open_cases(db)]


@pytest.mark.parametrize(("what", "reason"), [("blocked", Reason.BLOCKED), ("removed", Reason.TOKEN)])
def test_what_stops_an_account_pauses_it_and_is_told_once(shop: ToyShop, what: str, reason: Reason) -> None:
    for _ in range(3):
        assert shop.hears(AccountNews(what, words="spam"), "11") == []

    assert (account(shop).paused_at is not None, account(shop).pause_reason) == (True, reason.value)
    assert cases(shop) == [("account", f"web SM: {reason}", None, f"web SM: {plain(reason, 'vi')}\nspam")]
    assert shop.rows()[-1].done_at == shop.now


def test_what_lifts_a_block_lets_the_account_send_again(shop: ToyShop) -> None:
    shop.hears(AccountNews("blocked"), "11")
    shop.hears(AccountNews("warned", words="slow down"), "11")

    assert shop.hears(AccountNews("unblocked"), "11") == []

    assert (account(shop).paused_at, account(shop).pause_reason) == (None, "")
    assert [subject for _, subject, *_ in cases(shop)] == ["web SM: warned"]


def test_a_block_is_told_again_when_it_comes_again(shop: ToyShop) -> None:
    for what in ("blocked", "unblocked", "blocked"):
        shop.hears(AccountNews(what), "11")

    assert account(shop).pause_reason == "blocked"
    assert [subject for _, subject, *_ in cases(shop)] == ["web SM: blocked"]


def test_the_end_of_a_block_ends_no_other_trouble(shop: ToyShop) -> None:
    shop.hears(AccountNews("removed"), "11")

    shop.hears(AccountNews("unblocked"), "11")

    assert account(shop).pause_reason == "token"
    assert [subject for _, subject, *_ in cases(shop)] == ["web SM: token"]


@pytest.mark.parametrize("first", [Reason.PACKAGE, Reason.TOKEN, Reason.RESTRICTED])
def test_a_block_comes_before_any_other_reason(shop: ToyShop, first: Reason) -> None:
    with shop.database.writing() as db:
        assert pause(db, shop.account_id, first.value, NOW)

    shop.hears(AccountNews("blocked"), "11")

    assert (account(shop).paused_at, account(shop).pause_reason) == (NOW, "blocked")


def test_no_later_trouble_hides_a_block(shop: ToyShop) -> None:
    shop.hears(AccountNews("blocked"), "11")

    shop.hears(AccountNews("removed"), "11")

    assert account(shop).pause_reason == "blocked"
    assert [subject for _, subject, *_ in cases(shop)] == ["web SM: blocked", "web SM: token"]


@pytest.mark.parametrize("what", ["warned", "quota"])
def test_what_only_has_to_be_known_is_told_in_the_platforms_own_words(shop: ToyShop, what: str) -> None:
    for _ in range(2):
        shop.hears(AccountNews(what, words="Too many complaints"), "11")

    assert account(shop).paused_at is None
    assert cases(shop) == [("account", f"web SM: {what}", None, "Too many complaints")]


def test_the_status_of_a_template_is_kept_and_decides_whether_it_goes(shop: ToyShop) -> None:
    with shop.database.writing() as db:
        keep_template(db, shop.account_id, "order_new", "t_7", parameters="code", status="pending")
        keep_template(db, shop.account_id, "order_cancelled", "t_8", parameters="code", status="approved")

    for ref, status in (("t_7", "approved"), ("t_8", "disabled"), ("t_9", "approved")):
        assert shop.hears(AccountNews("template", ref, status), "11") == []

    with shop.database.reading() as db:
        known = {one.external_id: one.status for one in templates_of(db, shop.account_id)}
        assert template_for(db, shop.account_id, "order_cancelled") is None
        going = template_for(db, shop.account_id, "order_new")
        assert going is not None
        assert going.external_id == "t_7"
    assert known == {"t_7": "APPROVED", "t_8": "DISABLED"}
    assert cases(shop) == []


def test_news_of_an_account_make_nobody_a_conversation(shop: ToyShop) -> None:
    shop.hears(AccountNews("blocked"), "11")

    with shop.database.reading() as db:
        assert db.scalar(select(func.count(Conversation.id))) == 0


@pytest.mark.parametrize("language", ["vi", "en"])
def test_staff_read_it_in_their_language(shop: ToyShop, language: str) -> None:
    shop.turns = Turns(shop.database, replace(shop.world, language=language), lambda: None)

    shop.hears(AccountNews("removed"), "11")

    assert [note for *_, note in cases(shop)] == [f"web SM: {plain(Reason.TOKEN, language)}"]
