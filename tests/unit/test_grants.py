"""Zalo's pair of tokens under everything that can happen to it, on both databases, against a platform that rotates."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from bot.reply import Reason, SendError
from bot.run.grants import LEASE, Grants, OAuth
from catalog import account as accounts
from catalog.account import Account, ensure_account, keep_pair, locked, refresh_token_of, seed_account, token_of
from catalog.case import Case, close_case, note_of, open_cases
from catalog.db import Database
from catalog.organisation import Organisation
from handlers.channels.zalo.oauth import Grant, GrantLost, ZaloOAuth
from tests.conftest import opened
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import oauth
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_world import App, Oa

APP = "3608465249400000001"
OA, OTHER = "388613280878808645", "388613280878808646"
TOKENS = "/v4/oa/access_token"
Made = Callable[..., Grants]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    oas = [Oa(OA, APP, "oa-secret", name="HTX Suối Mây"), Oa(OTHER, APP, "oa-secret", name="HTX Ea Tu")]
    with Zalo(apps=[App(APP, "app-secret")], oas=oas, clock=clock) as running:
        yield running


@pytest.fixture
def platform(zalo: Zalo) -> Iterator[ZaloOAuth]:
    client = ZaloOAuth(zalo.url, APP, "app-secret", timeouts=(1.0, 1.0))
    yield client
    client.close()


@pytest.fixture
def made(database: Database, platform: ZaloOAuth, clock: Clock) -> Made:
    def make(
        owner: str = "here",
        on: Database | None = None,
        using: OAuth | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> Grants:
        return Grants(on or database, using or platform, clock, owner, wait=wait)

    return make


def coop(database: Database) -> int:
    with database.writing() as db:
        known: int | None = db.scalar(select(Organisation.id))
        if known is not None:
            return known
        home = Organisation(kind="coop", code="SM", name="HTX Nông sản Suối Mây", short_name="HTX Suối Mây")
        db.add(home)
        db.flush()
        return home.id


def connected(database: Database, zalo: Zalo, oa_id: str = OA, lives: timedelta | None = timedelta(hours=25)) -> int:
    """Our id of an OA that has granted a pair."""
    home, pair = coop(database), zalo.grant(oa_id)
    with database.writing() as db:
        account = ensure_account(db, "zalo", oa_id, home, None)
        expires_at = None if lives is None else zalo.clock() + lives
        keep_pair(db, account, pair.access_token, pair.refresh_token, expires_at)
        return account.id


def stored(database: Database, account_id: int) -> tuple[str | None, str | None]:
    with database.reading() as db:
        account = db.get_one(Account, account_id)
        return token_of(db, account), refresh_token_of(db, account)


def account_of(database: Database, account_id: int) -> Account:
    with database.reading() as db:
        return db.get_one(Account, account_id)


def cases(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as db:
        return [(case.kind, case.subject, note_of(db, case)) for case in open_cases(db)]


def refreshes(zalo: Zalo) -> int:
    return zalo.requests.count(("POST", TOKENS))


def works(zalo: Zalo, token: str) -> bool:
    with zalo.state.changed:
        return zalo.state.grants.judge(token) == (APP, OA)


def together(*calls: Callable[[], str]) -> list[str]:
    """What they give, all at once."""
    start, came = threading.Barrier(len(calls)), [""] * len(calls)

    def run(place: int, call: Callable[[], str]) -> None:
        start.wait(5)
        came[place] = call()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    return came


def refused(call: Callable[[], object]) -> SendError:
    with pytest.raises(SendError) as raised:
        call()
    return raised.value


# One refresh


def test_a_renewed_pair_is_stored_with_its_end_and_with_the_pair_before(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    account_id = connected(database, zalo)
    old = stored(database, account_id)
    token = made().renew(account_id, str(old[0]))
    new = stored(database, account_id)
    assert new[0] == token
    assert works(zalo, token)
    assert len({*old, *new}) == 4
    with database.reading() as db:
        account = db.get_one(Account, account_id)
        sealed = (account.token_before, account.refresh_token_before)
        before = [database.vault.open(one or b"").decode() for one in sealed]
        assert account.token_expires_at == clock() + timedelta(seconds=90_000)
        assert (account.lease_owner, account.lease_until) == ("", None)
    assert tuple(before) == old


def test_tokens_lie_sealed_in_the_database(database: Database, zalo: Zalo, made: Made) -> None:
    account_id = connected(database, zalo)
    token = made().renew(account_id, str(stored(database, account_id)[0]))
    account = account_of(database, account_id)
    kept = [account.token, account.refresh_token, account.token_before, account.refresh_token_before]
    assert all(one is not None and token.encode() not in one for one in kept)


def test_a_token_that_somebody_else_renewed_is_used_and_not_renewed_again(
    database: Database, zalo: Zalo, made: Made
) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])
    first = made("one").renew(account_id, stale)
    assert made("two").renew(account_id, stale) == first
    assert refreshes(zalo) == 1


def test_a_token_is_looked_up_twice_a_minute_at_most(database: Database, zalo: Zalo, made: Made, clock: Clock) -> None:
    account_id = connected(database, zalo)
    reader, old = made("one"), stored(database, account_id)[0]
    assert reader.token(account_id) == old
    new = made("two").renew(account_id, str(old))
    clock.advance(seconds=29)
    assert reader.token(account_id) == old
    clock.advance(seconds=1)
    assert reader.token(account_id) == new
    assert refreshes(zalo) == 1


def test_an_account_without_tokens_is_silent_until_somebody_connects_it(database: Database, made: Made) -> None:
    home = coop(database)
    with database.writing() as db:
        account_id = ensure_account(db, "zalo", OA, home, None).id
    for call in (lambda: made().token(account_id), lambda: made().renew(account_id, "")):
        error = refused(call)
        assert (error.reason, error.pauses) == (Reason.TOKEN, True)


# Two at once


def test_two_threads_renew_once_and_both_get_the_new_token(database: Database, zalo: Zalo, made: Made) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])
    grants = made()
    zalo.behave(Behaviour(Mode.SLOW, seconds=0.4), call=TOKENS)
    came = together(*[lambda: grants.renew(account_id, stale)] * 4)
    assert came == [stored(database, account_id)[0]] * 4
    assert works(zalo, came[0])
    assert refreshes(zalo) == 1


def test_two_processes_renew_once_and_both_get_the_new_token(database: Database, zalo: Zalo, made: Made) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])
    elsewhere = opened(database.url)
    zalo.behave(Behaviour(Mode.SLOW, seconds=0.4), call=TOKENS)
    one, two = made("one"), made("two", elsewhere)
    came = together(
        *[lambda: one.renew(account_id, stale)] * 2,
        *[lambda: two.renew(account_id, stale)] * 2,
    )
    elsewhere.close()
    assert came == [stored(database, account_id)[0]] * 4
    assert works(zalo, came[0])
    assert refreshes(zalo) == 1


def test_two_accounts_do_not_wait_for_each_other(database: Database, zalo: Zalo, made: Made) -> None:
    """The first one's call hangs until the second one is through."""
    slow, quick = connected(database, zalo, OA), connected(database, zalo, OTHER)
    stale = {account_id: str(stored(database, account_id)[0]) for account_id in (slow, quick)}
    inside, go_on = threading.Event(), threading.Event()

    class Hanging:
        def refresh(self, refresh_token: str) -> Grant:
            if refresh_token == stored(database, slow)[1]:
                inside.set()
                assert go_on.wait(10)
            return Grant(f"new {refresh_token[:5]}", f"next {refresh_token[:5]}", 90_000)

    grants = made(using=Hanging())
    first = threading.Thread(target=grants.renew, args=(slow, stale[slow]))
    first.start()
    assert inside.wait(10)
    assert grants.renew(quick, stale[quick]) == stored(database, quick)[0]
    assert stored(database, slow)[0] == stale[slow]
    go_on.set()
    first.join(10)
    assert stored(database, slow)[0] != stale[slow]


