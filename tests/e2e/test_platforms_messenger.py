"""What goes wrong at Messenger, over real processes: what is held back, who is told, and that it goes out later."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.outbox import OutboxRow
from bot.plain import SUBSCRIPTION, plain, troubled
from bot.reply import Reason
from tests.e2e.platforms import Platforms, on_stage
from tests.e2e.stage import APP_ID, OTHER_PAGE, PAGE, eventually
from tests.simulators.graph import Behaviour, Mode
from tests.simulators.graph_page import Phone

pytestmark = pytest.mark.e2e

PEOPLE = [str(7_012_345_678_000_000 + number) for number in range(20)]
ORANGES, POMELOS = "4839 2017 6504", "9372 6405 8112"
OF_ORANGES, OF_POMELOS = "Cam sành", "Bưởi đỏ"
LAN = PEOPLE[0]
Today = Callable[[str, str], str]


@pytest.fixture
def stage(tmp_path: Path, today: Today) -> Iterator[Platforms]:
    with on_stage(tmp_path, today) as opened:
        yield opened


def phone(stage: Platforms, psid: str = LAN, page: int = 0) -> Phone:
    return Phone(stage.pages[page], stage.graph, psid)


def texts(stage: Platforms, psid: str = LAN) -> list[str]:
    return [shown.text for shown in stage.graph.to(psid)]


@pytest.mark.parametrize(
    ("hours", "refusals"),
    [pytest.param("24", 0, id="as-we-know"), pytest.param("168", 1, id="as-the-platform-says")],
)
def test_what_came_too_late_is_held_told_in_plain_words_and_goes_first_when_she_writes_again(
    tmp_path: Path, today: Today, hours: str, refusals: int
) -> None:
    """Her message reaches us a day after she wrote it. Others are answered meanwhile."""
    with on_stage(tmp_path, today, MESSENGER_WINDOW_HOURS=hours) as stage:
        lan, page = phone(stage), stage.pages[0]
        stage.graph_clock.advance(hours=-25)
        late = page.text(LAN, ORANGES)
        stage.graph_clock.advance(hours=25)
        page.deliver(late)
        stage.rest()

        [held] = stage.cases("failed send")
        assert plain(Reason.WINDOW, "vi") in held.note
        assert OF_ORANGES in held.note
        assert lan.bubbles == []
        assert stage.strict_graph.refusals == ["POST messages 10/2018278"] * refusals

        assert phone(stage, PEOPLE[1]).type(ORANGES) == 200
        lan.type(POMELOS)
        lan.wait_for(2)
        stage.rest()
        first, second = texts(stage)
        assert OF_ORANGES in first
        assert OF_POMELOS in second
        assert len(texts(stage, PEOPLE[1])) == 1
        assert len(stage.strict_graph.refusals) == refusals


def test_a_dead_token_silences_its_page_alone_until_a_new_one_is_given(stage: Platforms) -> None:
    stage.graph.kill_token(PAGE, 460)
    for psid in PEOPLE[:5]:
        phone(stage, psid).type(ORANGES)
    beside = phone(stage, PEOPLE[9], page=1)
    beside.type(ORANGES)
    beside.wait_for(1, seconds=3)
    eventually(lambda: stage.account("messenger", PAGE).paused_at, "the page is paused")
    assert stage.account("messenger", OTHER_PAGE).paused_at is None

    [told] = stage.cases()
    assert (told.kind, told.note) == ("account", troubled("messenger", Reason.TOKEN, PAGE, "vi"))
    assert not any(texts(stage, psid) for psid in PEOPLE[:5])

    stage.graph.kill_token(PAGE, None)
    stage.graph.tokens[PAGE] = "a new token"
    printed = stage.chophien("account", "add", "messenger", "--page-id", PAGE, MESSENGER_PAGE_TOKEN="a new token")
    assert "Its token is kept" in printed
    stage.rest()

    assert [len(texts(stage, psid)) for psid in PEOPLE[:5]] == [1] * 5
    assert stage.cases() == []
    assert stage.account("messenger", PAGE).paused_at is None


def test_a_restricted_page_says_nothing_until_the_restriction_is_lifted(stage: Platforms) -> None:
    page, lan = stage.pages[0], phone(stage)
    stage.graph.restrict(PAGE)
    page.deliver(page.policy("block", "The page sent too much."))
    lan.type(ORANGES)
    beside = phone(stage, PEOPLE[9], page=1)
    beside.type(ORANGES)
    beside.wait_for(1, seconds=3)
    eventually(lambda: stage.account("messenger", PAGE).paused_at, "the page is paused")

    notes = [case.note for case in stage.cases("account")]
    assert len(notes) == 1
    assert plain(Reason.BLOCKED, "vi") in notes[0]
    assert lan.bubbles == []

    stage.graph.restrict(PAGE, on=False)
    page.deliver(page.policy("unblock"))
    lan.wait_for(1)
    stage.rest()
    assert len(texts(stage)) == 1
    assert stage.account("messenger", PAGE).paused_at is None


def test_a_subscription_that_meta_takes_away_is_put_back(stage: Platforms) -> None:
    fields = stage.graph.fields_of(PAGE)
    stage.graph.unsubscribe(PAGE)
    assert phone(stage).type("nobody hears this") == 0

    eventually(lambda: stage.graph.fields_of(PAGE) == fields, "it is subscribed again", 10)
    lan = phone(stage)
    lan.type(ORANGES)
    assert OF_ORANGES in lan.wait_for(1)[0].text
    assert not [case for case in stage.cases() if SUBSCRIPTION in case.subject]


def test_the_bot_is_silent_beside_a_colleague_and_back_when_the_case_is_closed(stage: Platforms) -> None:
    page, lan = stage.pages[0], phone(stage)
    lan.type(ORANGES)
    lan.wait_for(1)
    stage.rest()
    page.colleague(LAN, "Chào chị, em Hoa đây.")
    lan.type("cam có ngọt không em")
    lan.tap("Xem hành trình")
    stage.rest()

    [case] = stage.cases("taken over")
    assert "Chào chị, em Hoa đây." in case.note
    assert "cam có ngọt không em" in case.note
    assert len(texts(stage)) == 1

    page.let_go(LAN)
    stage.chophien("inbox", "--close", str(case.case))
    lan.wait_for(2)
    stage.rest()
    assert len(texts(stage)) == 2
    lan.type(POMELOS)
    assert OF_POMELOS in lan.wait_for(3)[-1].text
    assert stage.strict_graph.refusals == []


def test_a_default_app_takes_the_thread_back_from_the_inbox(tmp_path: Path, today: Today) -> None:
    """The colleague closes the case here and leaves the conversation open at Meta."""
    with on_stage(tmp_path, today, default_app=APP_ID) as stage:
        lan = phone(stage)
        lan.type(ORANGES)
        lan.wait_for(1)
        stage.pages[0].colleague(LAN, "Chào chị, em Hoa đây.")
        lan.type("cam có ngọt không em")
        stage.rest()
        [case] = stage.cases("taken over")
        stage.chophien("inbox", "--close", str(case.case))
        lan.wait_for(2)
        lan.type(POMELOS)
        assert OF_POMELOS in lan.wait_for(3)[-1].text
        stage.rest()
        assert stage.strict_graph.refusals == ["POST messages 2018300/None"]
        assert stage.cases() == []


def test_the_inbox_hands_back_by_itself(stage: Platforms) -> None:
    page, lan = stage.pages[0], phone(stage)
    lan.type(ORANGES)
    lan.wait_for(1)
    page.colleague(LAN, "Em Hoa đây ạ.")
    lan.type(POMELOS)
    stage.rest()
    assert len(texts(stage)) == 1

    page.hand_back(LAN)
    lan.wait_for(2)
    lan.type(ORANGES)
    assert OF_ORANGES in lan.wait_for(3)[-1].text


@pytest.mark.parametrize("mode", [Mode.HALF, Mode.EMPTY, Mode.SENT_ANYWAY, Mode.LATE])
def test_what_arrived_although_the_answer_did_not_is_not_sent_twice(stage: Platforms, mode: Mode) -> None:
    lan = phone(stage)
    stage.graph.behave(Behaviour(mode, seconds=15), times=1, edge="messages")
    lan.type(ORANGES)
    lan.wait_for(1)
    lan.type(POMELOS)
    lan.wait_for(2, seconds=30)
    stage.rest()

    first, second = texts(stage)
    assert OF_ORANGES in first
    assert OF_POMELOS in second
    with stage.database.reading() as db:
        assert all(db.scalars(select(OutboxRow.sent_at).where(OutboxRow.address == LAN)))


def test_a_photo_is_fetched_at_once_and_comes_out_of_the_inbox(stage: Platforms, tmp_path: Path) -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
    lan = phone(stage)
    lan.send_photo(stage.zalo.host_media("oranges.jpg", picture, "image/jpeg"))
    lan.wait_for(1)
    eventually(lambda: [case.files for case in stage.cases()] == [1], "it is fetched")

    [case] = stage.cases()
    [path] = stage.chophien("inbox", "--files", str(case.case), str(tmp_path / "out")).splitlines()
    assert Path(path).read_bytes() == picture
    assert picture not in b"".join(file.read_bytes() for file in (stage.var_dir / "media").rglob("*") if file.is_file())
