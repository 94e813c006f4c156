"""What the public pages read: the co-op, its stamps, and how far a request to be forgotten is."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.inbox import Down
from bot.run.answering import close
from bot.run.app import create_app
from bot.run.brief import Brief
from bot.run.home import Home
from bot.run.looks import Looks
from bot.run.settings import Settings
from catalog.account import Account, ensure_account
from catalog.case import Case, open_cases
from catalog.db import Database
from catalog.erasure import Erasure, erasure_by
from catalog.lot import Lot
from catalog.organisation import Organisation
from catalog.person import Person
from catalog.scan import Scan
from catalog.vault import Vault
from handlers.pages.views import Doors, Passport
from tests.conftest import SECRET, Fresh, opened

PUBLIC = "https://cho.example"
ORANGES, COFFEE = "483920176504", "028850710292"  # of the co-op of this site, and of another one
DAY = timedelta(days=1)


def settings(database: Database, folder: Path, **more: str) -> Settings:
    here = {"VAR_DIR": str(folder), "DATABASE_URL": database.url, "SECRET_KEY": SECRET, "PUBLIC_URL": PUBLIC}
    return Settings.read({**here, "REDIS_URL": f"unix://{folder}/nobody.sock", **more})


@pytest.fixture
def home(demo: Database, tmp_path: Path) -> Home:
    """The demo with a Facebook page."""
    with demo.writing() as db:
        organisation_id = db.scalars(select(Account.organisation_id).order_by(Account.id)).first() or 0
        ensure_account(db, "messenger", "112233445566778", organisation_id, "token")
    return Home(demo, settings(demo, tmp_path), Looks(demo))


def requests(home: Home) -> list[tuple[str, int]]:
    """Kind and number of every open case about data, oldest first."""
    with home.database.reading() as db:
        return [(case.subject, case.id) for case in open_cases(db) if case.kind == "data request"]


def shut(home: Home, case_id: int, at: datetime) -> None:
    with home.database.writing() as db:
        assert close(db, case_id, at)


def test_a_request_asked_twice_is_one_request_and_one_case(home: Home) -> None:
    first = home.ask_to_forget("10987654321")
    second = home.ask_to_forget("10987654321")

    assert first == second == (f"{PUBLIC}/privacy/erasure/{first[1]}", first[1])
    assert [subject for subject, _ in requests(home)] == [first[1]]
    asked = home.asked(first[1])
    assert asked is not None
    assert (asked.state, asked.done_on) == ("received", None)


def test_two_people_have_two_requests(home: Home) -> None:
    codes = {home.ask_to_forget(person)[1] for person in ("10987654321", "10987654322")}

    assert len(codes) == 2
    assert {subject for subject, _ in requests(home)} == codes


def test_nothing_that_is_kept_of_a_request_names_her(home: Home) -> None:
    home.ask_to_forget("10987654321")

    with home.database.reading() as db:
        (request,) = db.scalars(select(Erasure))
        (case,) = db.scalars(select(Case).where(Case.kind == "data request"))
        assert "10987654321" not in repr([getattr(request, column.name) for column in Erasure.__table__.columns])
        assert (case.conversation_id, case.note) == (None, None)


def test_when_the_case_is_closed_the_page_of_the_request_says_so(home: Home) -> None:
    _, code = home.ask_to_forget("10987654321")
    asked_on = home.asked(code)
    assert asked_on is not None
    at = datetime(2026, 12, 1, 18, 30, tzinfo=asked_at(home, code).tzinfo)  # the second of December in Viet Nam
    shut(home, requests(home)[0][1], at)

    asked = home.asked(code)

    assert asked is not None
    assert (asked.state, asked.asked_on) == ("nobody", asked_on.asked_on)
    assert asked.done_on is not None
    assert asked.done_on.isoformat() == "2026-12-02"


def test_who_asks_again_after_it_was_done_is_a_case_again_under_the_same_code(home: Home) -> None:
    address, code = home.ask_to_forget("10987654321")
    shut(home, requests(home)[0][1], asked_at(home, code) + DAY)

    assert home.ask_to_forget("10987654321") == (address, code)

    asked = home.asked(code)
    assert asked is not None
    assert (asked.state, asked.done_on) == ("received", None)
    assert [subject for subject, _ in requests(home)] == [code]
    with home.database.reading() as db:
        assert db.scalar(select(func.count(Case.id)).where(Case.subject == code)) == 2


def asked_at(home: Home, code: str) -> datetime:
    with home.database.reading() as db:
        request = erasure_by(db, code)
        assert request is not None
        return request.asked_at


@pytest.mark.parametrize("code", ["", "X", "X234567892", "x" * 40, "X00000000O", "../etc"])
def test_a_code_that_nobody_got_is_none(home: Home, code: str) -> None:
    home.ask_to_forget("10987654321")

    assert home.asked(code) is None


def test_where_nobody_would_see_to_it_the_request_is_not_taken(demo: Database, tmp_path: Path) -> None:
    home = Home(demo, settings(demo, tmp_path), Looks(demo))

    with pytest.raises(Down):
        home.ask_to_forget("10987654321")

    assert requests(home) == []
    with demo.reading() as db:
        assert db.scalar(select(func.count(Erasure.id))) == 0


def test_there_is_a_case_for_each_page(home: Home) -> None:
    with home.database.writing() as db:
        known = db.scalars(select(Account).where(Account.channel == "messenger")).one()
        ensure_account(db, "messenger", "112233445566779", known.organisation_id, "token")

    _, code = home.ask_to_forget("10987654321")

    assert [subject for subject, _ in requests(home)] == [code, code]


def test_a_database_that_is_gone_is_told_as_down(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty'}", Vault([SECRET]))
    home = Home(empty, settings(empty, tmp_path), Looks(empty))

    with pytest.raises(Down):
        home.ask_to_forget("10987654321")
    empty.close()


def test_the_page_of_a_request_shows_how_far_it_is(fresh: Fresh, tmp_path: Path) -> None:
    database = opened(fresh.url("sqlite", "demo"))
    home = Home(database, settings(database, tmp_path), Looks(database))
    with database.writing() as db:
        home_id = db.scalars(select(Account.organisation_id).order_by(Account.id)).first() or 0
        ensure_account(db, "messenger", "112233445566778", home_id, "token")
    _, code = home.ask_to_forget("10987654321")
    web = create_app(home.settings).test_client()
    path = f"/privacy/erasure/{code}"

    before = web.get(path, query_string={"lang": "en"})
    typed = web.get(f"/privacy/erasure/{code.lower()}")
    shut(home, requests(home)[0][1], asked_at(home, code) + DAY)
    after = web.get(path, query_string={"lang": "en"})
    unknown = web.get("/privacy/erasure/X234567892")

    assert [answer.status_code for answer in (before, typed, after, unknown)] == [200, 200, 200, 404]
    assert before.data != after.data
    assert code.encode() in after.data
    assert b"10987654321" not in before.data + after.data
    database.close()


def test_a_stamp_of_the_demo_is_read_and_an_unknown_one_is_none(home: Home) -> None:
    passport = home.passport("483920176504", "vi")

    assert passport is not None
    assert (passport.stamp.state, passport.stamp.number, passport.seller.tax_code) == (
        "active",
        "SM-CAM-01",
        "0000000000",
    )
    assert (passport.place.plot, passport.place.point) == ("vườn sau đồi, 0,4 ha", (20.9, 105.1))
    assert [(stage.kind, stage.who) for stage in passport.stages] == [
        ("fertilise", "producer"),
        ("spray", "producer"),
        ("stop_spray", "producer"),
        ("harvest", "producer"),
        ("pack", "producer"),
    ]
    assert (passport.last_spray_days, passport.lacks, passport.wrong) == (67, (), ())
    assert home.passport("123456789012", "vi") is None


OWN_PAGE, ANOTHERS_OA = "112233445566778", "4318400500"


def read(home: Home, code: str) -> Passport:
    found = home.passport(code, "vi")
    assert found is not None
    return found


def test_goods_of_the_house_lead_to_its_own_channels(home: Home) -> None:
    passport = read(home, ORANGES)
    assert passport.stamp.here
    assert passport.doors == Doors(f"https://m.me/{OWN_PAGE}?ref=t-{ORANGES}", "")


def test_goods_of_another_house_are_known_as_such_and_lead_to_none_of_ours(home: Home) -> None:
    passport = read(home, COFFEE)
    assert (passport.stamp.state, passport.stamp.here, passport.doors) == ("active", False, Doors("", ""))


def test_goods_of_another_house_lead_to_its_own_channels(home: Home) -> None:
    with home.database.writing() as db:
        seller_id = read(home, COFFEE).stamp.goods.seller_id
        ensure_account(db, "zalo", ANOTHERS_OA, seller_id, "token")
    fresh = replace(home, brief=Brief())
    assert read(fresh, COFFEE).doors == Doors("", f"https://zalo.me/{ANOTHERS_OA}")
    assert read(fresh, ORANGES).doors.zalo == ""


def test_an_alliance_shows_the_goods_of_all_its_houses_by_their_own_channels_first(home: Home) -> None:
    with home.database.writing() as db:
        web = db.scalars(select(Account).where(Account.channel == "web").order_by(Account.id)).first()
        alliance = db.scalars(select(Organisation).where(Organisation.kind == "alliance")).one()
        assert web is not None
        web.organisation_id = alliance.id
        ensure_account(db, "messenger", "999", alliance.id, "token")
    assert [(stamp.stamp.here, stamp.doors.messenger) for stamp in (read(home, ORANGES), read(home, COFFEE))] == [
        (True, f"https://m.me/{OWN_PAGE}?ref=t-{ORANGES}"),
        (True, f"https://m.me/999?ref=t-{COFFEE}"),
    ]


def test_who_answers_for_the_seller_is_read_with_the_stamp(home: Home) -> None:
    seller_id = read(home, COFFEE).stamp.goods.seller_id
    with home.database.writing() as db:
        seller = db.get_one(Organisation, seller_id)
        seller.clerk, seller.clerk_phone = "anh Tú", "0987 000 111"
    seen = read(home, COFFEE).seller
    assert (seen.clerk, seen.clerk_phone) == ("anh Tú", "0987 000 111")


def test_a_producer_who_was_forgotten_leaves_the_name_of_her_house(home: Home) -> None:
    with home.database.writing() as db:
        lot = db.scalars(select(Lot).where(Lot.number == "SM-CAM-01")).one()
        person = db.get_one(Person, lot.person_id)
        person.name, person.given_name, person.title = None, "", ""
        house = db.get_one(Organisation, lot.organisation_id).name
    assert house != ""
    assert read(home, ORANGES).stamp.producer == house


def test_one_address_is_one_person_however_it_calls_itself(home: Home) -> None:
    web = create_app(home.settings).test_client()
    for agent in ("Mozilla/5.0 (Linux)", "Mozilla/5.0 (iPhone)", ""):
        web.get(f"/t/{ORANGES}", headers={"User-Agent": agent, "X-Forwarded-For": "203.0.113.7"})
    web.get(f"/t/{ORANGES}", headers={"X-Forwarded-For": "203.0.113.8"})

    assert people(home, looks=4) == 2


def people(home: Home, looks: int) -> int:
    """Who looked at the oranges, after so many looks were written down."""
    for _ in range(200):
        with home.database.reading() as db:
            hashes = list(db.scalars(select(Scan.person_hash).where(Scan.code == ORANGES, Scan.channel == "page")))
        if len(hashes) >= looks:
            break
        time.sleep(0.05)
    assert len(hashes) == looks
    return len(set(hashes))


@pytest.mark.parametrize(("public", "says_so"), [("http://127.0.0.1:8000", True), (PUBLIC, False)])
def test_only_at_home_the_demo_calls_itself_one(home: Home, tmp_path: Path, public: str, says_so: bool) -> None:
    here = Home(home.database, settings(home.database, tmp_path, PUBLIC_URL=public), home.looks)

    assert (here.coop("vi").demo, here.site().demo) == (says_so, says_so)
    assert here.coop("vi").complaints != here.coop("en").complaints
    assert len(here.goods("vi")) == len(here.goods("en")) > 0
