"""What people sent is fetched once, kept sealed, tried again with patience, and forgotten in time."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select, update

from bot.attachment import FORGOTTEN, Attachment, claim, due, keep_attachments, mark_failed, mark_fetched, put_off
from bot.run.fetch import Fetcher
from bot.run.media import FOLDER, MEMORY, Media, forget_media, keep_file, read_media
from catalog.account import ensure_account
from catalog.case import note_of, open_cases
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.vault import Unsealable, Vault
from tests.conftest import SECRET, Fresh, opened
from tests.simulators.server import Answer, Loopback, Request

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of oranges" * 50
AMR = b"#!AMR\n" + b"a voice" * 50


class Cdn:
    """A platform's file server: what is not in `files` is not there. It remembers what it was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, Answer] = {"/1.png": Answer(body=PNG), "/2.amr": Answer(body=AMR)}
        self.asked: list[str] = []
        self.came = threading.Event()

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request.path)
        self.came.set()
        return self.files.get(request.path, Answer(status=404))


@dataclass
class Room:
    """A database with an account, a file server, and a process that fetches, at a moment that the test sets."""

    database: Database
    cdn: Cdn
    url: str
    var_dir: Path
    account_id: int
    now: datetime = NOW

    def media(self, database: Database | None = None) -> Media:
        fetcher = Fetcher((), private_hosts=("127.0.0.1",), most_bytes=100_000, seconds=5)
        return Media(database or self.database, fetcher, self.var_dir, lambda: self.now, "en")

    def send(self, *paths: str, kind: str = "photo", inbox_id: int = 1, account_id: int = 0) -> int:
        urls = [f"{self.url}{path}?key-of-it" for path in paths]
        with self.database.writing() as db:
            return keep_attachments(db, account_id or self.account_id, 7, inbox_id, kind, urls, NOW)

    def rows(self) -> Sequence[Attachment]:
        with self.database.reading() as db:
            return db.scalars(select(Attachment).order_by(Attachment.id)).all()

    def files(self) -> list[str]:
        folder = self.var_dir / FOLDER
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def notes(self) -> list[tuple[str, str, str]]:
        with self.database.reading() as db:
            return [(case.kind, case.subject, note_of(db, case)) for case in open_cases(db)]


def account_in(database: Database, channel: str) -> int:
    with database.writing() as db:
        coop = db.scalar(select(Organisation).limit(1))
        if coop is None:
            coop = Organisation(kind="htx", code="SM", name="HTX Suối Mây", short_name="HTX Suối Mây")
            db.add(coop)
            db.flush()
        return ensure_account(db, channel, "1", coop.id, None).id


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Iterator[Room]:
    cdn = Cdn()
    with Loopback(cdn) as server:
        yield Room(database, cdn, server.url, tmp_path, account_in(database, "messenger"))


# What is remembered


def test_what_came_with_a_message_is_kept_once_and_its_link_is_sealed(room: Room) -> None:
    assert room.send("/1.png", "/2.png") == 2
    assert room.send("/1.png", "/2.png") == 0
    first, second = room.rows()
    assert [(row.inbox_id, row.place, row.kind, row.tries, row.created_at) for row in (first, second)] == [
        (1, 0, "photo", 0, NOW),
        (1, 1, "photo", 0, NOW),
    ]
    assert first.url is not None
    assert b"1.png" not in first.url
    assert room.database.vault.open(first.url).decode() == f"{room.url}/1.png?key-of-it"


def test_at_most_ten_files_of_a_message_are_kept_and_no_empty_link(room: Room) -> None:
    with room.database.writing() as db:
        assert keep_attachments(db, room.account_id, 7, 1, "photo", ["", *"abcdefghijkl"], NOW) == 9
    assert [row.place for row in room.rows()] == list(range(1, 10))


# What is fetched


def test_a_picture_is_fetched_sealed_and_its_link_forgotten(room: Room) -> None:
    room.send("/1.png")
    assert room.media().take() == 1
    (row,) = room.rows()
    assert (row.url, row.tries, row.next_at, row.fetched_at, row.failed_at) == (None, 1, None, NOW, None)
    assert (row.error, row.media_type, row.size) == ("", "image/png", len(PNG))
    assert room.files() == [row.path]
    file = room.var_dir / FOLDER / row.path
    assert (len(row.path), row.path[:2], row.path[2]) == (35, row.path[3:5], "/")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, file.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]
    assert b"oranges" not in file.read_bytes()
    assert read_media(room.var_dir, room.database.vault, row) == PNG
    assert room.media().take() == 0
    assert (room.cdn.asked, room.notes()) == (["/1.png"], [])