# Death


def test_the_lease_of_a_process_that_died_before_it_asked_runs_out(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])
    with database.writing() as db:
        assert accounts.take_lease(db, account_id, "dead", clock(), clock() + LEASE)

    def moving(_seconds: float) -> None:
        clock.advance(seconds=10)

    began = clock()
    assert works(zalo, made("alive", wait=moving).renew(account_id, stale))
    assert clock() - began == LEASE
    assert refreshes(zalo) == 1


def test_waiting_for_a_lease_has_an_end(database: Database, zalo: Zalo, made: Made, clock: Clock) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])
    with database.writing() as db:
        accounts.take_lease(db, account_id, "busy", clock(), clock() + LEASE)
    waits: list[float] = []
    error = refused(lambda: made("late", wait=waits.append).renew(account_id, stale))
    assert (error.reason, error.pauses, error.whole_account) == (Reason.EXPIRED, False, True)
    assert sum(waits) == pytest.approx(40)
    assert refreshes(zalo) == 0


def test_a_death_between_rotation_and_commit_loses_the_grant_and_is_told_once(
    database: Database, zalo: Zalo, platform: ZaloOAuth, made: Made, clock: Clock
) -> None:
    account_id = connected(database, zalo)
    old = stored(database, account_id)
    platform.refresh(str(old[1]))  # rotated over there; whoever asked is dead now
    told = refused(lambda: made("one").renew(account_id, str(old[0])))
    again = refused(lambda: made("two").renew(account_id, str(old[0])))
    assert [(error.reason, error.pauses) for error in (told, again)] == [(Reason.TOKEN, True)] * 2
    assert stored(database, account_id) == old
    paused = account_of(database, account_id)
    assert (paused.paused_at, paused.pause_reason) == (clock(), "token")
    assert [case[:2] for case in cases(database)] == [("account", f"zalo {OA}: token")]
    assert "Cần kết nối lại Zalo OA" in cases(database)[0][2]
    assert refreshes(zalo) == 2  # the dead one's and one of ours
    clock.advance(days=1)
    assert made("three").renew_due(clock()) == 0
    assert refreshes(zalo) == 2


