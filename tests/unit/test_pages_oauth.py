"""Where Zalo sends an officer back: the grant is stored, or the page says what to do and nothing is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from bot.run.consent import ZaloConnect, connected_so_far, consent_link, wait_for_consent
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from catalog.account import Account, account_by, ensure_account, pause, refresh_token_of, seed_account, token_of
from catalog.db import Database
from catalog.organisation import Organisation, organisation_by_code
from catalog.vault import Vault
from handlers.channels.zalo.answers import Account as OaAccount
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import ZaloOAuth, challenge
from handlers.pages.oauth import VALID_FOR, NotConnected, State, blueprint, make_state, read_state
from tests.conftest import SECRET
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import Refused, oauth
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_world import App, Oa

APP, OA, OTHER = "3608465249400000001", "388613280878808645", "388613280878808646"
SITE = "https://suoimay.example"
CALLBACK = f"{SITE}/oauth/zalo/callback"
VERIFIER = "fixedVerifierOfTheConsole0123456789ABCDEFGH"
FLOW = State("v" * 43, "SM")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    oas = [Oa(OA, APP, "oa-secret", name="HTX Suối Mây"), Oa(OTHER, APP, "oa-secret", name="Kẻ lạ <b>")]
    with Zalo(apps=[App(APP, "app-secret", callback=CALLBACK)], oas=oas, clock=clock) as running:
        yield running


class Desk:
    """An officer with a browser, in front of our site and Zalo's."""

    def __init__(self, database: Database, zalo: Zalo, clock: Clock, folder: Path, **environ: str) -> None:
        given = {
            "VAR_DIR": str(folder),
            "DATABASE_URL": database.url,
            "SECRET_KEY": SECRET,
            "PUBLIC_URL": SITE,
            "ZALO_APP_ID": APP,
            "ZALO_APP_SECRET": "app-secret",
            "ZALO_API_URL": zalo.url,
            "ZALO_OAUTH_URL": zalo.url,
        }
        self.settings = Settings.read({**given, **environ})
        self.database, self.clock, self.zalo = database, clock, zalo
        self.api = ZaloClient(zalo.url, zalo.url, "app-secret", timeouts=(1.0, 1.0), now=clock)
        self.oauth = ZaloOAuth(zalo.url, APP, "app-secret", timeouts=(1.0, 1.0))
        app = Flask("oauth-under-test", static_folder=None)
        connect = ZaloConnect(self.settings, database, self.api, self.oauth, clock)
        app.register_blueprint(blueprint(database.vault, connect, clock))
        self.browser: FlaskClient = app.test_client()

    def link(self, coop: str = "SM") -> str:
        return consent_link(self.settings, self.database, coop, self.clock())

    def agrees(self, link: str, oa_id: str = OA) -> str:
        """She presses "Cho phép" for that OA; path and query of where Zalo sends her."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        page = requests.get(link, timeout=5)
        assert "Cho phép" in page.text
        answer = requests.post(link.partition("?")[0], data={**asked, "oa_id": oa_id}, timeout=5, allow_redirects=False)
        target = urlsplit(answer.headers["Location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
        return f"{target.path}?{target.query}"

    def get(self, path: str) -> TestResponse:
        return self.browser.get(path)

    def close(self) -> None:
        self.api.close()
        self.oauth.close()


@pytest.fixture
def desk(demo: Database, zalo: Zalo, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    one = Desk(demo, zalo, clock, tmp_path)
    yield one
    one.close()


def pair_of(database: Database, oa_id: str = OA) -> tuple[str | None, str | None] | None:
    with database.reading() as db:
        account = account_by(db, "zalo", oa_id)
        return None if account is None else (token_of(db, account), refresh_token_of(db, account))


def count(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count(Account.id))) or 0


def assert_refused(desk: Desk, answer: TestResponse, vietnamese: str, english: str, status: int = 400) -> None:
    assert answer.status_code == status
    assert "Chưa kết nối được Zalo OA" in answer.text
    assert vietnamese in answer.text
    assert english in answer.text
    assert "chophien account add zalo --consent" in answer.text
    assert pair_of(desk.database) is None


# The state


def test_a_state_comes_back_as_it_went(clock: Clock) -> None:
    vault = Vault([SECRET])
    assert read_state(vault, make_state(vault, FLOW, clock()), clock()) == FLOW


def test_a_state_is_good_for_ten_minutes(clock: Clock) -> None:
    vault = Vault([SECRET])
    sealed = make_state(vault, FLOW, clock())
    assert read_state(vault, sealed, clock() + VALID_FOR - timedelta(seconds=1)) == FLOW
    assert problem_of(vault, sealed, clock() + VALID_FOR) == "expired"


def test_a_state_of_somebody_else_is_forged(clock: Clock) -> None:
    vault = Vault([SECRET])
    mine = make_state(vault, FLOW, clock())
    foreign = [
        "",
        "x",
        "é\ud800",
        mine[:-4] + "AAAA",
        mine[10:],
        make_state(Vault(["another"]), FLOW, clock()),
        vault.seal(b"a token of ours").decode(),
        vault.seal(b'{"verifier": 1}').decode(),
    ]
    assert [problem_of(vault, one, clock()) for one in foreign] == ["forged"] * len(foreign)


def test_a_state_shows_nothing_and_outlives_a_change_of_the_key(clock: Clock) -> None:
    sealed = make_state(Vault(["old"]), FLOW, clock())
    assert FLOW.verifier not in sealed
    assert read_state(Vault(["new", "old"]), sealed, clock()) == FLOW


def problem_of(vault: Vault, sealed: str, now: datetime) -> str:
    with pytest.raises(NotConnected) as raised:
        read_state(vault, sealed, now)
    return raised.value.problem


# The way there and back


def test_an_officer_who_agrees_connects_her_oa(desk: Desk) -> None:
    answer = desk.get(desk.agrees(desk.link()))
    assert answer.status_code == 200
    assert "Đã kết nối Zalo OA" in answer.text
    assert "<strong>HTX Suối Mây</strong> now answers for SM" in answer.text
    pair = pair_of(desk.database)
    assert pair is not None
    assert desk.api.get_oa(str(pair[0])).oa_id == OA
    with desk.database.reading() as db:
        account, coop = account_by(db, "zalo", OA), organisation_by_code(db, "SM")
        assert account is not None
        assert coop is not None
        assert (account.name, account.organisation_id) == ("HTX Suối Mây", coop.id)
        assert account.token_expires_at == desk.clock() + timedelta(seconds=90_000)


def test_connecting_again_ends_a_pause_and_outlives_the_environments_old_pair(desk: Desk) -> None:
    with desk.database.writing() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
        account = seed_account(db, "zalo", OA, coop.id, token="old", refresh_token="older", at=desk.clock())
        pause(db, account.id, "token", desk.clock())
    assert desk.get(desk.agrees(desk.link())).status_code == 200
    with desk.database.writing() as db:
        account = seed_account(db, "zalo", OA, coop.id, token="old", refresh_token="older", at=desk.clock())
        assert (account.paused_at, token_of(db, account) == "old") == (None, False)


def test_the_one_verifier_of_the_console_works_too(demo: Database, zalo: Zalo, clock: Clock, tmp_path: Path) -> None:
    zalo.state.apps[APP].fixed_challenge = challenge(VERIFIER)
    fixed = Desk(demo, zalo, clock, tmp_path, ZALO_PKCE_VERIFIER=VERIFIER)
    assert parse_qs(urlsplit(fixed.link()).query)["code_challenge"] == [challenge(VERIFIER)]
    assert fixed.get(fixed.agrees(fixed.link())).status_code == 200
    assert fixed.get("/oauth/zalo/callback?code=x&oa_id=1&state=theirs").status_code == 400
    fixed.close()


def test_each_link_has_its_own_verifier(desk: Desk) -> None:
    challenges = {parse_qs(urlsplit(desk.link()).query)["code_challenge"][0] for _ in range(5)}
    assert len(challenges) == 5


def test_whoever_waits_for_the_consent_hears_of_it(desk: Desk) -> None:
    with desk.database.reading() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
    since, link = connected_so_far(desk.database), desk.link()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        desk.clock.advance(seconds=seconds)
        if len(waits) == 3:
            assert desk.get(desk.agrees(link)).status_code == 200

    found = wait_for_consent(desk.database, coop.id, since, desk.clock, wait)
    assert (found.external_id, len(waits)) == (OA, 3)
    with pytest.raises(Trouble, match="nobody has said yes within ten minutes"):
        wait_for_consent(
            desk.database,
            coop.id,
            connected_so_far(desk.database),
            desk.clock,
            lambda seconds: desk.clock.advance(minutes=1),
        )


# What goes wrong


def test_a_code_that_is_used_again_changes_nothing(desk: Desk) -> None:
    path = desk.agrees(desk.link())
    assert desk.get(path).status_code == 200
    pair, before = pair_of(desk.database), count(desk.database)
    again = desk.get(path)
    assert again.status_code == 400
    assert "The code from Zalo was used already" in again.text
    assert (pair_of(desk.database), count(desk.database)) == (pair, before)


def test_an_oa_that_is_not_the_one_of_the_code_is_not_stored(desk: Desk) -> None:
    """Whoever has a link could otherwise put the tokens of an OA of his own in place of the co-op's."""
    path = desk.agrees(desk.link(), OTHER).replace(OTHER, OA)
    assert_refused(desk, desk.get(path), "của một Official Account khác", "belongs to another Official Account")


