"""Who has the thread: taken over, listened to, handed back, and what the engine makes of the events around it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from bot import outbox
from bot.attachment import Attachment
from bot.conversation import Conversation
from bot.event import (
    SAID,
    ContactCard,
    Due,
    Edited,
    Event,
    Follow,
    HandedBack,
    Location,
    OrderNews,
    Other,
    Overheard,
    Photo,
    Start,
    Sticker,
    TakenOver,
    Tap,
    Text,
    Touched,
    Voice,
)
from bot.hearing import REACHABLE
from bot.outbox import OutboxRow
from bot.reply import Bubble
from bot.thread import CASE, OVER, spoken
from catalog.case import note_of, open_cases
from catalog.db import Database
from tests.unit.toys import ToyShop, tap

HOUR = timedelta(hours=1)
SILENT_FOR = timedelta(hours=12)
HOA = TakenOver("4713478301", "Chào chị, em Hoa đây ạ.")
ON_HAND = TakenOver("263902037430909", speaks=False)
MENU = "menu: open [Count]"
POSSIBLE = "menu: possible [Count]"
BACK = "I am the automatic assistant, and I am back to help you.\n"


@pytest.fixture
def shop(database: Database) -> ToyShop:
    """A toy shop where lan has written before, on each database."""
    toys = ToyShop(database)
    toys.acquaint()
    return toys


def noted(shop: ToyShop) -> list[str]:
    """What the case about the take-over says, without the times."""
    with shop.database.reading() as db:
        notes = [note_of(db, case) for case in open_cases(db) if case.kind == CASE]
    assert len(notes) <= 1
    return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d\S* ?", "", line) for note in notes for line in note.splitlines()]


def until(shop: ToyShop) -> datetime | None:
    return shop.conversation().taken_until


# Taking


def test_while_a_colleague_has_the_thread_the_bot_is_silent_and_her_words_are_kept_with_the_case(
    shop: ToyShop,
) -> None:
    assert shop.hears(HOA) == []
    assert until(shop) == shop.now + SILENT_FOR

    told = [shop.hears(said) for said in ("alo", tap("0:count.start:", "Count"), "9", "4839 2017 6504")]

    assert told == [[], [], [], []]
    assert noted(shop) == ["👩‍💼 Chào chị, em Hoa đây ạ.", "👤 alo", "👤 Count", "👤 9", "👤 4839 2017 6504"]
    talk = shop.conversation()
    assert (talk.taken_by, talk.left_alone, talk.seen_at) == (HOA.by, True, shop.now)
    assert all(row.done_at is not None for row in shop.rows())


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Text("mấy giờ giao"), "mấy giờ giao"),
        (Overheard("mấy giờ giao"), "mấy giờ giao"),
        (Edited("mai giao nhé"), "mai giao nhé"),
        (Tap("0:count.start:", "Count"), "Count"),
        (Tap("0:count.start:"), "0:count.start:"),
        (ContactCard("Hằng", "0912345678", "Hà Nội"), "Hằng, 0912345678, Hà Nội"),
        (ContactCard("", "0912345678"), "0912345678"),
        (Photo(("https://a.example/1.jpg",), "cam hỏng"), "🖼 cam hỏng"),
        (Photo(("https://a.example/1.jpg",)), "🖼"),
        (Voice("https://a.example/1.m4a"), "🎧"),
        (Voice("https://a.example/1.m4a", "cam hỏng"), "🎧 cam hỏng"),
        (Location(21.0, 104.0), "📍"),
        (Sticker("1"), "…"),
        (Other("file"), "…"),
    ],
    ids=repr,
)
def test_whatever_she_sends_to_a_colleague_is_a_line_for_the_colleague(event: Event, line: str) -> None:
    assert spoken(event) == line


def test_no_kind_of_what_she_does_makes_the_bot_speak_while_a_colleague_has_the_thread(shop: ToyShop) -> None:
    makers: dict[type, Callable[..., Event]] = {
        Tap: lambda: Tap("0:count.start:"),
        Photo: lambda: Photo(("https://a.example/1.jpg",)),
        Location: lambda: Location(21.0, 104.0),
        ContactCard: lambda: ContactCard("Hằng", "0912345678"),
    }
    shop.hears(HOA)

    for kind in SAID:
        make = makers.get(kind, kind)
        assert shop.hears(make() if kind in makers or not kind.__match_args__ else make("x")) == [], kind


def test_each_word_of_a_colleague_makes_the_silence_longer_and_only_having_the_thread_does_not(shop: ToyShop) -> None:
    shop.hears(HOA)
    shop.now += 5 * HOUR
    shop.hears(ON_HAND)
    shop.hears(Overheard("alo"))
    assert until(shop) == shop.now - 5 * HOUR - timedelta(seconds=10) + SILENT_FOR
    assert shop.conversation().left_alone

    shop.hears(replace(HOA, words="Dạ em nghe."))

    assert until(shop) == shop.now + SILENT_FOR
    assert not shop.conversation().left_alone
    assert noted(shop) == ["👩‍💼 Chào chị, em Hoa đây ạ.", "👤 alo", "👩‍💼 Dạ em nghe."]


def test_what_comes_beside_us_takes_the_thread_even_of_somebody_we_never_met(shop: ToyShop) -> None:
    assert shop.hears(Overheard("em ơi"), "new") == []

    talk = shop.conversation("new")
    assert (talk.taken_by, talk.taken_until, talk.left_alone) == ("standby", shop.now + SILENT_FOR, True)
    assert talk.touched_at == shop.now
    assert noted(shop) == ["👤 em ơi"]


def test_a_colleagues_word_that_is_delivered_late_counts_from_when_it_was_written(shop: ToyShop) -> None:
    shop.hears(HOA, age=5 * HOUR)

    assert until(shop) == shop.now - 5 * HOUR + SILENT_FOR


def test_a_colleagues_word_of_yesterday_silences_nobody_today(shop: ToyShop) -> None:
    assert shop.hears(HOA, age=20 * HOUR) == []
    assert (until(shop), shop.conversation().taken_by) == (None, "")

    assert shop.hears("0") == [MENU]


def test_a_colleagues_word_that_comes_late_makes_no_silence_shorter(shop: ToyShop) -> None:
    shop.hears(HOA)
    shop.hears(replace(HOA, words="Dạ em nghe."), age=5 * HOUR)

    assert until(shop) == shop.now - timedelta(seconds=5) + SILENT_FOR
    assert noted(shop) == ["👩‍💼 Chào chị, em Hoa đây ạ.", "👩‍💼 Dạ em nghe."]


@pytest.mark.parametrize("said", [Text("alo"), Overheard("alo")], ids=repr)
def test_who_wrote_after_the_colleagues_late_word_still_waits(shop: ToyShop, said: Event) -> None:
    shop.hears(HOA)
    shop.hears(said)

    shop.hears(replace(HOA, words="Dạ em nghe."), age=timedelta(seconds=8))

    assert shop.conversation().left_alone


@pytest.mark.parametrize("event", [Follow(), Start()], ids=repr)
def test_who_only_follows_or_opens_the_chat_waits_for_nobody(shop: ToyShop, event: Event) -> None:
    shop.hears(HOA)

    assert shop.hears(event) == []

    assert not shop.conversation().left_alone
    assert noted(shop) == ["👩‍💼 Chào chị, em Hoa đây ạ."]


def test_a_button_without_a_title_is_named_for_the_colleague_by_what_stood_on_it(shop: ToyShop) -> None:
    shop.hears(tap("0:count.start:"))
    shop.hears("5")
    yes, no = shop.buttons()
    shop.hears(HOA)

    for button in (no, yes, "77:unknown:"):
        assert shop.hears(tap(button)) == []

    assert noted(shop)[1:] == ["👤 No", "👤 Yes, keep it", "👤 …"]


def test_news_while_a_colleague_has_the_thread_are_told_without_the_open_question(shop: ToyShop) -> None:
    shop.hears(tap("0:red.start:"))
    assert shop.hears(OrderNews(2)) == ["An order: part 2.", "A word for red?"]
    shop.hears(HOA)

    assert shop.hears(OrderNews(3)) == ["An order: part 3."]

    assert shop.hears(HandedBack()) == [BACK + "A word for red?"]


def test_a_word_with_a_clock_ahead_of_ours_counts_from_now(shop: ToyShop) -> None:
    shop.hears(HOA, age=-3 * HOUR)

    assert until(shop) == shop.now + SILENT_FOR


def test_the_same_word_delivered_twice_is_in_the_case_once(shop: ToyShop) -> None:
    for _ in range(3):
        shop.hears(HOA, key="echo:m_1")

    assert noted(shop) == ["👩‍💼 Chào chị, em Hoa đây ạ."]
    assert until(shop) == shop.now - timedelta(seconds=10) + SILENT_FOR


# Files and windows


def test_pictures_and_voices_are_kept_while_a_colleague_has_the_thread_once_each(shop: ToyShop) -> None:
    shop.hears(HOA)
    pictures = Photo(("https://a.example/1.jpg", "https://a.example/2.jpg"), "cam hỏng")
    for _ in range(2):
        shop.hears(pictures, key="m_photo")
    shop.hears(Voice("https://a.example/1.m4a"))

    with shop.database.reading() as db:
        kept = db.scalars(select(Attachment).order_by(Attachment.id)).all()
        urls = [shop.database.vault.open(row.url or b"").decode() for row in kept]
    assert [(row.kind, row.place) for row in kept] == [("photo", 0), ("photo", 1), ("voice", 0)]
    assert urls == [*pictures.urls, "https://a.example/1.m4a"]
    assert {row.conversation_id for row in kept} == {shop.conversation().id}


@pytest.mark.parametrize(("event", "opens"), [(Touched("love"), True), (Edited("x"), False), (HOA, False)])
def test_what_opens_the_window_is_her_own_act_on_the_platforms_clock(shop: ToyShop, event: Event, opens: bool) -> None:
    before = shop.conversation().touched_at
    shop.now += HOUR

    shop.hears(event, age=timedelta(minutes=10))

    assert shop.conversation().touched_at == (shop.now - timedelta(minutes=10) if opens else before)


def test_an_old_message_that_comes_late_opens_no_window(shop: ToyShop) -> None:
    touched = shop.conversation().touched_at
    shop.now += 2 * HOUR

    shop.hears("0", age=5 * HOUR)

    assert shop.conversation().touched_at == touched


def test_a_reaction_is_answered_by_nobody_and_leaves_the_open_question(shop: ToyShop) -> None:
    shop.hears(tap("0:count.start:"))

    assert shop.hears(Touched("like")) == []

    assert shop.hears("5") == ["5? [Yes, keep it] [No]"]


# Coming back


def test_a_thread_that_is_handed_back_is_answered_with_what_was_open(shop: ToyShop) -> None:
    shop.hears(tap("0:count.start:"))
    shop.hears(HOA)

    assert shop.hears(HandedBack("staff")) == [BACK + "How many?"]

    talk = shop.conversation()
    assert (talk.taken_until, talk.taken_by, talk.left_alone) == (None, "", False)
    assert shop.hears("5") == ["5? [Yes, keep it] [No]"]


def test_a_thread_that_nobody_had_is_handed_back_in_silence(shop: ToyShop) -> None:
    assert shop.hears(HandedBack("staff")) == []
    assert shop.hears("0") == [MENU]


def test_a_colleagues_word_from_before_the_hand_back_takes_nothing(shop: ToyShop) -> None:
    shop.hears(HOA)
    shop.hears(HandedBack())

    shop.hears(replace(HOA, words="Dạ em nghe."), age=timedelta(seconds=6))
    assert until(shop) is None

    shop.hears(replace(HOA, words="Chị ơi."), age=timedelta(seconds=1))
    assert until(shop) == shop.now - timedelta(seconds=1) + SILENT_FOR


def test_a_hand_back_from_before_the_colleagues_last_words_gives_nothing_back(shop: ToyShop) -> None:
    shop.hears(HOA)

    assert shop.hears(HandedBack(), age=timedelta(seconds=6)) == []
    assert until(shop) == shop.now - timedelta(seconds=5) + SILENT_FOR

    assert shop.hears(HandedBack(), age=timedelta(seconds=6)) == [BACK + POSSIBLE]
    assert until(shop) is None


def test_the_case_of_a_take_over_is_closed_when_the_bot_is_back(shop: ToyShop) -> None:
    shop.hears(HOA)
    assert noted(shop) == ["👩‍💼 Chào chị, em Hoa đây ạ."]

    shop.hears(HandedBack())

    assert noted(shop) == []


def test_a_thread_that_is_handed_back_after_her_window_has_closed_stays_silent(shop: ToyShop) -> None:
    shop.hears(HOA)
    shop.now += REACHABLE

    assert shop.hears(HandedBack("staff")) == []

    assert shop.conversation().taken_until is None
    assert shop.hears("0") == [BACK + MENU]


def test_when_the_silence_is_over_her_next_word_is_answered_though_no_alarm_rang(shop: ToyShop) -> None:
    shop.hears(HOA)
    shop.now += SILENT_FOR

    assert shop.hears("0") == [BACK + MENU]
    assert shop.hears("0") == [MENU]


# Replies that are owed


def owed(shop: ToyShop, *texts: str, **columns: Any) -> None:
    """Replies of ours to lan, news if nothing else is said, that wait until she has written again."""
    with shop.database.writing() as db:
        talk = db.scalars(select(Conversation).where(Conversation.address == "lan")).one()
        talk.owed = True
        for text in texts:
            row = OutboxRow(
                account_id=shop.account_id,
                channel="web",
                address="lan",
                conversation_id=talk.id,
                inbox_id=1,
                created_at=shop.now,
                held_at=shop.now,
                reason="window",
                **(columns or {"notice": True}),
            )
            outbox.put(db, row, Bubble(text))
            db.flush()
    shop.said()


@pytest.mark.parametrize(
    ("event", "answer"),
    [(Text("0"), [MENU]), (HandedBack(), []), (Touched("like"), [])],
    ids=["words", "handed back", "a reaction"],
)
def test_what_is_owed_goes_in_its_old_order_before_the_answer_and_once(
    shop: ToyShop, event: Event, answer: list[str]
) -> None:
    owed(shop, "Order DH1", "Order DH2")

    assert shop.hears(event) == ["Order DH1", "Order DH2", *answer]
    assert not shop.conversation().owed
    assert shop.hears("0") == [MENU]

    with shop.database.reading() as db:
        again = db.scalars(select(OutboxRow).where(OutboxRow.notice).order_by(OutboxRow.id)).all()
    assert [row.dead_at is None for row in again] == [False, False, True, True]
    assert [row.error for row in again[:2]] == [f"promised again as {row.id}" for row in again[2:]]


@pytest.mark.parametrize("event", [Edited("x"), HOA], ids=repr)
def test_what_is_owed_waits_for_what_opens_the_window(shop: ToyShop, event: Event) -> None:
    owed(shop, "Order DH1")

    assert shop.hears(event) == []
    assert shop.conversation().owed


@pytest.mark.parametrize("said", [Text("alo"), Touched("like"), Overheard("alo")], ids=repr)
def test_while_a_colleague_has_the_thread_only_news_and_what_people_typed_are_taken_up(
    shop: ToyShop, said: Event
) -> None:
    shop.hears(HOA)
    owed(shop, "The bot's own", by_person=False)
    owed(shop, "An order")
    owed(shop, "From Hoa", by_person=True)

    assert shop.hears(said) == ["An order", "From Hoa"]
    assert shop.conversation().owed


def test_what_is_owed_goes_before_the_bot_says_that_it_is_back(shop: ToyShop) -> None:
    shop.hears(HOA)
    owed(shop, "The bot's own", by_person=False)

    assert shop.hears(HandedBack()) == ["The bot's own", BACK + POSSIBLE]
    assert not shop.conversation().owed


def test_what_is_owed_goes_when_the_colleagues_time_is_over(shop: ToyShop) -> None:
    shop.hears(HOA)
    owed(shop, "The bot's own", by_person=False)
    shop.now += SILENT_FOR

    assert shop.hears(Due(OVER, "")) == ["The bot's own"]
    assert (until(shop), shop.conversation().owed) == (None, False)


def test_an_owed_reply_whose_words_are_forgotten_is_not_taken_up(shop: ToyShop) -> None:
    owed(shop, "Order DH1", "Order DH2")
    with shop.database.writing() as db:
        db.scalars(select(OutboxRow).where(OutboxRow.notice)).first().body = None  # type: ignore[union-attr]

    assert shop.hears("0") == ["Order DH2", MENU]
    assert not shop.conversation().owed


# Edited, followed


def test_who_edits_a_message_under_an_open_question_is_told_what_counts(shop: ToyShop) -> None:
    shop.hears(tap("0:count.start:"))
    shop.hears("5")

    told = shop.hears(Edited("6"))

    assert told == [
        "I saw that you changed a message. I still go by the old one; to change it, type sửa.",
        "5? [Yes, keep it] [No]",
    ]
    assert shop.hears("yes") == ["Kept 5."]


def test_who_edits_a_message_about_nothing_is_left_alone(shop: ToyShop) -> None:
    assert shop.hears(Edited("chào")) == []


def test_a_new_follower_is_greeted_and_one_whom_we_know_is_not(shop: ToyShop) -> None:
    greeted = shop.hears(Follow(), "new")
    assert len(greeted) == 1
    assert greeted[0].endswith("menu: start [Count]")

    assert shop.hears(Follow(), "new") == []
    assert shop.hears(Follow()) == []


def test_a_place_in_the_middle_of_a_question_is_no_answer(shop: ToyShop) -> None:
    shop.hears(tap("0:count.start:"))

    assert shop.hears(Location(21.0, 104.0))

    assert shop.hears(str(Decimal(5))) == ["5? [Yes, keep it] [No]"]
