"""The PIN under a scratch field: right once, locked after five wrong ones."""

import pytest
from sqlalchemy.orm import Session

from catalog.db import Database, vault_of
from catalog.pin import TRIES, check_pin
from catalog.stamp import TraceCode, code_of
from tests.conftest import NOW

HONEY = "824501379632"


@pytest.fixture
def scratched(demo: Database) -> Database:
    with demo.writing() as db:
        stamp(db).pin = vault_of(db).seal(b"048213")
    return demo


def stamp(db: Session) -> TraceCode:
    found = code_of(db, HONEY)
    assert found is not None
    return found


def tried(database: Database, *pins: str) -> list[str]:
    answers = []
    for pin in pins:
        with database.writing() as db:
            answers.append(str(check_pin(db, HONEY, pin, NOW)))
    return answers


def test_it_is_right_once_and_then_was_checked_before(scratched: Database) -> None:
    assert tried(scratched, "048 213", "048213", "048213") == ["right", "again", "again"]
    with scratched.reading() as db:
        assert stamp(db).pin_right_at == NOW


def test_after_five_wrong_ones_it_takes_no_more(scratched: Database) -> None:
    hostile = ["000000", "", "٠٤٨٢١٣", "048213" * 500, "<b>"]
    assert len(hostile) == TRIES
    assert tried(scratched, *hostile) == ["wrong"] * 4 + ["locked"]
    assert tried(scratched, "048213") == ["locked"]


def test_wrong_ones_in_between_do_not_spoil_it(scratched: Database) -> None:
    assert tried(scratched, "1", "2", "3", "4", "048213", "9", "048213") == ["wrong"] * 4 + [
        "right",
        "locked",
        "locked",
    ]


def test_a_stamp_without_a_pin_or_a_void_one_has_none(scratched: Database) -> None:
    with scratched.writing() as db:
        assert check_pin(db, "483920176504", "048213", NOW) == "none"
        assert check_pin(db, "000000000001", "048213", NOW) == "none"
        stamp(db).voided_at = NOW
        db.flush()
        assert check_pin(db, HONEY, "048213", NOW) == "none"