def test_a_link_that_is_too_old_stores_nothing(desk: Desk) -> None:
    path = desk.agrees(desk.link())
    desk.clock.advance(minutes=10)
    assert_refused(desk, desk.get(path), "chỉ dùng được trong 10 phút", "The link is good for 10 minutes")


def test_a_forged_state_stores_nothing_and_does_not_spend_the_code(desk: Desk) -> None:
    path = desk.agrees(desk.link())
    forged = path.partition("&state=")[0] + "&state=mine"
    assert_refused(desk, desk.get(forged), "không do hệ thống của chúng tôi tạo ra", "This link was not made by us")
    assert desk.get(path).status_code == 200


def test_an_officer_who_refuses_is_told_how_to_begin_again(desk: Desk) -> None:
    state = parse_qs(urlsplit(desk.link()).query)["state"][0]
    answer = desk.get(f"/oauth/zalo/callback?error=-14001&state={state}")
    assert_refused(desk, answer, "bấm Cho phép", "press Allow")


def test_a_co_op_that_is_gone_gets_no_oa_and_the_code_is_not_spent(desk: Desk) -> None:
    path = desk.agrees(desk.link("XX"))
    assert_refused(desk, desk.get(path), "không còn trong hệ thống", "is not known any more")
    assert ("POST", "/v4/oa/access_token") not in desk.zalo.requests