def test_a_file_that_is_not_there_or_was_sealed_with_another_key_cannot_be_read(room: Room) -> None:
    room.send("/1.png", "/gone.png")
    room.media().take()
    kept, failed = room.rows()
    with pytest.raises(Unsealable):
        read_media(room.var_dir, Vault(["another secret"]), kept)
    with pytest.raises(FileNotFoundError):
        read_media(room.var_dir, room.database.vault, failed)


def test_the_oldest_file_is_fetched_first(room: Room) -> None:
    room.send("/1.png", inbox_id=1)
    room.send("/2.amr", kind="voice", inbox_id=2)
    assert room.media().take() == 2
    assert room.cdn.asked == ["/1.png", "/2.amr"]
    assert [(row.media_type, row.size) for row in room.rows()] == [("image/png", len(PNG)), ("audio/amr", len(AMR))]


def test_a_file_that_died_gives_a_person_a_line_and_is_never_asked_for_again(room: Room) -> None:
    room.send("/gone.png", "/dead.png")
    assert room.media().take() == 2
    rows = room.rows()
    assert [(row.url, row.tries, row.failed_at, row.error, row.path) for row in rows] == [
        (None, 1, NOW, "answered 404", "")
    ] * 2
    line = "🖼 The picture could not be fetched."
    assert room.notes() == [("media", "", f"{line}\n2026-11-21 02:00+00:00 {line}")]
    room.now += timedelta(days=1)
    assert room.media().take() == 0
    assert (room.cdn.asked, room.files()) == (["/gone.png", "/dead.png"], [])


def test_a_voice_note_that_is_a_picture_is_refused(room: Room) -> None:
    room.send("/1.png", kind="voice")
    room.send("/2.amr", kind="photo", inbox_id=2)
    room.media().take()
    assert [(row.failed_at, row.error) for row in room.rows()] == [
        (NOW, "not a voice: image/png"),
        (NOW, "not a photo: audio/amr"),
    ]
    assert room.files() == []
    ((_, _, note),) = room.notes()
    assert note.startswith("🎧 The voice note could not be fetched.\n")


def test_a_server_in_trouble_is_tried_five_times_with_growing_patience(room: Room) -> None:
    room.cdn.files["/1.png"] = Answer(status=503)
    room.send("/1.png")
    for seconds in (1, 4, 15, 60):
        assert room.media().take() == 1
        (row,) = room.rows()
        assert (row.next_at, row.error, row.failed_at) == (
            room.now + timedelta(seconds=seconds),
            "answered 503",
            None,
        )
        room.now += timedelta(seconds=seconds, milliseconds=-1)
        assert room.media().take() == 0
        assert room.notes() == []
        room.now += timedelta(milliseconds=1)
    assert room.media().take() == 1
    (row,) = room.rows()
    assert (row.url, row.tries, row.next_at, row.failed_at) == (None, 5, None, room.now)
    assert room.notes() == [("media", "", "🖼 The picture could not be fetched.")]
    assert len(room.cdn.asked) == 5


def test_a_server_that_comes_back_is_fetched_from(room: Room) -> None:
    room.cdn.files["/1.png"] = Answer(status=500)
    room.send("/1.png")
    room.media().take()
    room.cdn.files["/1.png"] = Answer(body=PNG)
    room.now += timedelta(seconds=1)
    room.media().take()
    (row,) = room.rows()
    assert (row.fetched_at, row.tries, row.error, room.notes()) == (room.now, 2, "", [])


def test_a_platform_that_is_silent_holds_up_its_own_files_only(room: Room) -> None:
    room.cdn.files["/1.png"] = Answer(status=500)
    room.send("/1.png", "/1.png", "/1.png")
    room.send("/2.amr", kind="voice", inbox_id=2, account_id=account_in(room.database, "zalo"))
    assert room.media().take() == 2
    assert room.cdn.asked == ["/1.png", "/2.amr"]
    assert [row.tries for row in room.rows()] == [1, 0, 0, 1]


def test_a_link_sealed_with_a_lost_key_is_given_up(room: Room) -> None:
    room.send("/1.png")
    with room.database.writing() as db:
        db.execute(update(Attachment).values(url=Vault(["another secret"]).seal(b"http://127.0.0.1/")))
    room.media().take()
    assert [(row.failed_at, row.error) for row in room.rows()] == [(NOW, "sealed with another key")]


def test_it_stops_between_two_files_when_told(room: Room) -> None:
    room.send("/1.png", "/1.png")
    assert room.media().take(stopping=lambda: bool(room.cdn.asked)) == 1


# Two processes, and processes that die


FETCHING = """
import signal, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.run.fetch import Fetcher
from bot.run.media import Media
from tests.conftest import opened

how = sys.argv[3]
if how != "lives":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
if how == "dies":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
fetcher = Fetcher((), private_hosts=("127.0.0.1",))
Media(opened(sys.argv[1]), fetcher, Path(sys.argv[2]), lambda: datetime.fromisoformat(sys.argv[4])).take()
"""


