"""What goes wrong at Zalo, over real processes: tokens, packages, buttons, rates, and people who take their rights."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.plain import troubled
from bot.reply import Reason
from catalog.account import account_by, keep_pair
from tests.e2e.platforms import BOT_SECRET, CONSULT, OA, OTHER_OA, Platforms, on_stage
from tests.e2e.stage import eventually
from tests.simulators.zalo_faults import Mode
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_world import Package, Switches

pytestmark = pytest.mark.e2e

ORANGES, POMELOS = "4839 2017 6504", "9372 6405 8112"
OF_ORANGES, OF_POMELOS = "Cam sành", "Bưởi đỏ"
Today = Callable[[str, str], str]


@pytest.fixture
def stage(tmp_path: Path, today: Today) -> Iterator[Platforms]:
    with on_stage(tmp_path, today) as opened:
        eventually(lambda: opened.refreshes() == 2, "the pairs of unknown age are renewed")
        eventually(lambda: not _leased(opened), "and kept")
        yield opened


def _leased(stage: Platforms) -> bool:
    accounts = [stage.account("zalo", oa_id) for oa_id in (OA, OTHER_OA)]
    return any(account.lease_until is not None or account.token_expires_at is None for account in accounts)


def phone(stage: Platforms, number: int = 1, oa_id: str = OA) -> Phone:
    return stage.zalo.phone(oa_id, f"Chị {number}", f"84905{number:06d}")


def _told(reason: Reason) -> list[tuple[str, str]]:
    """Kind and words of the case, before and after the OA has told us its name."""
    return [("account", troubled("zalo", reason, name, "vi")) for name in (OA, f"HTX Suối Mơ ({OA})")]


def texts(one: Phone) -> list[str]:
    return [shown.text for shown in one.bubbles]


def test_a_token_that_expires_in_a_burst_is_renewed_once_and_nothing_is_lost_or_doubled(stage: Platforms) -> None:
    """Two processes use it, with many threads, and all of them meet that at once. The other OA is only looked at."""
    people = [phone(stage, number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for number, person in enumerate(people):
            if number == 20:
                stage.zalo_clock.advance(hours=26)
            pool.submit(person.type, ORANGES)
    stage.rest()
    eventually(lambda: stage.refreshes() == 4, "the other OA was looked at")

    assert [len(one.bubbles) for one in people] == [1] * 40
    assert stage.refreshes() == 4, "one at the start and one now, for each of two OAs"
    assert stage.account("zalo", OA).paused_at is None
    assert {refusal.rpartition(" ")[2] for refusal in stage.zalo.refusals} == {"-220"}
    assert stage.cases() == []


def test_a_lost_answer_to_a_refresh_silences_one_oa_and_calls_an_officer_once(tmp_path: Path, today: Today) -> None:
    """Zalo has rotated the pair and we never heard of it: only a person can connect the OA again."""
    stage = Platforms(tmp_path, today("sqlite", tmp_path.name))
    try:
        stage.zalo.behave(Mode.LOST, times=1, oa_id=OA, call="/v4/oa/access_token")
        stage.open()
        people = [phone(stage, number) for number in range(6)]
        for person in people:
            person.type(ORANGES)
        beside = phone(stage, 99, OTHER_OA)
        beside.type(ORANGES)
        beside.wait_for(1, seconds=3)
        eventually(lambda: stage.account("zalo", OA).pause_reason == Reason.TOKEN, "the OA is paused")

        [told] = stage.cases()
        assert (told.kind, told.note) in _told(Reason.TOKEN)
        assert not any(person.bubbles for person in people)
        assert stage.account("zalo", OTHER_OA).paused_at is None

        pair = stage.zalo.grant(OA)
        stage.chophien(
            "account",
            "add",
            "zalo",
            "--oa-id",
            OA,
            ZALO_ACCESS_TOKEN=pair.access_token,
            ZALO_REFRESH_TOKEN=pair.refresh_token,
        )
        stage.rest()
        assert [len(person.bubbles) for person in people] == [1] * 6
        assert stage.cases() == []
        assert [line for line in stage.zalo.refusals if "-14020" in line] == ["POST /v4/oa/access_token -14020"], (
            "a spent token is tried once"
        )
        stage.stop()
    finally:
        stage.close()


def test_an_oa_without_a_package_waits_and_sends_when_it_has_bought_one(tmp_path: Path, today: Today) -> None:
    with on_stage(tmp_path, today, packages=(Package.FREE, Package.WHOLE)) as stage:
        people = [phone(stage, number) for number in range(5)]
        for person in people:
            person.type(ORANGES)
        beside = phone(stage, 99, OTHER_OA)
        beside.type(ORANGES)
        beside.wait_for(1, seconds=3)
        eventually(lambda: stage.account("zalo", OA).pause_reason == Reason.PACKAGE, "the OA is paused")

        eventually(lambda: stage.account("zalo", OA).name, "the OA was looked at")
        [told] = stage.cases()
        assert (told.kind, told.note) in _told(Reason.PACKAGE)
        assert not any(person.bubbles for person in people)

        stage.oas[0].package = Package.GROWTH
        for person in people:
            person.wait_for(1)
        stage.rest()
        assert [len(person.bubbles) for person in people] == [1] * 5
        assert stage.account("zalo", OA).paused_at is None
        assert stage.cases() == []


def test_where_buttons_are_refused_numbers_do_the_same(tmp_path: Path, today: Today) -> None:
    with on_stage(tmp_path, today, switches=Switches(buttons=-233)) as stage:
        one = phone(stage)
        one.type(ORANGES)
        [shown] = one.wait_for(1)
        assert shown.buttons == ()
        assert "1. Xem hành trình" in shown.text

        one.type("1")
        one.wait_for(2)
        stage.rest()
        assert len(texts(one)) == 2
        assert "cắt quả" in texts(one)[1].lower() or "hành trình" in texts(one)[1].lower()
        assert stage.zalo.refusals == ["POST /v3.0/oa/message/cs -233"], "it is not asked again for an hour"
        assert stage.cases() == []


def test_an_officer_who_answers_in_the_app_silences_the_bot_until_the_case_is_closed(stage: Platforms) -> None:
    one = phone(stage)
    one.type(ORANGES)
    one.wait_for(1)
    stage.zalo.officer(OA, one.user_id, "Chào chị, em Hoa đây.")
    one.type("cam có ngọt không em")
    one.tap("Xem hành trình")
    stage.rest()
    [case] = stage.cases("taken over")
    assert "Chào chị, em Hoa đây." in case.note
    assert "cam có ngọt không em" in case.note
    assert len(texts(one)) == 2  # hers and the officer's

    stage.chophien("inbox", "--reply", str(case.case), "Cam ngọt chị nhé.")
    assert one.wait_for(3)[-1].text == "Cam ngọt chị nhé."
    stage.chophien("inbox", "--close", str(case.case))
    one.wait_for(4)
    one.type(POMELOS)
    assert OF_POMELOS in one.wait_for(5)[-1].text
    stage.rest()
    assert len(texts(one)) == 5


@pytest.mark.parametrize("mode", [Mode.LOST, Mode.HALF, Mode.EMPTY, Mode.TRUNCATED, Mode.FAILED])
def test_what_arrived_although_the_answer_did_not_is_not_sent_twice(stage: Platforms, mode: Mode) -> None:
    one = phone(stage)
    stage.zalo.behave(mode, times=1, call=CONSULT[1])
    one.type(ORANGES)
    one.wait_for(1)
    one.type(POMELOS)
    one.wait_for(2, seconds=30)
    stage.rest()

    first, second = texts(one)
    assert OF_ORANGES in first
    assert OF_POMELOS in second
    with stage.database.reading() as db:
        assert all(db.scalars(select(OutboxRow.sent_at).where(OutboxRow.address == one.user_id)))


def test_what_is_too_much_for_a_minute_waits_for_its_turn_and_goes_out_in_order(tmp_path: Path, today: Today) -> None:
    """An OA of the smallest package may make a hundred calls a minute; we are told to keep to eighty."""
    packages = (Package.GROWTH, Package.WHOLE)
    with on_stage(tmp_path, today, brisk=False, packages=packages, ZALO_CALLS_A_MINUTE="80") as stage:
        began = time.monotonic()
        people = _all_write_twice(stage, 45)

        assert time.monotonic() - began > 5, "ten more than eighty, in less than a minute"
        assert all(OF_ORANGES in texts(one)[0] and OF_POMELOS in texts(one)[1] for one in people)
        # One process may look at the account with the token that another has just renewed; that is no message.
        assert [refusal for refusal in stage.zalo.refusals if not refusal.endswith("/getoa -220")] == []


@pytest.mark.soak
def test_three_minutes_at_a_hundred_calls_a_minute_lose_nothing(tmp_path: Path, today: Today) -> None:
    """As many as the platform allows: by our minute, not by the platform's, so it may say no for a moment."""
    packages = (Package.GROWTH, Package.WHOLE)
    with on_stage(tmp_path, today, brisk=False, packages=packages, ZALO_CALLS_A_MINUTE="100") as stage:
        people = _all_write_twice(stage, 150)

        assert all(OF_ORANGES in texts(one)[0] and OF_POMELOS in texts(one)[1] for one in people)
        assert {refusal.rpartition(" ")[2] for refusal in stage.zalo.refusals} <= {"-32"}


