"""One turn after the other, with toy dialogues: what the engine does for every talk."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm.exc import StaleDataError

from bot import inbox
from bot.conversation import Conversation, Memory, dump_memory, load_memory
from bot.engine import MESSAGES_A_MINUTE, Lost, give_up, take_turn
from bot.event import (
    AccountNews,
    Due,
    Event,
    HandedBack,
    OrderNews,
    Photo,
    Silent,
    Start,
    Sticker,
    TakenOver,
    Text,
    Withdrawn,
)
from bot.outbox import OutboxRow
from catalog.case import open_cases
from catalog.db import Database
from tests.conftest import Fresh, opened
from tests.unit.toys import ToyShop, tap

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SURE = "5? [Yes, keep it] [No]"
CLOSED = "That question is closed already, there is nothing more to do for it."


@pytest.fixture
def anywhere(database: Database) -> ToyShop:
    """On SQLite, and again on PostgreSQL: where it matters what a transaction is."""
    shop = ToyShop(database)
    shop.acquaint()
    return shop


@pytest.fixture
def toys(fresh: Fresh) -> Iterator[ToyShop]:
    database = opened(fresh.url("sqlite", "empty"))
    shop = ToyShop(database)
    shop.acquaint()
    yield shop
    database.close()


def counted(toys: ToyShop) -> None:
    """She is asked whether it is five."""
    assert toys.hears(tap("0:count.start:")) == ["How many?"]
    assert toys.hears("5") == [SURE]


# A turn


def test_a_row_is_answered_once_and_whoever_comes_second_is_told_so(anywhere: ToyShop) -> None:
    anywhere.receives(Text("0"))
    with anywhere.database.writing() as db:
        (row,) = inbox.pending(db, anywhere.now, 9)
        take_turn(db, row, anywhere.world)

    with pytest.raises(Lost), anywhere.database.writing() as db:
        take_turn(db, row, anywhere.world)

    assert anywhere.answers() == ["menu: open [Count]"]
    assert anywhere.rows()[-1].done_at == anywhere.now


def test_the_answer_knows_what_it_answers(anywhere: ToyShop) -> None:
    anywhere.hears("0")

    with anywhere.database.reading() as db:
        answer = db.scalars(select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1)).one()
    assert answer.inbox_id == anywhere.rows()[-1].id
    assert answer.address == "lan"
    assert answer.sent_at is None


def test_what_is_silent_is_kept_and_nobody_speaks(anywhere: ToyShop) -> None:
    assert anywhere.hears(Silent("echo"), "stranger") == []

    assert anywhere.rows()[-1].done_at == anywhere.now
    with anywhere.database.reading() as db:
        assert db.scalar(select(func.count(Conversation.id)).where(Conversation.address == "stranger")) == 0


def test_of_two_turns_over_one_conversation_the_second_is_rolled_back(anywhere: ToyShop) -> None:
    anywhere.receives(Text("0"))
    with anywhere.database.writing() as db:
        (row,) = inbox.pending(db, anywhere.now, 9)
        seen = db.scalars(select(Conversation)).one()
        faster = update(Conversation).values(version=seen.version + 1)
        db.execute(faster.execution_options(synchronize_session=False))
        with pytest.raises(StaleDataError), db.begin_nested():
            take_turn(db, row, anywhere.world)

    assert anywhere.rows()[-1].done_at is None
    assert anywhere.answers() == ["menu: open [Count]"]


def test_a_command_and_what_it_led_to_happen_together(anywhere: ToyShop) -> None:
    counted(anywhere)

    assert anywhere.hears("yes") == ["Kept 5."]

    assert anywhere.kept() == [f"5 by {anywhere.rows()[-1].key}"]


def test_a_turn_that_breaks_leaves_nothing_is_tried_again_and_then_given_to_a_person(anywhere: ToyShop) -> None:
    anywhere.hears(tap("0:count.start:"))
    anywhere.receives(Text("break"))
    anywhere.receives(Text("0"))
    anywhere.receives(Text("0"), "hoa")

    assert anywhere.answers() == [
        "Hello! I am the automatic assistant of the co-op.\nmenu: open [Count]"
    ]  # hoa; nobody waits for lan
    broken = anywhere.rows()[-3]
    assert (broken.tries, broken.error, broken.done_at) == (1, "ZeroDivisionError", None)

    said = []
    for _ in range(5):
        anywhere.now += timedelta(minutes=2)
        said += anywhere.answers()
    assert said == ["person: broken", "How many?", "0? [Yes, keep it] [No]"]
    broken = anywhere.rows()[-3]
    assert (broken.tries, broken.error) == (5, "ZeroDivisionError")
    assert broken.done_at is not None


GIVEN_UP = "person: broken"


def given_up(toys: ToyShop) -> list[str]:
    """What is said when the newest row has failed too often."""
    row = toys.rows()[-1]
    with toys.database.writing() as db:
        give_up(db, row, toys.world, "ZeroDivisionError")
    kept = toys.rows()[-1]
    assert (kept.done_at, kept.error) == (toys.now, "ZeroDivisionError")
    return toys.said()


def poisoned(toys: ToyShop) -> list[tuple[str, str, bool]]:
    with toys.database.reading() as db:
        return [(case.kind, case.subject, case.conversation_id is not None) for case in open_cases(db)]


@pytest.mark.parametrize("event", [Text("0"), tap("0:count.start:"), Start()], ids=repr)
def test_who_said_something_that_cannot_be_handled_gets_an_apology(anywhere: ToyShop, event: Event) -> None:
    anywhere.receives(event)

    assert given_up(anywhere) == [GIVEN_UP]
    assert poisoned(anywhere) == []  # the apology opens a case of its own


@pytest.mark.parametrize(
    "event",
    [HandedBack(), TakenOver("12", "Chào chị."), OrderNews(3), Due("cart_reminder", "m1"), Withdrawn()],
    ids=repr,
)
def test_who_said_nothing_gets_no_apology_and_a_person_a_case(anywhere: ToyShop, event: Event) -> None:
    anywhere.receives(event)

    assert given_up(anywhere) == []
    assert poisoned(anywhere) == [("poison", f"inbox {anywhere.rows()[-1].id}", True)]


def test_no_apology_is_spoken_into_a_colleagues_talk(anywhere: ToyShop) -> None:
    anywhere.hears(TakenOver("12", "Chào chị."))
    anywhere.receives(Text("break"))

    assert given_up(anywhere) == []
    assert ("poison", f"inbox {anywhere.rows()[-1].id}", True) in poisoned(anywhere)


def test_an_event_of_an_account_that_cannot_be_handled_makes_nobody_a_conversation(anywhere: ToyShop) -> None:
    anywhere.receives(AccountNews("blocked"), "11")

    assert given_up(anywhere) == []
    assert poisoned(anywhere) == [("poison", f"inbox {anywhere.rows()[-1].id}", False)]
    with anywhere.database.reading() as db:
        assert db.scalar(select(func.count(Conversation.id)).where(Conversation.address == "11")) == 0


# Meaning


@pytest.mark.parametrize("answer", ["tap", "2", "no", "No", "NO ạ"])
def test_tap_number_and_words_are_the_same_choice(toys: ToyShop, answer: str) -> None:
    counted(toys)

    assert toys.hears(tap(toys.buttons()[1]) if answer == "tap" else answer) == ["How many then?"]


@pytest.mark.parametrize("number", ["0", "9", "12"])
def test_where_a_number_is_asked_for_a_number_is_the_answer(toys: ToyShop, number: str) -> None:
    toys.hears(tap("0:count.start:"))

    assert toys.hears(number) == [f"{number}? [Yes, keep it] [No]"]


def test_a_second_tap_on_a_confirmation_does_nothing_more(toys: ToyShop) -> None:
    counted(toys)
    yes = toys.buttons()[0]
    toys.receives(tap(yes))
    toys.receives(tap(yes))

    assert toys.answers() == ["Kept 5.", f"{CLOSED}", "menu: possible [Count]"]
    assert len(toys.kept()) == 1


def test_an_old_button_that_names_something_still_does_it(toys: ToyShop) -> None:
    toys.hears("0")
    old = toys.buttons()[0]
    counted(toys)

    assert toys.hears(tap(old)) == ["How many?"]


def test_an_old_button_of_a_closed_question_says_so_and_the_open_one_is_asked_again(toys: ToyShop) -> None:
    counted(toys)
    old = toys.buttons()[1]
    toys.hears("no")

    assert toys.hears(tap(old)) == [CLOSED, "How many then?"]


@pytest.mark.parametrize("made_up", ["1:count.nothing:", "1:nobody.start:", "77:yes:", "::", "0:.:", "x:y", "no colon"])
def test_a_button_that_we_never_made_is_answered(toys: ToyShop, made_up: str) -> None:
    assert toys.hears(tap(made_up))


def test_a_yes_that_was_typed_before_the_question_does_not_count_the_next_one_does(toys: ToyShop) -> None:
    toys.hears(tap("0:count.start:"))
    toys.receives(Text("5"))
    toys.receives(Text("yes"))

    assert toys.answers() == [SURE, "Just to be sure, please answer once more:", SURE]
    assert toys.kept() == []
    assert toys.hears("yes") == ["Kept 5."]


def test_a_yes_that_comes_late_does_not_count_the_next_one_does(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears("yes", age=HOUR) == ["Just to be sure, please answer once more:", SURE]
    assert toys.hears("yes") == ["Kept 5."]


def test_a_yes_of_the_same_millisecond_as_the_question_is_later_than_it(toys: ToyShop) -> None:
    counted(toys)
    asked = toys.now

    assert toys.hears("yes", age=toys.now + timedelta(seconds=5) - asked) == ["Kept 5."]


def test_a_stamp_wins_in_any_state_and_the_open_question_stays(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears("so day ne: 4839 2017 6504") == ["trace: scan 483920176504", SURE]
    assert toys.hears("yes") == ["Kept 5."]


def test_a_wish_opens_the_talk_that_it_is_about(toys: ToyShop) -> None:
    assert toys.hears("có gì bán không") == ["How many?"]


# House words


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    ("word", "answer"),
    [("0", "menu: open [Count]"), ("9", "person: call"), ("gặp người", "person: call"), ("?", "menu: help")],
)
def test_house_words_work_inside_a_talk_and_outside(toys: ToyShop, word: str, answer: str, inside: bool) -> None:
    if inside:
        counted(toys)

    assert toys.hears(word)[0] == answer


def test_cancelling_asks_once_and_takes_no_for_an_answer(toys: ToyShop) -> None:
    counted(toys)
    asked = ["Shall I drop this? What was begun will be gone. [Yes, drop it] [No, go on]"]

    assert toys.hears("hủy") == asked
    assert toys.hears("2") == [SURE]
    assert toys.hears("hủy") == asked
    assert toys.hears("có") == ["All right, I have dropped it.", "menu: possible [Count]"]
    assert toys.hears("hủy") == ["menu: nothing_to_undo [Count]"]


def test_back_goes_one_step_and_asks_that_question_anew(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears("lại") == ["How many?"]
    assert toys.hears("lại") == ["We are at the first step already.", "How many?"]
    assert toys.hears("7") == ["7? [Yes, keep it] [No]"]


def test_change_is_the_steps_own_if_it_knows_what_that_means(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears("sửa") == ["How many then?"]


# Talks


def test_what_was_parked_is_asked_again_when_the_other_is_done(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears(tap("0:red.start:")) == ["A word for red?"]
    assert toys.hears("done") == ["red is done.", SURE]
    assert toys.hears("yes") == ["Kept 5."]


def test_the_menu_leaves_what_is_open_in_peace(toys: ToyShop) -> None:
    counted(toys)
    yes = toys.buttons()[0]

    assert toys.hears("0") == ["menu: open [Count]"]
    assert toys.hears("đúng") == ["Yes or no? [Yes, keep it] [No]"]
    assert toys.hears("0") == ["menu: open [Count]"]
    assert toys.hears(tap(yes)) == ["Kept 5."]


def test_the_hint_keeps_the_buttons_of_its_question_alive(toys: ToyShop) -> None:
    counted(toys)
    no = toys.buttons()[1]
    assert toys.hears("xyzzy") == ["Yes or no? [Yes, keep it] [No]"]

    assert toys.hears(tap(no)) == ["How many then?"]


def test_a_button_brings_the_talk_to_the_front_that_asked_it(toys: ToyShop) -> None:
    counted(toys)
    yes = toys.buttons()[0]
    toys.hears(tap("0:red.start:"))

    assert toys.hears(tap(yes)) == ["Kept 5.", "A word for red?"]


def test_three_talks_are_parked_and_the_oldest_of_more_is_forgotten(toys: ToyShop) -> None:
    for name in ("red", "green", "blue", "white", "black"):
        toys.hears(tap(f"0:{name}.start:"))

    assert toys.hears("done") == ["black is done.", "A word for white?"]
    assert toys.hears("done") == ["white is done.", "A word for blue?"]
    assert toys.hears("done") == ["blue is done.", "A word for green?"]
    assert toys.hears("done") == ["green is done."]


def test_a_talk_that_is_wished_for_again_comes_to_the_front_once(toys: ToyShop) -> None:
    toys.hears(tap("0:red.start:"))
    toys.hears(tap("0:green.start:"))
    toys.hears(tap("0:red.start:"))

    assert toys.hears("done") == ["red is done.", "A word for green?"]
    assert toys.hears("done") == ["green is done."]


def test_a_state_that_todays_code_does_not_know_is_let_go_kindly(toys: ToyShop) -> None:
    counted(toys)
    _remember_differently(toys, lambda memory: memory.talks[0].state.update(_="Guessing"))

    assert toys.hears("5")[0].startswith("I have learned something new meanwhile and lost the thread.")
    assert toys.hears(tap("0:count.start:")) == ["How many?"]


def test_a_talk_whose_dialogue_is_no_more_does_not_break_what_she_asks_beside_it(toys: ToyShop) -> None:
    counted(toys)
    _remember_differently(toys, lambda memory: setattr(memory.talks[0], "dialogue", "abolished"))

    assert toys.hears("0") == ["menu: open [Count]"]
    assert toys.hears("xyzzy")[0].startswith("I have learned something new meanwhile and lost the thread.")


def test_a_memory_that_cannot_be_opened_is_let_go_kindly(toys: ToyShop) -> None:
    counted(toys)
    toys.change("lan", lambda hers: setattr(hers, "memory", b"sealed by nobody"))

    assert toys.hears("0") == [
        "I have learned something new meanwhile and lost the thread. Let us begin again.",
        "menu: open [Count]",
    ]


# Telling somebody else


def test_news_enters_her_inbox_in_the_same_commit_and_her_open_question_is_asked_again(toys: ToyShop) -> None:
    toys.acquaint("hoa")
    toys.tells = [toys.known_person("hoa")]
    toys.hears(tap("0:red.start:"), "hoa")
    counted(toys)

    assert toys.hears("yes") == ["Kept 5.", "An order: part 5.", "A word for red?"]
    news = toys.rows()[-1]
    assert (news.sender, news.kind) == ("hoa", "OrderNews")


def test_the_same_news_is_told_once(toys: ToyShop) -> None:
    toys.acquaint("hoa")
    toys.tells = [toys.known_person("hoa")]
    for _ in range(2):
        counted(toys)
        toys.hears("yes")

    assert [row.sender for row in toys.rows() if row.kind == "OrderNews"] == ["hoa"]


def test_a_timer_that_means_nothing_any_more_is_silent(toys: ToyShop) -> None:
    assert toys.hears(Due("cart_reminder", "m1")) == []
    assert toys.rows()[-1].done_at is not None


# Patience


def test_what_is_not_understood_is_never_answered_twice_in_the_same_words(toys: ToyShop) -> None:
    assert [toys.hears("xyzzy") for _ in range(4)] == [
        ["menu: puzzled [Count]"],
        ["menu: puzzled_again [Count]"],
        ["menu: puzzled [Count]"],
        ["menu: puzzled_again [Count]"],
    ]


def test_in_a_talk_the_hint_comes_first_then_other_words_and_a_person(toys: ToyShop) -> None:
    toys.hears(tap("0:count.start:"))

    assert [toys.hears("xyzzy") for _ in range(4)] == [
        ["A number, please."],
        ["I am sorry, I did not understand. Type 9 and a person of the co-op will help you.", "A number, please."],
        ["I still do not understand. Please answer this question, or type 0 for the menu:", "A number, please."],
        ["I am sorry, I did not understand. Type 9 and a person of the co-op will help you.", "A number, please."],
    ]
    assert toys.hears("5") == [SURE]


def test_thirty_messages_a_minute_then_one_polite_line_then_silence(toys: ToyShop) -> None:
    toys.now += HOUR
    toys.receives(Text("0"))
    for _ in range(MESSAGES_A_MINUTE + 5):
        toys.receives(Text("0"))
    toys.receives(OrderNews(3))

    said = toys.answers()

    assert said[:MESSAGES_A_MINUTE] == ["menu: open [Count]"] * MESSAGES_A_MINUTE
    assert said[MESSAGES_A_MINUTE:] == [
        "That was a lot at once. Please give me a minute, then write again.",
        "An order: part 3.",
    ]
    assert all(row.done_at for row in toys.rows())
    toys.now += timedelta(minutes=1)
    assert toys.hears("0") == ["menu: open [Count]"]


def test_at_most_two_bubbles_whatever_a_step_says(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears("talkative") == ["One.\nTwo.", "Three."]


def test_a_sticker_is_no_yes(toys: ToyShop) -> None:
    counted(toys)

    assert toys.hears(Sticker("369239263222822")) == [
        "A sticker alone is not an answer that I can count. Please type 1 or press a button.",
        SURE,
    ]
    assert toys.kept() == []


def test_a_photo_that_no_step_wants_goes_to_a_person(toys: ToyShop) -> None:
    assert toys.hears(Photo(("https://example.org/1.jpg",), "ổi nhà em")) == ["person: media 🖼 ổi nhà em"]


# Hello and welcome back


def test_the_bot_says_that_it_is_a_machine_at_first_and_after_a_long_gap(toys: ToyShop) -> None:
    hello = "Hello! I am the automatic assistant of the co-op.\nmenu: start [Count]"
    assert toys.hears(Start(), "new") == [hello]
    assert toys.hears(Start(), "new") == ["menu: start [Count]"]
    toys.now += 4 * DAY
    assert toys.hears(Start(), "new") == ["Hello you, I am the automatic assistant of the co-op.\nmenu: start [Count]"]


def test_after_a_day_a_typed_answer_is_asked_about_before_it_counts(toys: ToyShop) -> None:
    counted(toys)
    toys.now += 2 * DAY

    assert toys.hears("yes") == ["Welcome back. How many was it?"]
    assert toys.kept() == []


def test_after_a_day_a_button_says_itself_what_it_means(toys: ToyShop) -> None:
    counted(toys)
    toys.now += 2 * DAY

    assert toys.hears(tap(toys.buttons()[0])) == ["Kept 5."]


def _remember_differently(toys: ToyShop, change: Callable[[Memory], None]) -> None:
    with toys.database.writing() as db:
        row = db.scalars(select(Conversation)).one()
        memory = load_memory(db, row)
        assert memory is not None
        change(memory)
        row.memory = dump_memory(db, memory)