def test_a_lost_grant_whose_case_is_closed_is_not_told_again(
    database: Database, zalo: Zalo, platform: ZaloOAuth, made: Made, clock: Clock
) -> None:
    account_id = connected(database, zalo, lives=timedelta(hours=1))
    old = stored(database, account_id)
    platform.refresh(str(old[1]))
    assert made().renew_due(clock()) == 0
    with database.writing() as db:
        close_case(db, db.scalars(select(Case.id)).one(), clock())
    for _ in range(3):
        clock.advance(minutes=30)
        assert made().renew_due(clock()) == 0
    assert cases(database) == []
    assert refreshes(zalo) == 2


def test_a_pair_that_comes_after_the_grant_was_called_lost_mends_it(
    database: Database, zalo: Zalo, platform: ZaloOAuth, made: Made, clock: Clock
) -> None:
    """The first process is frozen with the new pair in its hands until its lease is over."""
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])

    class Frozen:
        def refresh(self, refresh_token: str) -> Grant:
            grant = platform.refresh(refresh_token)
            clock.advance(seconds=61)
            assert refused(lambda: made("second").renew(account_id, stale)).reason is Reason.TOKEN
            assert account_of(database, account_id).paused_at is not None
            return grant

    token = made("first", using=Frozen()).renew(account_id, stale)
    assert works(zalo, token)
    assert stored(database, account_id)[0] == token
    assert account_of(database, account_id).paused_at is None
    assert cases(database) == []


