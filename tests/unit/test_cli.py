"""The program `chophien` as it is called: help, exit codes, one line for each thing that went wrong."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.run.cli import main
from bot.run.settings import Settings
from catalog.account import Account
from catalog.audit import Audit
from catalog.case import open_case
from catalog.db import Database
from catalog.invitation import open_invitation
from catalog.person import Person, full_name
from catalog.trace import check
from catalog.vault import Vault

Chophien = Callable[..., "subprocess.CompletedProcess[str]"]


def run_in(folder: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The program in that folder, with nothing in the environment but what is given."""
    return subprocess.run(
        [sys.executable, "-c", "from bot.run.cli import main; main(prog_name='chophien')", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def chophien(tmp_path: Path) -> Chophien:
    return partial(run_in, tmp_path)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VAR_DIR with the demo in it, made once."""
    folder = tmp_path_factory.mktemp("demo")
    assert run_in(folder, "migrate").returncode == 0
    assert run_in(folder, "seed").stdout == "The demo is loaded.\n"
    return folder / "var"


@pytest.fixture
def demo(loaded: Path, tmp_path: Path) -> Settings:
    """The demo, as VAR_DIR of this test's own folder."""
    shutil.copytree(loaded, tmp_path / "var")
    return Settings.read({"VAR_DIR": str(tmp_path / "var")})


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert re.search(rf"Example:\s.*chophien {name}", shown.output)


def test_the_commands_are_those_that_exist() -> None:
    assert set(main.commands) == {
        *("up", "web", "worker", "media", "clock", "migrate", "seed", "doctor"),
        *("chat", "invite", "backup", "restore", "inbox", "account", "understand", "lots", "stamps"),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["invite"],
        ["invite", "NSX-017", "--staff", "Hoa"],
        ["invite", "NSX-017", "--coop", "SM"],
        ["chat", "--as", "robot"],
        ["restore", "not-there.tar"],
        ["backup"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    shown = CliRunner().invoke(main, arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        (["migrate"], {"PORT": "x"}, "Error: PORT: should be a whole number from 1 to 65535\n"),
        (["doctor"], {"VAR_DIR": "/dev/null/x"}, "Error: VAR_DIR: "),
        (["inbox"], {}, "Error: the database: no such table: cases (chophien doctor says more)\n"),
        (["backup", "nowhere/b.tar"], {}, "Error: cannot write in "),
        (["backup", "b.tar"], {}, "Error: there is no database yet at "),
        (
            ["migrate"],
            {"DATABASE_URL": "postgresql://me:hush@127.0.0.1:1/x", "SECRET_KEY": "k" * 32},
            "Error: ",
        ),
    ],
)
def test_what_goes_wrong_is_one_line_and_exit_code_1(
    chophien: Chophien, arguments: list[str], environ: dict[str, str], said: str
) -> None:
    done = chophien(*arguments, **environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert "hush" not in done.stderr


def test_an_unknown_name_in_the_env_file_stops_every_command(chophien: Chophien, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PROT=8001\n", encoding="utf-8")
    done = chophien("migrate")
    assert (done.returncode, done.stderr) == (1, "Error: PROT: .env line 1 has an unknown name; PORT?\n")
    assert not (tmp_path / "var").exists()


def test_up_does_not_share_its_port(chophien: Chophien) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = chophien("up", PORT=str(port))
    assert done.returncode == 1
    assert done.stderr == f"Error: port {port} is not free (Address already in use): choose another PORT\n"


def test_seeding_twice_changes_nothing(chophien: Chophien, demo: Settings) -> None:
    assert chophien("seed").stdout == "The demo was there already.\n"


def test_an_invitation_is_twelve_digits_that_open_the_door_of_that_producer(chophien: Chophien, demo: Settings) -> None:
    done = chophien("invite", "nsx-017", MESSENGER_PAGE_ID="1029384756")
    code, ref, link = done.stdout.splitlines()
    digits = code.replace(" ", "")
    assert re.fullmatch(r"\d{4} \d{4} \d{4}", code)
    assert check(digits)
    assert (ref, link) == (f"ref=nsx-{digits}", f"https://m.me/1029384756?ref=nsx-{digits}")
    assert done.stderr == "Valid once, for 14 days.\n"
    database = Database(demo.database_url, Vault(demo.secret_keys))
    with database.reading() as db:
        invitation = open_invitation(db, digits, datetime.now(UTC))
        assert invitation is not None
        assert invitation.role == "producer"
        assert db.get_one(Person, invitation.person_id).code == "NSX-017"
    database.close()


def test_staff_are_entered_once_however_often_they_are_invited(chophien: Chophien, demo: Settings) -> None:
    codes = [chophien("invite", "--staff", "Nguyễn Thị Hoa", "--coop", "SM").stdout.splitlines()[0] for _ in range(2)]
    database = Database(demo.database_url, Vault(demo.secret_keys))
    with database.reading() as db:
        invitations = [open_invitation(db, code.replace(" ", ""), datetime.now(UTC)) for code in codes]
        whom = {(given.role, given.person_id) for given in invitations if given is not None}
        assert len(whom) == 1
        assert full_name(db, db.get_one(Person, next(iter(whom))[1])) == "Nguyễn Thị Hoa"
    database.close()


def test_nobody_unknown_is_invited(chophien: Chophien, demo: Settings) -> None:
    assert chophien("invite", "NSX-999").stderr == "Error: there is no producer NSX-999\n"
    assert chophien("invite", "--staff", "Hoa", "--coop", "XX").stderr == "Error: there is no co-op XX\n"


def test_the_inbox_lists_what_waits_and_what_people_wrote_stays_text(chophien: Chophien, demo: Settings) -> None:
    assert chophien("inbox").stdout == "Nobody waits.\n"
    assert chophien("inbox", "--json").stdout == ""
    at = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    database = Database(demo.database_url, Vault(demo.secret_keys))
    with database.writing() as db:
        account_id = db.scalars(select(Account.id)).first() or 0
        case = open_case(db, account_id, None, "question", subject="", note="[red]cam\x1b[2J chua không?", at=at)
        db.flush()
        number = case.id
    database.close()

    listed = chophien("inbox").stdout
    assert "21/11 09:00" in listed
    assert "[red]cam [2J chua không?" in listed
    assert [json.loads(line) for line in chophien("inbox", "--json").stdout.splitlines()] == [
        {
            "case": number,
            "opened_at": "2026-11-21T02:00:00Z",
            "kind": "question",
            "subject": "",
            "conversation": None,
            "files": 0,
            "note": "[red]cam\x1b[2J chua không?",
        }
    ]


def test_a_case_is_closed_once(chophien: Chophien, demo: Settings) -> None:
    database = Database(demo.database_url, Vault(demo.secret_keys))
    with database.writing() as db:
        account_id = db.scalars(select(Account.id)).first() or 0
        at = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
        number = open_case(db, account_id, None, "question", subject="", note="Alo?", at=at).id
    assert chophien("inbox", "--close", str(number)).stdout == f"Case {number} is closed.\n"
    assert chophien("inbox").stdout == "Nobody waits.\n"
    again = chophien("inbox", "--close", str(number))
    assert (again.returncode, again.stderr) == (1, f"Error: there is no open case {number}\n")
    with database.reading() as db:
        assert db.scalars(select(Audit.subject).where(Audit.what == "close")).all() == [f"case:{number}"]
    database.close()


def test_a_doctor_finds_nothing_broken_in_a_fresh_demo(chophien: Chophien, demo: Settings) -> None:
    done = chophien("doctor", PORT="1")
    signs = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert signs == [
        "✔ database",
        "! Redis",
        "! web",
        "✔ clock",
        "✔ disk",
        signs[5],
        "✔ SECRET_KEY",
        "! PUBLIC_URL",
        "✔ Messenger",
        "✔ inbox",
    ]
    assert signs[5] in {"✔ disk writes", "! disk writes"}


def test_a_doctor_names_what_is_broken_and_how_to_mend_it(chophien: Chophien, demo: Settings) -> None:
    done = chophien("doctor", REDIS_URL="redis://127.0.0.1:1", MESSENGER_APP_SECRET="s", MESSENGER_PAGE_ID="7")
    broken = [line for line in done.stdout.splitlines() if line.startswith("✘")]
    assert done.returncode == 1
    assert done.stderr == "Error: 2 of these must be mended\n"
    assert broken[0].startswith("✘ Redis: does not answer: ")
    assert broken[0].endswith(" → start it, or correct REDIS_URL")
    assert broken[1] == (
        "✘ Messenger: incomplete: MESSENGER_VERIFY_TOKEN, MESSENGER_PAGE_TOKEN missing → set what is missing"
    )


def test_a_doctor_before_the_first_start_says_migrate(chophien: Chophien) -> None:
    done = chophien("doctor")
    assert done.returncode == 1
    assert "✘ database: its tables are not those of this version → chophien migrate" in done.stdout