def fetching(room: Room, how: str) -> subprocess.Popen[bytes]:
    """Another process that takes what is due. how: "lives"; "dies" or "fails" in the middle of a write of 5 MB."""
    arguments = [room.database.url, str(room.var_dir), how, room.now.isoformat()]
    return subprocess.Popen([sys.executable, "-c", FETCHING, *arguments], cwd=Path(__file__).parents[2])


def test_of_two_processes_one_takes_a_file(room: Room) -> None:
    room.send("/1.png")
    with room.database.reading() as db:
        (row,) = due(db, NOW, 10)
    with room.database.writing() as db:
        assert claim(db, row, NOW) == 1
    with room.database.writing() as db:
        assert claim(db, row, NOW) == 0
        assert due(db, NOW + timedelta(seconds=59), 10) == []
        assert claim(db, row, NOW + timedelta(hours=1)) == 0  # read before the other one took it


def test_many_processes_at_once_fetch_each_file_once(room: Room) -> None:
    all_there = threading.Barrier(3)
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        if len(asked) <= 3:
            all_there.wait(20)
        return Answer(body=PNG)

    with Loopback(answer) as server:
        room.url = server.url
        for inbox_id in range(1, 4):
            room.send(*["/1.png"] * 10, inbox_id=inbox_id)
        processes = [fetching(room, "lives") for _ in range(3)]
        assert [process.wait(30) for process in processes] == [0, 0, 0]
    rows = room.rows()
    assert [(row.tries, row.fetched_at, row.size) for row in rows] == [(1, NOW, len(PNG))] * 30
    assert room.files() == sorted({row.path for row in rows})
    assert len(asked) == 30


def test_a_process_that_was_too_slow_marks_nothing(room: Room) -> None:
    room.send("/1.png")
    (row,) = room.rows()
    late = NOW + timedelta(minutes=1)
    with room.database.writing() as db:
        assert claim(db, row, NOW) == 1
    (row,) = room.rows()
    with room.database.writing() as db:
        assert claim(db, row, late) == 2
    with room.database.writing() as db:
        assert not mark_fetched(db, row.id, 1, late, path="aa/b", media_type="image/png", size=1)
        assert not put_off(db, row.id, 1, late, "too slow")
        assert not mark_failed(db, row.id, 1, late, "too slow")
    (row,) = room.rows()
    assert (row.tries, row.path, row.failed_at, row.next_at) == (2, "", None, late + timedelta(minutes=1))


def test_a_file_that_is_forgotten_while_it_is_fetched_is_not_kept(room: Room) -> None:
    def forget(request: Request) -> Answer:
        with room.database.writing() as db:
            db.execute(update(Attachment).values(url=None, failed_at=NOW, error=FORGOTTEN))
        return Answer(body=PNG)

    with Loopback(forget) as server:
        room.url = server.url
        room.send("/1.png")
        assert room.media().take() == 1
    assert room.files() == []
    room.media().take()
    assert (room.rows(), room.notes()) == ([], [])


def test_a_process_that_is_killed_while_it_fetches_loses_nothing(room: Room) -> None:
    going_on = threading.Event()

    def answer(request: Request) -> Answer:
        if not room.cdn.came.is_set():
            room.cdn.came.set()
            going_on.wait(20)
        return Answer(body=PNG)

    with Loopback(answer) as server:
        room.url = server.url
        room.send("/1.png")
        with fetching(room, "lives") as process:
            assert room.cdn.came.wait(20)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        going_on.set()
        (row,) = room.rows()
        assert (row.tries, row.fetched_at, row.failed_at, room.files()) == (1, None, None, [])
        room.now += timedelta(minutes=1)
        assert room.media().take() == 1
    (row,) = room.rows()
    assert (row.tries, row.fetched_at, room.files()) == (2, room.now, [row.path])


def test_a_process_that_dies_while_it_writes_leaves_no_half_file_under_a_final_name(room: Room) -> None:
    large = PNG + os.urandom(5_000_000)
    room.cdn.files["/large.png"] = Answer(body=large)
    room.send("/large.png")
    with fetching(room, "dies") as process:
        process.wait(20)
    assert process.returncode == -signal.SIGXFSZ
    (row,) = room.rows()
    assert (row.tries, row.fetched_at, row.failed_at) == (1, None, None)
    (half,) = room.files()
    assert half.endswith(".half")
    assert (room.var_dir / FOLDER / half).stat().st_size == 4_000_000
    room.now += timedelta(minutes=1)
    with fetching(room, "lives") as process:
        process.wait(20)
    assert process.returncode == 0
    (row,) = room.rows()
    assert room.files() == sorted([half, row.path])
    assert read_media(room.var_dir, room.database.vault, row) == large
    with room.database.writing() as db:
        forget_media(db, room.var_dir, datetime.now(UTC) + timedelta(hours=2))
    assert room.files() == [row.path]


