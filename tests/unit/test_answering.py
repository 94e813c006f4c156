"""A person of the co-op answers from here, takes pictures out and closes a case: on the tables, and as a command."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.attachment import Attachment
from bot.conversation import Conversation, conversation_of
from bot.event import HandedBack, TakenOver, Text
from bot.inbox import InboxRow, event_of
from bot.outbox import OutboxRow, opened
from bot.permit import ANY_TIME, Permit, Terms
from bot.reply import Reason
from bot.run.answering import ENDINGS, LONGEST, answer, close, erase, files, take_out
from bot.run.media import FOLDER, keep_file
from bot.run.trouble import Trouble
from bot.thread import CASE
from catalog.audit import Audit
from catalog.case import Case, note_of, open_case, open_cases
from catalog.db import Database
from catalog.erasure import ErasureState, ask_erasure, erasure_by
from catalog.organisation import Organisation
from catalog.person import Person
from tests.conftest import NOW, SECRET, Fresh
from tests.unit.toys import ToyShop

WORDS = "Chào chị, em Hoa đây ạ."
BACK = "I am the automatic assistant, and I am back to help you.\nmenu: possible [Count]"
PNG = b"\x89PNG\r\n\x1a\n picture"
Chophien = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shop(database: Database) -> ToyShop:
    toys = ToyShop(database)
    toys.acquaint()
    return toys


@pytest.fixture
def chophien(database: Database, tmp_path: Path) -> Chophien:
    """The program over the same database, in a folder of its own."""
    return partial(run_in, database.url, tmp_path)


def run_in(url: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", "from bot.run.cli import main; main(prog_name='chophien')", "inbox", *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "DATABASE_URL": url,
            "SECRET_KEY": SECRET,
            "VAR_DIR": str(folder / "var"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def case_of(shop: ToyShop, kind: str = "question", sender: str = "lan") -> int:
    """A new case about what she wrote: its number."""
    with shop.database.writing() as db:
        talk = conversation_of(db, shop.account_id, sender, shop.now)
        case = open_case(db, shop.account_id, talk.id, kind, subject="", note="cam còn không", at=shop.now)
        db.flush()
        return case.id


def about_nobody(shop: ToyShop, kind: str = "account", subject: str = "") -> int:
    with shop.database.writing() as db:
        case = open_case(db, shop.account_id, None, kind, subject=subject, note="", at=shop.now)
        db.flush()
        return case.id


def answered(shop: ToyShop, case_id: int, words: str = WORDS, terms: Terms = ANY_TIME) -> Permit:
    shop.now += timedelta(seconds=5)
    with shop.database.writing() as db:
        return answer(db, case_id, words, shop.now, {"web": terms})


def closed(shop: ToyShop, case_id: int) -> bool:
    shop.now += timedelta(seconds=5)
    with shop.database.writing() as db:
        return close(db, case_id, shop.now)


def replies(shop: ToyShop) -> list[tuple[str, bool]]:
    with shop.database.reading() as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.by_person).order_by(OutboxRow.id)).all()
        return [(opened(db, row).bubble.text, row.notice) for row in rows]


def done(shop: ToyShop) -> list[tuple[str, str, str]]:
    with shop.database.reading() as db:
        return [(line.who, line.what, line.subject) for line in db.scalars(select(Audit).order_by(Audit.id))]


def count(shop: ToyShop, table: type[InboxRow | OutboxRow]) -> int:
    with shop.database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def picture(shop: ToyShop, var_dir: Path, place: int = 0, media_type: str = "image/png") -> int:
    """Something that lan sent and we have fetched: its number."""
    (var_dir / FOLDER).mkdir(parents=True, exist_ok=True)
    with shop.database.writing() as db:
        row = Attachment(
            account_id=shop.account_id,
            conversation_id=conversation_of(db, shop.account_id, "lan", shop.now).id,
            inbox_id=1,
            place=place,
            kind="photo",
            created_at=shop.now,
            fetched_at=shop.now,
            media_type=media_type,
            path=keep_file(var_dir / FOLDER, shop.database.vault.seal(PNG)),
        )
        db.add(row)
        db.flush()
        return row.id


# Answering


def test_an_answer_goes_as_typed_by_a_person_and_the_bot_is_silent_from_then_on(shop: ToyShop) -> None:
    assert answered(shop, case_of(shop), f"  {WORDS}\n").reason is None
    assert shop.answers() == [WORDS]

    assert replies(shop) == [(WORDS, False)]
    assert shop.hears("cảm ơn em") == []
    talk = shop.conversation()
    assert (talk.taken_by, talk.left_alone) == ("staff", True)
    assert done(shop) == [("staff", "answer", "case:1")]
    with shop.database.reading() as db:
        row = db.scalars(select(OutboxRow).where(OutboxRow.by_person)).one()
        cause = db.get_one(InboxRow, row.inbox_id)
        assert (row.account_id, row.channel, row.address, row.conversation_id) == (
            shop.account_id,
            "web",
            "lan",
            talk.id,
        )
        assert event_of(db, cause) == TakenOver("staff", WORDS)
        notes = {case.kind: note_of(db, case) for case in open_cases(db)}
    assert notes.keys() == {"question", CASE}
    assert WORDS in notes[CASE]
    assert "cảm ơn em" in notes[CASE]


@pytest.mark.parametrize(("hours", "reason"), [(47, None), (7 * 24 + 1, Reason.WINDOW)])
def test_who_answers_hears_whether_it_can_go_now(shop: ToyShop, hours: int, reason: Reason | None) -> None:
    case_id = case_of(shop)
    shop.now += timedelta(hours=hours)
    terms = Terms(free=timedelta(hours=24), human=timedelta(days=7), templates=True)

    assert answered(shop, case_id, terms=terms).reason == reason

    assert replies(shop) == [(WORDS, False)]  # it waits in the outbox all the same


def test_each_answer_is_one_message_however_alike_they_are(shop: ToyShop) -> None:
    case_id = case_of(shop)
    for _ in range(3):
        answered(shop, case_id)

    assert replies(shop) == [(WORDS, False)] * 3


@pytest.mark.parametrize("words", ["", "  \n ", "\u200b", "a" * (LONGEST + 1)])
def test_an_answer_that_says_nothing_or_too_much_changes_nothing(shop: ToyShop, words: str) -> None:
    case_id = case_of(shop)
    before = (count(shop, InboxRow), count(shop, OutboxRow))

    with pytest.raises(Trouble, match="1 to 2000 characters"):
        answered(shop, case_id, words)

    assert (count(shop, InboxRow), count(shop, OutboxRow), done(shop)) == (*before, [])


def test_the_longest_answer_goes_whole(shop: ToyShop) -> None:
    answered(shop, case_of(shop), "ạ" * LONGEST)

    assert replies(shop) == [("ạ" * LONGEST, False)]


def test_a_case_about_nobody_or_no_case_cannot_be_answered(shop: ToyShop) -> None:
    number = about_nobody(shop)

    with pytest.raises(Trouble, match=f"case {number} is about no conversation"):
        answered(shop, number)
    with pytest.raises(Trouble, match="there is no case 999"):
        answered(shop, 999)


# Closing


def test_closing_hands_the_thread_back_and_the_bot_says_so(shop: ToyShop) -> None:
    case_id = case_of(shop)
    answered(shop, case_id)
    shop.answers()

    assert closed(shop, case_id)

    assert shop.answers() == [BACK]
    assert shop.conversation().taken_until is None
    assert done(shop) == [("staff", "answer", "case:1"), ("staff", "close", "case:1")]


def test_a_case_where_nobody_had_the_thread_is_closed_in_silence(shop: ToyShop) -> None:
    before = count(shop, InboxRow)

    assert closed(shop, case_of(shop))

    assert count(shop, InboxRow) == before
    assert shop.answers() == []


def test_a_case_is_closed_once_and_one_that_is_not_there_never(shop: ToyShop) -> None:
    case_id = case_of(shop)

    assert [closed(shop, case_id), closed(shop, case_id), closed(shop, 999)] == [True, False, False]

    assert done(shop) == [("staff", "close", f"case:{case_id}")]


def test_a_closed_case_can_still_be_answered_and_its_files_taken_out(shop: ToyShop, tmp_path: Path) -> None:
    case_id = case_of(shop)
    picture(shop, tmp_path)
    closed(shop, case_id)

    answered(shop, case_id)
    with shop.database.reading() as db:
        assert len(take_out(db, case_id, tmp_path, shop.database.vault, tmp_path / "out")) == 1

    assert replies(shop) == [(WORDS, False)]


def test_closing_the_case_of_a_request_to_be_forgotten_settles_the_request(shop: ToyShop) -> None:
    with shop.database.writing() as db:
        code = ask_erasure(db, "messenger", "5", shop.now).code
    other = about_nobody(shop, "question", code)
    case_id = about_nobody(shop, "data request", code)

    assert closed(shop, other)
    with shop.database.reading() as db:
        request = erasure_by(db, code)
        assert request is not None
        assert request.state is ErasureState.RECEIVED

    assert closed(shop, case_id)
    with shop.database.reading() as db:
        request = erasure_by(db, code)
        assert request is not None
        assert (request.state, request.done_at) == (ErasureState.NOBODY, shop.now)


def test_a_request_at_several_pages_is_settled_when_the_last_case_is_closed(shop: ToyShop) -> None:
    with shop.database.writing() as db:
        code = ask_erasure(db, "messenger", "5", shop.now).code
    cases = [about_nobody(shop, "data request", code) for _ in range(3)]

    states = []
    for case_id in cases:
        assert closed(shop, case_id)
        with shop.database.reading() as db:
            request = erasure_by(db, code)
            assert request is not None
            states.append((request.state, request.done_at))

    assert states == [(ErasureState.RECEIVED, None)] * 2 + [(ErasureState.NOBODY, shop.now)]


@pytest.mark.parametrize("about", ["question", CASE])
def test_closing_any_case_of_hers_closes_that_of_the_take_over(shop: ToyShop, about: str) -> None:
    case_id = case_of(shop)
    answered(shop, case_id)
    shop.answers()
    with shop.database.reading() as db:
        numbers = {case.kind: case.id for case in open_cases(db)}
    assert numbers.keys() == {"question", CASE}

    assert closed(shop, numbers[about])

    with shop.database.reading() as db:
        assert [case.kind for case in open_cases(db)] == (["question"] if about == CASE else [])
    assert shop.answers() == [BACK]


# Forgetting


def test_whom_staff_forget_is_told_so_and_nothing_she_said_is_left(shop: ToyShop) -> None:
    case_id = case_of(shop, "data request")
    answered(shop, case_id)
    shop.answers()
    shop.hears("em ơi")

    with shop.database.writing() as db:
        assert list(erase(db, case_id, shop.now, "en")) == []

    assert shop.answers() == ["What we kept about you is deleted. Whenever you write again, we begin anew."]
    with shop.database.reading() as db:
        kept = [row.id for row in db.scalars(select(InboxRow)) if row.body and row.kind != "HandedBack"]
        waiting = db.scalars(select(OutboxRow).where(OutboxRow.dead_at.is_(None), OutboxRow.body.is_not(None))).all()
        assert db.get_one(Case, case_id).closed_at == shop.now
        assert open_cases(db) == []
        assert {case.note for case in db.scalars(select(Case))} == {None}
    assert kept == []
    assert [row.by_person for row in waiting] == [False]
    assert (shop.conversation().taken_until, shop.conversation().taken_by) == (None, "")


def test_what_tells_her_that_she_is_forgotten_is_the_bots_news_and_goes_once(shop: ToyShop) -> None:
    case_id = case_of(shop, "data request")

    with shop.database.writing() as db:
        erase(db, case_id, shop.now, "vi")

    (told,) = shop.answers()
    with shop.database.reading() as db:
        row = db.scalars(select(OutboxRow).where(OutboxRow.dead_at.is_(None), OutboxRow.body.is_not(None))).one()
        assert event_of(db, db.get_one(InboxRow, row.inbox_id)) == HandedBack("staff")
    assert (row.by_person, row.notice, row.address) == (False, True, "lan")
    assert told != "What we kept about you is deleted. Whenever you write again, we begin anew."
    assert done(shop)[-1] == ("staff", "close", f"case:{case_id}")


def test_nobody_is_forgotten_by_a_case_about_nobody(shop: ToyShop) -> None:
    number = about_nobody(shop, "data request")

    with pytest.raises(Trouble, match=f"case {number} is about no conversation"), shop.database.writing() as db:
        erase(db, number, shop.now, "vi")


def test_somebody_who_sells_with_the_co_op_is_not_forgotten_from_here(shop: ToyShop) -> None:
    case_id = case_of(shop, "data request")
    person_id = shop.known_person("lan")
    with shop.database.writing() as db:
        db.get_one(Person, person_id).organisation_id = db.scalars(select(Organisation.id)).one()

    with pytest.raises(Trouble, match="by hand"), shop.database.writing() as db:
        erase(db, case_id, shop.now, "vi")

    with shop.database.reading() as db:
        assert db.get_one(Case, case_id).closed_at is None
        assert all(row.body for row in db.scalars(select(InboxRow)))


# Files


def test_pictures_are_written_opened_in_their_order_and_named_for_case_and_kind(shop: ToyShop, tmp_path: Path) -> None:
    case_id = case_of(shop)
    numbers = [picture(shop, tmp_path, place, kind) for place, kind in enumerate([*ENDINGS, "video/mp4"])]
    case_of(shop, sender="hoa")

    with shop.database.reading() as db:
        written = take_out(db, case_id, tmp_path, shop.database.vault, tmp_path / "a" / "b")
        assert len(files(db, None)) == 0

    names = [f"{case_id}-{number}{ending}" for number, ending in zip(numbers, [*ENDINGS.values(), ".bin"], strict=True)]
    assert [path.name for path in written] == names
    assert {path.read_bytes() for path in written} == {PNG}
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted(names)


def test_what_is_not_fetched_yet_is_no_file(shop: ToyShop, tmp_path: Path) -> None:
    case_id = case_of(shop)
    with shop.database.writing() as db:
        talk = db.scalars(select(Conversation).where(Conversation.address == "lan")).one()
        db.add(
            Attachment(
                account_id=shop.account_id, conversation_id=talk.id, inbox_id=1, place=0, kind="photo", created_at=NOW
            )
        )

    with shop.database.reading() as db:
        assert take_out(db, case_id, tmp_path, shop.database.vault, tmp_path / "out") == []


# As a command


def test_the_command_answers_lists_takes_out_and_closes(shop: ToyShop, chophien: Chophien, tmp_path: Path) -> None:
    case_id = case_of(shop)
    number = picture(shop, tmp_path / "var")

    told = chophien("--reply", str(case_id), WORDS)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "It is on its way. The bot is silent there; closing the case hands the conversation back.\n"
    assert replies(shop) == [(WORDS, False)]
    assert shop.answers() == [WORDS]

    listed = chophien().stdout
    assert f"question · conversation {shop.conversation().id} · 1 files" in listed
    assert "    cam còn không" in listed

    saved = chophien("--files", str(case_id), "out")
    assert (saved.returncode, saved.stdout) == (0, f"out/{case_id}-{number}.png\n")
    assert (tmp_path / "out" / f"{case_id}-{number}.png").read_bytes() == PNG
    assert (tmp_path / "out" / f"{case_id}-{number}.png").stat().st_mode & 0o077 == 0

    shut = chophien("--close", str(case_id))
    assert (shut.returncode, shut.stdout) == (0, f"Case {case_id} is closed.\n")
    with shop.database.reading() as db:
        newest = db.scalars(select(InboxRow).order_by(InboxRow.id.desc()).limit(1)).one()
        assert event_of(db, newest) == HandedBack("staff")
        closed_at = db.get_one(Case, case_id).closed_at
    assert closed_at is not None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--reply", "1"], 2, 'give one of: --reply ID "words", --files ID FOLDER, --forget ID, --close ID'),
        (["--files", "1"], 2, "give one of"),
        (["--close", "1", "words"], 2, "give one of"),
        (["words"], 2, "give one of"),
        (["--reply", "1", "--close", "1", "words"], 2, "give one of"),
        (["--reply", "0", "words"], 2, "Invalid value for '--reply'"),
        (["--reply", "999", "words"], 1, "Error: there is no case 999\n"),
        (["--files", "999", "out"], 1, "Error: there is no case 999\n"),
        (["--close", "999"], 1, "Error: there is no open case 999\n"),
        (["--forget", "1", "--close", "1"], 2, "give one of"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_in_a_line(
    fresh_lite: str, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    failed = run_in(fresh_lite, tmp_path, *arguments)

    assert (failed.returncode, failed.stdout) == (code, "")
    assert said in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.fixture(scope="module")
def fresh_lite(fresh: Fresh) -> str:
    return fresh.url("sqlite", "empty")


def test_a_file_that_is_gone_from_the_disk_is_named_in_one_line(
    shop: ToyShop, chophien: Chophien, tmp_path: Path
) -> None:
    case_id = case_of(shop)
    picture(shop, tmp_path / "var")
    for file in (tmp_path / "var" / FOLDER).glob("*/*"):
        file.unlink()

    failed = chophien("--files", str(case_id), "out")

    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (1, "", 1)
    assert "No such file or directory" in failed.stderr


def test_her_words_while_staff_have_the_thread_are_never_lost(shop: ToyShop) -> None:
    case_id = case_of(shop)
    answered(shop, case_id)
    shop.receives(Text("mai giao nhé"))
    shop.answers()
    closed(shop, case_id)
    shop.answers()

    with shop.database.reading() as db:
        told = {case.kind: note_of(db, case) for case in db.scalars(select(Case))}
        assert [case.kind for case in open_cases(db)] == []
    assert "mai giao nhé" in told[CASE]