def test_an_oa_of_another_co_op_is_told_so_and_the_code_is_not_spent(desk: Desk) -> None:
    with desk.database.writing() as db:
        other = db.scalars(select(Organisation).where(Organisation.code != "SM", Organisation.kind == "coop")).first()
        assert other is not None
        ensure_account(db, "zalo", OA, other.id, None)
    answer = desk.get(desk.agrees(desk.link()))
    assert (answer.status_code, "answers for another co-op here" in answer.text) == (400, True)
    assert pair_of(desk.database) == (None, None)
    assert ("POST", "/v4/oa/access_token") not in desk.zalo.requests


def test_an_oa_that_somebody_else_connects_meanwhile_is_a_page_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path, get_oa = desk.agrees(desk.link()), desk.api.get_oa

    def slow(token: str) -> OaAccount:
        with desk.database.writing() as db:
            other = db.scalars(select(Organisation).where(Organisation.code != "SM")).first()
            assert other is not None
            ensure_account(db, "zalo", OA, other.id, None)
        return get_oa(token)

    monkeypatch.setattr(desk.api, "get_oa", slow)
    answer = desk.get(path)
    assert (answer.status_code, "answers for another co-op here" in answer.text) == (400, True)
    assert pair_of(desk.database) == (None, None)


def test_a_look_at_the_address_does_not_spend_the_code(desk: Desk) -> None:
    path = desk.agrees(desk.link())
    answer = desk.browser.head(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert pair_of(desk.database) is None
    assert desk.get(path).status_code == 200


def test_an_app_that_zalo_does_not_take_is_told_as_such(desk: Desk) -> None:
    path = desk.agrees(desk.link())
    refusal = oauth(-14002, "Invalid appId", "app_id is invalid or the app is not active")
    desk.zalo.behave(Behaviour(Mode.REFUSING, refusal=refusal), call="/v4/oa/access_token")
    assert_refused(desk, desk.get(path), "ZALO_APP_ID", "Zalo does not take our app")


def test_an_oa_without_a_package_is_told_what_it_needs(desk: Desk) -> None:
    desk.zalo.behave(Behaviour(Mode.REFUSING, refusal=Refused(-224)), call="/v2.0/oa/getoa")
    answer = desk.get(desk.agrees(desk.link()))
    assert_refused(desk, answer, "gói từ Tăng trưởng trở lên", "must be verified and have the package")


@pytest.mark.parametrize("call", ["/v4/oa/access_token", "/v2.0/oa/getoa"])
def test_a_platform_that_does_not_answer_stores_nothing(desk: Desk, call: str) -> None:
    desk.zalo.behave(Mode.BAD_GATEWAY, call=call)
    assert_refused(desk, desk.get(desk.agrees(desk.link())), "Zalo chưa trả lời", "Zalo did not answer", status=502)


def test_the_page_gives_its_address_to_nobody_and_shows_names_as_text(desk: Desk) -> None:
    path = desk.agrees(desk.link(), OTHER)
    answer = desk.get(path)
    assert answer.status_code == 200
    assert "Kẻ lạ &lt;b&gt;" in answer.text
    code = parse_qs(urlsplit(path).query)["code"][0]
    assert code not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