def _all_write_twice(stage: Platforms, people: int) -> list[Phone]:
    phones = [phone(stage, number) for number in range(people)]
    for words in (ORANGES, POMELOS):
        for one in phones:
            one.type(words)
    eventually(lambda: stage.waiting() == (0, 0), "all is sent", 300)
    stage.rest()
    assert [len(one.bubbles) for one in phones] == [2] * people
    return phones


def test_who_takes_back_her_consent_is_forgotten_with_all_that_she_sent(stage: Platforms) -> None:
    one, beside = phone(stage), phone(stage, 2)
    beside.type(ORANGES)
    one.type(ORANGES)
    one.send_photo(stage.zalo.host_media("oranges.jpg", b"\xff\xd8\xff\xe0" + bytes(5000), "image/jpeg"))
    one.wait_for(2)
    eventually(lambda: _files(stage), "the photo is fetched")
    stage.rest()
    assert _kept(stage, one) >= 4

    assert one.withdraw() == 200
    stage.rest()
    eventually(lambda: not _files(stage), "the photo is gone")
    assert _kept(stage, one) == 0
    assert _kept(stage, beside) >= 2
    assert len(one.bubbles) == 2


def _files(stage: Platforms) -> list[Path]:
    return [path for path in (stage.var_dir / "media").rglob("*") if path.is_file()]


