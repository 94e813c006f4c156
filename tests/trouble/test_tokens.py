"""Tokens die in the middle of a burst: one refresh wins, an account without a token waits, nothing is lost."""

import multiprocessing
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.plain import troubled
from bot.reply import Reason
from catalog.account import ensure_account, keep_pair
from catalog.organisation import organisation_by_code
from tests.conftest import Fresh, opened
from tests.e2e.platforms import REFRESH, Platforms, on_stage
from tests.e2e.stage import PAGE, eventually
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_world import App, Oa
from tests.trouble.burst import Burst, Phone, bubbles, faults
from tests.trouble.renewing import THREADS, Renewing

pytestmark = pytest.mark.e2e

Today = Callable[[str, str], str]
APP, SECRET, OA = "3608465249400000001", "app-secret", "388613280878808645"
SENDERS = 3


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.soak, id="soak")])
def test_of_several_senders_that_find_a_token_dead_exactly_one_renews_it(fresh: Fresh, kind: str, rounds: int) -> None:
    """Three processes with four threads each, at the same moment, on one database; again with the new token."""
    url = fresh.url(kind, "demo")
    with Zalo(apps=[App(APP, SECRET)], oas=[Oa(OA, APP, "oa-secret")], clock=Clock(now(), speed=1.0)) as zalo:
        pair = zalo.grant(OA)
        database = opened(url)
        with database.writing() as db:
            coop = organisation_by_code(db, "SM")
            assert coop is not None
            account = ensure_account(db, "zalo", OA, coop.id, None)
            keep_pair(db, account, pair.access_token, pair.refresh_token, now() + timedelta(hours=25))
        database.close()

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.trouble.renewing"])
        start, told = context.Barrier(SENDERS), context.Queue()
        renew = Renewing(url, (zalo.url, APP, SECRET), account.id, rounds, start, told, now)
        senders = [context.Process(target=renew, args=(f"sender {n}",)) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        answers = [told.get(timeout=60) for _ in range(SENDERS * rounds)]
        for sender in senders:
            sender.join(60)
        told.close()

        assert [sender.exitcode for sender in senders] == [0] * SENDERS
        assert zalo.requests.count(REFRESH) == rounds
    given = Counter((number, token) for number, tokens in answers for token in tokens)
    assert sorted(number for number, _ in given) == list(range(rounds)), "one token in each round, for all"
    assert set(given.values()) == {SENDERS * THREADS}
    assert len({token for _, token in given} | {pair.access_token}) == rounds + 1


def renewed(stage: Platforms, times: int) -> bool:
    return stage.refreshes() >= times


def named(stage: Platforms) -> str:
    """What staff read of the page: its name as well, once it has been looked at."""
    name = stage.account("messenger", PAGE).name
    return f"{name} ({PAGE})" if name else PAGE


def give_new_token(stage: Platforms, token: str) -> None:
    """As staff do, after Meta has given it to them."""
    stage.graph.kill_token(PAGE, None)
    stage.graph.tokens[PAGE] = token
    printed = stage.chophien("account", "add", "messenger", "--page-id", PAGE, MESSENGER_PAGE_TOKEN=token)
    assert "Its token is kept" in printed


@pytest.mark.soak
def test_tokens_that_die_in_a_burst_on_both_platforms_delay_their_own_accounts_and_lose_nothing(
    tmp_path: Path, today: Today
) -> None:
    """Both OAs' tokens run out, five times; one page's is dead until staff give a new one, the other page goes on.

    Smaller, and each by itself: `tests/e2e/test_platforms_zalo.py` and `test_platforms_messenger.py`.
    """
    with on_stage(tmp_path, today) as stage:
        eventually(lambda: stage.refreshes() == 2, "the pairs of unknown age are renewed")
        burst = Burst(stage, 60)
        for number in range(5):
            refreshed = stage.refreshes()
            with burst.writing(40):
                for phone in burst.everybody:
                    phone.wait_for(1)
                stage.zalo_clock.advance(hours=26)
                stage.graph.kill_token(PAGE, 463)
                eventually(lambda: stage.account("messenger", PAGE).paused_at, "the page is paused")
                eventually(partial(renewed, stage, refreshed + 2), "both OAs have a new token")
                silent = bubbles(burst.pages[0])
                others: list[Phone] = [*burst.pages[1], *burst.oas[0], *burst.oas[1]]
                for other, had in zip(others, bubbles(others), strict=True):
                    other.wait_for(had + 1, seconds=30)
                assert bubbles(burst.pages[0]) == silent
                [told] = stage.cases()
                assert (told.kind, told.note) == ("account", troubled("messenger", Reason.TOKEN, named(stage), "vi"))
                give_new_token(stage, f"a new token {number}")

            assert faults(stage) == []
            assert stage.refreshes() == refreshed + 2
            assert stage.cases() == []
            assert stage.account("messenger", PAGE).paused_at is None