def test_a_database_that_fails_at_the_commit_gets_the_pair_later_and_nobody_uses_it_before(
    database: Database, zalo: Zalo, platform: ZaloOAuth, made: Made
) -> None:
    account_id = connected(database, zalo)
    old = stored(database, account_id)

    def fail(*_args: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    class Unlucky:
        def refresh(self, refresh_token: str) -> Grant:
            grant = platform.refresh(refresh_token)
            event.listen(database.engine, "commit", fail)
            return grant

    grants = made(using=Unlucky())
    assert refused(lambda: grants.renew(account_id, str(old[0]))).pauses is False
    assert refused(lambda: grants.renew(account_id, str(old[0]))).pauses is False
    event.remove(database.engine, "commit", fail)
    assert stored(database, account_id) == old
    token = grants.renew(account_id, str(old[0]))
    assert works(zalo, token)
    assert stored(database, account_id)[0] == token
    assert refreshes(zalo) == 1


# Answers that do not come


@pytest.mark.parametrize("mode", [Mode.RESET, Mode.BAD_GATEWAY, Mode.ERROR])
def test_no_answer_keeps_the_pair_and_a_later_try_succeeds(
    database: Database, zalo: Zalo, made: Made, clock: Clock, mode: Mode
) -> None:
    account_id = connected(database, zalo)
    old = stored(database, account_id)
    zalo.behave(mode, times=1, call=TOKENS)
    grants = made()
    error = refused(lambda: grants.renew(account_id, str(old[0])))
    assert (error.reason, error.pauses, error.whole_account) == (Reason.UNREACHABLE, False, True)
    assert stored(database, account_id) == old
    account = account_of(database, account_id)
    assert (account.paused_at, account.lease_until) == (None, None)
    clock.advance(seconds=60)
    assert works(zalo, grants.renew(account_id, str(old[0])))
    assert cases(database) == []


@pytest.mark.parametrize("mode", [Mode.LOST, Mode.HALF, Mode.TRUNCATED, Mode.EMPTY, Mode.FAILED])
def test_an_answer_that_was_lost_is_asked_for_again_and_only_a_clear_no_loses_the_grant(
    database: Database, zalo: Zalo, made: Made, clock: Clock, mode: Mode
) -> None:
    account_id = connected(database, zalo)
    old = stored(database, account_id)
    zalo.behave(mode, times=1, call=TOKENS)
    grants = made()
    assert refused(lambda: grants.renew(account_id, str(old[0]))).pauses is False
    assert account_of(database, account_id).paused_at is None
    clock.advance(seconds=60)
    assert refused(lambda: grants.renew(account_id, str(old[0]))).pauses is True
    assert stored(database, account_id) == old
    assert account_of(database, account_id).pause_reason == "token"
    assert len(cases(database)) == 1


def test_a_platform_that_is_down_is_asked_ever_more_seldom_but_never_given_up(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])
    grants = made()
    zalo.behave(Mode.RESET, call=TOKENS)
    asked_at, began = [], clock()
    for _ in range(200):
        before = refreshes(zalo)
        refused(lambda: grants.renew(account_id, stale))
        if refreshes(zalo) > before:
            asked_at.append((clock() - began).total_seconds() / 60)
        clock.advance(minutes=1)
    assert asked_at == [0, 1, 5, 20, 50, 80, 110, 140, 170]
    zalo.behave(Mode.OK, call=TOKENS)
    clock.advance(minutes=30)
    assert works(zalo, grants.renew(account_id, stale))
    assert cases(database) == []


def test_an_explicit_no_of_any_number_loses_the_grant(database: Database, zalo: Zalo, made: Made) -> None:
    account_id = connected(database, zalo)
    refusal = oauth(-14014, "Invalid refresh token", "Invalid refresh token")
    zalo.behave(Behaviour(Mode.REFUSING, refusal=refusal), call=TOKENS)
    error = refused(lambda: made().renew(account_id, str(stored(database, account_id)[0])))
    assert str(error) == "the grant is lost: -14014"
    assert len(cases(database)) == 1


@pytest.mark.parametrize("code", [-14002, -14003])
def test_a_slip_in_our_configuration_pauses_and_is_well_once_it_is_mended(
    database: Database, zalo: Zalo, made: Made, clock: Clock, code: int
) -> None:
    account_id = connected(database, zalo)
    pair = stored(database, account_id)
    zalo.behave(Behaviour(Mode.REFUSING, refusal=oauth(code, "Invalid appId", "wrong")), times=2, call=TOKENS)
    grants = made()
    for _ in range(2):
        error = refused(lambda: grants.renew(account_id, str(pair[0])))
        assert (error.reason, error.pauses) == (Reason.RIGHTS, True)
    account = account_of(database, account_id)
    assert (account.pause_reason, account.lease_owner, stored(database, account_id)) == ("rights", "", pair)
    assert len(cases(database)) == 1
    assert works(zalo, grants.renew(account_id, str(pair[0])))
    assert account_of(database, account_id).paused_at is None


def test_a_pair_that_a_person_pasted_while_we_asked_wins(database: Database, zalo: Zalo, made: Made) -> None:
    account_id = connected(database, zalo)
    stale = str(stored(database, account_id)[0])

    class Slow:
        def refresh(self, _refresh_token: str) -> Grant:
            with database.writing() as db:
                keep_pair(db, locked(db, account_id), "pasted", "pasted too", None)
            raise GrantLost(-14020)

    assert made(using=Slow()).renew(account_id, stale) == "pasted"
    assert stored(database, account_id) == ("pasted", "pasted too")
    assert account_of(database, account_id).paused_at is None
    assert cases(database) == []