def _kept(stage: Platforms, one: Phone) -> int:
    """How many words of hers and to her we still have; that she withdrew is none of them."""
    said = select(InboxRow).where(InboxRow.sender == one.user_id, InboxRow.body.is_not(None))
    told = select(OutboxRow).where(OutboxRow.address == one.user_id, OutboxRow.body.is_not(None))
    with stage.database.reading() as db:
        return len(db.scalars(said.where(InboxRow.kind != "Withdrawn")).all()) + len(db.scalars(told).all())


def test_a_bot_of_the_bot_platform_answers_with_numbers(stage: Platforms) -> None:
    one = stage.bots.phone(stage.bot, "Bác Y Wang", "f1e2d3c4b5a6")
    assert one.type(ORANGES, times=2) == 200
    [shown] = stage.bots.wait_for(one.chat_id, 1)
    assert OF_ORANGES in shown.text
    assert "1. Xem hành trình" in shown.text
    one.type("1")
    stage.bots.wait_for(one.chat_id, 2)
    stage.bot.secret = "not the secret"
    assert one.type(POMELOS) == 403
    stage.bot.secret = BOT_SECRET
    stage.rest()
    assert len(one.bubbles) == 2


def test_one_dead_account_never_slows_the_others(stage: Platforms) -> None:
    """One OA does not answer at all, one has lost its grant; a page and a bot go on as if nothing were."""
    stage.zalo.revoke(OTHER_OA)
    with stage.database.writing() as db:
        other = account_by(db, "zalo", OTHER_OA)
        assert other is not None
        keep_pair(db, other, "nobody's", None, None)
    waiting = [phone(stage, number, OTHER_OA) for number in range(80)]
    for person in waiting:
        person.type(ORANGES)
    eventually(lambda: stage.account("zalo", OTHER_OA).paused_at, "the OA is paused")

    for number in range(5):
        one = phone(stage, number)
        one.type(ORANGES)
        one.wait_for(1, seconds=3)
    assert not any(one.bubbles for one in waiting)

    pair = stage.zalo.grant(OTHER_OA)
    stage.chophien("account", "add", "zalo", ZALO_ACCESS_TOKEN=pair.access_token, ZALO_REFRESH_TOKEN=pair.refresh_token)
    stage.rest()
    assert [len(one.bubbles) for one in waiting] == [1] * 80
