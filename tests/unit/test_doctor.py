"""What the doctor says of the web process, of wrong signatures, and of what waits. On both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert, update

from bot.attachment import Attachment
from bot.event import Inbound, Text
from bot.inbox import receive
from bot.outbox import OutboxRow
from bot.run.doctor import examine
from bot.run.doctor_finding import Finding
from bot.run.doctor_waiting import waiting
from bot.run.doctor_web import REPLACED, SECRETS, read_metrics, web, wrong_signatures, zalo_variants
from bot.run.figures import Figures
from bot.run.media import keep_file
from bot.run.roof import utc_now
from bot.run.settings import Settings
from catalog.account import ensure_account, pause
from catalog.case import open_case
from catalog.db import Database
from catalog.organisation import Organisation
from tests.conftest import NOW, SECRET
from tests.simulators.server import Answer, Fault, Loopback

NOTHING = Finding("fine", "inbox", "nothing waits")


@pytest.fixture
def figures(database: Database) -> Figures:
    figures = Figures(database, utc_now)
    figures.refused("messenger")
    figures.refused("zalo")
    return figures


@pytest.fixture
def port(figures: Figures) -> Iterator[int]:
    """Of a server that shows the figures."""
    with Loopback(lambda request: Answer(200, figures.text())) as server:
        yield int(urlsplit(server.url).port or 0)


@pytest.fixture
def account(database: Database) -> int:
    """An OA."""
    with database.writing() as db:
        coop = Organisation(kind="coop", code="SM", name="HTX Nông sản Suối Mây", short_name="HTX Suối Mây")
        db.add(coop)
        db.flush()
        return ensure_account(db, "zalo", "388", coop.id, "token").id


def settings_in(folder: Path, database: Database, **environ: str) -> Settings:
    given = {"VAR_DIR": str(folder), "DATABASE_URL": database.url, "SECRET_KEY": SECRET, "PORT": "1"}
    return Settings.read({**given, **environ})


def arrive(database: Database, account: int, at: datetime) -> None:
    with database.writing() as db:
        receive(db, [(account, Inbound("388", "5", f"text:{at}", at, Text("chào")))], at)


def promise(database: Database, account: int, at: datetime, channel: str = "zalo", **more: datetime) -> None:
    with database.writing() as db:
        row = OutboxRow(account_id=account, channel=channel, address="5", conversation_id=1, inbox_id=1, created_at=at)
        for name, moment in more.items():
            setattr(row, name, moment)
        db.add(row)


def attach(database: Database, account: int, place: int, at: datetime, **more: object) -> None:
    row = {"account_id": account, "conversation_id": 1, "inbox_id": 1, "place": place, "kind": "photo"}
    with database.writing() as db:
        db.execute(insert(Attachment).values(**row, created_at=at, **{"tries": 1, **more}))


# Signatures


def test_a_secret_that_loses_every_event_is_the_first_thing_that_is_said(
    database: Database, figures: Figures, port: int, account: int, tmp_path: Path
) -> None:
    figures.refused("zalo")()
    figures.refused("zalo")()
    settings = settings_in(tmp_path, database, PORT=str(port), REDIS_URL="redis://127.0.0.1:1")
    first, second, *_, last = examine(settings, database, utc_now())
    assert (first.state, first.about, first.mend) == ("broken", "Zalo signatures", SECRETS["zalo"])
    assert first.words.startswith("2 refused for a wrong signature since ")
    assert first.words.endswith(", and not one came through: a wrong secret loses every message")
    assert (second.about, second.state) == ("database", "fine")
    assert last == NOTHING


def test_a_wrong_signature_among_good_ones_is_only_worth_a_look(
    database: Database, figures: Figures, port: int, account: int, tmp_path: Path
) -> None:
    figures.refused("zalo")()
    arrive(database, account, utc_now())
    settings = settings_in(tmp_path, database, WEB_WORKERS="2")
    metrics = read_metrics(port)
    (found,) = wrong_signatures(settings, metrics, database)
    assert (found.state, found.mend) == ("look", REPLACED["zalo"])
    assert web(settings, metrics) == Finding("fine", "web", "answers; see above for wrong signatures")


def test_what_came_in_before_the_process_began_does_not_speak_for_the_secret(
    database: Database, figures: Figures, port: int, account: int, tmp_path: Path
) -> None:
    figures.refused("zalo")()
    arrive(database, account, utc_now() - timedelta(hours=1))
    metrics, settings = read_metrics(port), settings_in(tmp_path, database)
    assert [one.state for one in wrong_signatures(settings, metrics, database)] == ["broken"]
    assert [one.state for one in wrong_signatures(settings, metrics, None)] == ["look"]


def test_without_wrong_signatures_there_is_nothing_to_say_of_them(
    database: Database, figures: Figures, port: int, tmp_path: Path
) -> None:
    settings, metrics = settings_in(tmp_path, database), read_metrics(port)
    assert list(wrong_signatures(settings, metrics, database)) == []
    assert list(zalo_variants(settings, metrics)) == []
    assert web(settings, metrics) == Finding("fine", "web", "answers, no wrong signature")


def test_the_variants_that_zalo_signs_by_are_named(
    database: Database, figures: Figures, port: int, tmp_path: Path
) -> None:
    for variant in ("oa-body", "app-body", "oa-body"):
        figures.zalo_matched(variant)
    (found,) = zalo_variants(settings_in(tmp_path, database), read_metrics(port))
    assert (found.state, found.about) == ("fine", "Zalo deliveries")
    assert found.words.startswith("1 as app-body, 2 as oa-body since ")
    assert found.words.endswith("; ZALO_SIGNATURE is auto")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"hello\n"),
        Answer(200, b"\xff\xfe{"),
        Answer(500, b""),
        Answer(fault=Fault.RESET),
        Answer(200, b"a 1\n", fault=Fault.HALF),
    ],
)
def test_whatever_else_answers_on_the_port_is_not_our_web_process(
    database: Database, answer: Answer, tmp_path: Path
) -> None:
    with Loopback(lambda request: answer) as server:
        assert read_metrics(int(urlsplit(server.url).port or 0)) is None
    found = web(settings_in(tmp_path, database), None)
    assert found == Finding("look", "web", "does not answer on port 1", "chophien up starts it")


# What waits


def told(database: Database, folder: Path) -> list[Finding]:
    """All but the inbox."""
    first, *others = waiting(settings_in(folder, database), database, NOW)
    assert first == NOTHING
    return others


def test_where_nothing_waits_one_line_says_so(database: Database, account: int, tmp_path: Path) -> None:
    assert told(database, tmp_path) == []


def test_an_event_that_nobody_takes_wants_a_worker(database: Database, account: int, tmp_path: Path) -> None:
    arrive(database, account, NOW - timedelta(seconds=60))
    settings = settings_in(tmp_path, database)
    (young,) = waiting(settings, database, NOW)
    (old,) = waiting(settings, database, NOW + timedelta(seconds=90))
    assert young == Finding("fine", "inbox", "1 waiting, the oldest since 60 s")
    assert (old.state, old.words) == ("broken", "1 waiting, the oldest since 150 s")


def test_held_replies_are_counted_since_the_first_was_held(database: Database, account: int, tmp_path: Path) -> None:
    for hours in (30, 2):
        promise(database, account, NOW - timedelta(hours=40), held_at=NOW - timedelta(hours=hours))
    promise(database, account, NOW, held_at=NOW - timedelta(days=9), dead_at=NOW)
    (found,) = told(database, tmp_path)
    assert (found.state, found.about) == ("look", "replies")
    assert found.words == "2 held until the person writes again, since 20/11 03:00"


def test_replies_that_should_be_gone_want_a_worker_unless_their_account_is_paused(
    database: Database, account: int, tmp_path: Path
) -> None:
    hour = NOW - timedelta(hours=1)
    promise(database, account, hour)
    promise(database, account, hour, next_at=NOW + timedelta(hours=1))  # tried, and put off
    promise(database, account, hour, channel="web")  # a browser fetches it
    promise(database, account, NOW)
    (found,) = told(database, tmp_path)
    assert (found.state, found.words) == ("broken", "1 should have gone by now, since 21/11 08:00")
    with database.writing() as db:
        pause(db, account, "token", NOW)
    assert told(database, tmp_path) == []


def test_cases_that_wait_for_more_than_a_day_are_told(database: Database, account: int, tmp_path: Path) -> None:
    with database.writing() as db:
        for subject, hours in (("a", 23), ("b", 25), ("c", 50)):
            open_case(db, account, None, "question", subject=subject, note="", at=NOW - timedelta(hours=hours))
    (found,) = told(database, tmp_path)
    assert (found.state, found.about) == ("look", "cases")
    assert found.words == "2 wait for a person for more than a day, since 19/11 07:00"


def test_files_that_nobody_fetches_and_files_that_could_not_be_fetched_are_told(
    database: Database, account: int, tmp_path: Path
) -> None:
    attach(database, account, 0, NOW - timedelta(minutes=11))
    attach(database, account, 1, NOW)
    for place, why in enumerate(("too large", "answered 404", "too large", "forgotten"), 2):
        attach(database, account, place, NOW, failed_at=NOW - timedelta(hours=1), error=why)
    attach(database, account, 9, NOW, failed_at=NOW - timedelta(days=8), error="long ago")
    unfetched, failed = told(database, tmp_path)
    assert (unfetched.state, failed.state) == ("broken", "look")
    assert unfetched.words == "1 not fetched, since 21/11 08:49: the links to them die"
    assert failed.words == "3 could not be fetched in the last 7 days, mostly: too large"


def test_the_folder_of_files_is_looked_through(database: Database, account: int, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    for place in (0, 1):
        path = keep_file(folder, b"sealed")
        attach(database, account, place, NOW, fetched_at=NOW, path=path)
    assert told(database, tmp_path) == [Finding("fine", "media", "kept, sealed: 2")]
    (folder / path).unlink()
    (gone,) = told(database, tmp_path)
    assert (gone.state, gone.words) == ("look", f"1 of 2 files are gone from {folder}")
    with database.writing() as db:
        db.execute(update(Attachment).where(Attachment.path == path).values(error="forgotten"))
    folder.chmod(0o755)
    assert told(database, tmp_path) == [
        Finding("broken", "media", f"others can read {folder}", f"chmod 700 {folder}"),
        Finding("fine", "media", "kept, sealed: 1"),
    ]