def test_no_token_is_in_any_error(database: Database, zalo: Zalo, made: Made) -> None:
    account_id = connected(database, zalo)
    access, refresh = stored(database, account_id)
    zalo.revoke(OA)
    error = refused(lambda: made().renew(account_id, str(access)))
    shown = f"{error!r} {error.__cause__!r} {error.__context__!r} {made()!r} {cases(database)}"
    assert str(access) not in shown
    assert str(refresh) not in shown


# By the clock


def test_pairs_with_under_five_hours_are_renewed_and_the_others_left(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    dying = connected(database, zalo, OA, timedelta(hours=5))
    living = connected(database, zalo, OTHER, timedelta(hours=5, seconds=1))
    old = {account_id: stored(database, account_id) for account_id in (dying, living)}
    assert made().renew_due(clock()) == 1
    assert stored(database, dying) != old[dying]
    assert stored(database, living) == old[living]
    assert refreshes(zalo) == 1


def test_a_pair_of_unknown_age_is_renewed_once(database: Database, zalo: Zalo, made: Made, clock: Clock) -> None:
    connected(database, zalo, lives=None)
    grants = made()
    assert [grants.renew_due(clock()) for _ in range(3)] == [1, 0, 0]


def test_one_account_that_is_lost_does_not_keep_the_next_from_being_renewed(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    connected(database, zalo, OA, None)
    well = connected(database, zalo, OTHER, None)
    zalo.revoke(OA)
    assert made().renew_due(clock()) == 1
    assert account_of(database, well).paused_at is None
    assert [case[1] for case in cases(database)] == [f"zalo {OA}: token"]


def test_a_pair_is_alive_after_three_days_of_scans(database: Database, zalo: Zalo, made: Made, clock: Clock) -> None:
    account_id = connected(database, zalo)
    grants, renewed = made(), 0
    for _ in range(144):
        clock.advance(minutes=30)
        renewed += grants.renew_due(clock())
    assert renewed == 3  # each after 20 hours
    assert works(zalo, grants.token(account_id))


# What the environment gives


def seeded(database: Database, access: str, refresh: str | None, at: datetime) -> Account:
    home = coop(database)
    with database.writing() as db:
        return seed_account(db, "zalo", OA, home, token=access, refresh_token=refresh, at=at)


def test_a_restart_does_not_bring_the_environments_old_pair_back(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    pair = zalo.grant(OA)
    account_id = seeded(database, pair.access_token, pair.refresh_token, clock()).id
    assert stored(database, account_id) == (pair.access_token, pair.refresh_token)
    for _ in range(3):
        token = made().renew(account_id, str(stored(database, account_id)[0]))
        seeded(database, pair.access_token, pair.refresh_token, clock())
        assert stored(database, account_id)[0] == token
    assert works(zalo, token)


def test_a_fresh_pair_in_the_environment_is_taken_and_ends_a_pause(
    database: Database, zalo: Zalo, made: Made, clock: Clock
) -> None:
    pair = zalo.grant(OA)
    account_id = seeded(database, pair.access_token, pair.refresh_token, clock()).id
    zalo.revoke(OA)
    refused(lambda: made().renew(account_id, pair.access_token))
    fresh = zalo.grant(OA)
    seeded(database, pair.access_token, pair.refresh_token, clock())
    assert account_of(database, account_id).pause_reason == "token"
    seeded(database, fresh.access_token, fresh.refresh_token, clock())
    assert account_of(database, account_id).paused_at is None
    assert works(zalo, made().renew(account_id, fresh.access_token))


def test_an_old_env_file_that_is_put_back_brings_no_used_pair_in(database: Database, clock: Clock) -> None:
    seeded(database, "a1", "r1", clock())
    seeded(database, "a2", "r2", clock())
    account = seeded(database, "a1", "r1", clock())
    assert stored(database, account.id) == ("a2", "r2")


def test_a_plain_token_can_be_taken_back(database: Database, clock: Clock) -> None:
    """A page's old token does not die because there is a new one."""
    for token in ("t1", "t2", "t1"):
        account = seeded(database, token, None, clock())
        assert stored(database, account.id) == (token, None)


def test_a_token_that_a_command_gave_outlives_a_restart(database: Database, clock: Clock) -> None:
    account = seeded(database, "from the environment", None, clock())
    with database.writing() as db:
        ensure_account(db, "zalo", OA, account.organisation_id, "from a person")
    seeded(database, "from the environment", None, clock())
    assert stored(database, account.id)[0] == "from a person"