def test_a_write_that_fails_half_way_costs_a_try_and_leaves_nothing(room: Room) -> None:
    room.cdn.files["/large.png"] = Answer(body=PNG + os.urandom(5_000_000))
    room.send("/large.png")
    with fetching(room, "fails") as process:
        process.wait(20)
    (row,) = room.rows()
    assert (process.returncode, row.error, row.next_at) == (0, "disk: File too large", NOW + timedelta(seconds=1))
    assert (room.files(), room.notes()) == ([], [])


def test_a_file_that_kills_every_process_is_given_up(room: Room) -> None:
    room.send("/1.png")
    with room.database.writing() as db:
        db.execute(update(Attachment).values(tries=5))
    assert room.media().take() == 1
    assert [(row.failed_at, row.error) for row in room.rows()] == [(NOW, "every try was cut off")]
    assert room.notes() == [("media", "", "🖼 The picture could not be fetched.")]
    assert room.cdn.asked == []


def test_a_disk_that_takes_nothing_costs_a_try(room: Room) -> None:
    (room.var_dir / FOLDER).write_text("in the way")
    room.send("/1.png")
    room.media().take()
    (row,) = room.rows()
    assert (row.error, row.next_at, row.tries) == ("disk: File exists", NOW + timedelta(seconds=1), 1)


# Forgetting


def days_old(path: Path, days: int) -> None:
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))


def test_files_go_after_ninety_days_with_their_rows(room: Room) -> None:
    room.send("/1.png", "/gone.png")
    room.media().take()
    with room.database.writing() as db:
        assert forget_media(db, room.var_dir, NOW + timedelta(days=90)) == 0
    assert len(room.files()) == 1
    with room.database.writing() as db:
        assert forget_media(db, room.var_dir, NOW + timedelta(days=90, seconds=1)) == 2
    assert (room.rows(), room.files()) == ([], [])


def test_a_file_that_no_row_names_goes_after_an_hour(room: Room) -> None:
    room.send("/1.png")
    room.media().take()
    (row,) = room.rows()
    folder = room.var_dir / FOLDER
    old, young = (folder / keep_file(folder, b"left behind") for _ in range(2))
    days_old(folder / row.path, 30)
    days_old(old, 1)
    days_old(young, 0)
    with room.database.writing() as db:
        forget_media(db, room.var_dir, NOW)
    assert room.files() == sorted([row.path, str(young.relative_to(folder))])


def test_what_somebody_wants_forgotten_goes_at_once(room: Room) -> None:
    room.send("/1.png", "/gone.png")
    room.send("/2.amr", kind="voice", inbox_id=2)
    room.media().take()
    with room.database.writing() as db:
        db.execute(update(Attachment).where(Attachment.inbox_id == 1).values(error=FORGOTTEN))
    room.media().take()
    (left,) = room.rows()
    assert (left.kind, room.files()) == ("voice", [left.path])


def test_forgetting_where_nothing_was_ever_fetched_is_fine(room: Room) -> None:
    with room.database.writing() as db:
        assert forget_media(db, room.var_dir, NOW) == 0


# The process


MAIN = """
import os
from bot.run.media import main
from bot.run.settings import Settings
main(Settings.read(os.environ))
"""


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_process_fetches_in_a_child_of_little_memory_and_stops_when_told(fresh: Fresh, tmp_path: Path) -> None:
    database = opened(fresh.url("sqlite", "empty"))
    cdn = Cdn()
    large = PNG + os.urandom(8 * 1024 * 1024 - len(PNG))
    cdn.files["/large.png"] = Answer(body=large)
    environ = os.environ | {
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": database.url,
        "SECRET_KEY": SECRET,
        "MEDIA_HOSTS": "127.0.0.1",
    }
    with Loopback(cdn) as server:
        room = Room(database, cdn, server.url, tmp_path, account_in(database, "messenger"))
        with subprocess.Popen(
            [sys.executable, "-c", MAIN], cwd=Path(__file__).parents[2], env=environ, stderr=subprocess.DEVNULL
        ) as process:
            until(lambda: psutil.Process(process.pid).children())
            (first,) = psutil.Process(process.pid).children()
            first.kill()
            room.send("/large.png")
            until(lambda: room.rows()[0].fetched_at)
            (child,) = psutil.Process(process.pid).children()
            assert child.pid != first.pid
            assert child.rlimit(psutil.RLIMIT_AS) == (MEMORY, MEMORY)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert not child.is_running()
        (row,) = room.rows()
        assert read_media(tmp_path, database.vault, row) == large
    database.close()
