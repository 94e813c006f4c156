"""A file behind the words: handed over where the platform takes it, else its link goes, and never anything twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot import inbox
from bot.event import Inbound, Silent
from bot.permit import Way
from bot.reply import Bubble, Button, Reason, SendError
from bot.run.couriers.documents import no_documents
from catalog.case import open_cases
from catalog.db import Database
from handlers.channels.messenger import codec as messenger
from handlers.channels.messenger.client import MessengerClient
from tests.conftest import NOW
from tests.simulators import graph_faults
from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock as GraphClock
from tests.simulators.graph_media import Upload
from tests.simulators.graph_rules import Refused as GraphRefused
from tests.simulators.graph_rules import Shown as MessengerBubble
from tests.unit.sheets import BY_LINK, PDF, REPLY, SHEET, WORDS, documents, without_a_database
from tests.unit.test_couriers import (
    PAGE,
    SECRET,
    TOKEN,
    Page,
    account,
    fate,
    promise,
    reply,
    run,
    sending_of,
)


@pytest.fixture
def kind() -> str:
    """One database is enough: what is sent does not depend on it."""
    return "sqlite"


@pytest.fixture
def page(database: Database) -> Iterator[Page]:
    clock = GraphClock(NOW)
    with Graph(tokens={PAGE: TOKEN}, app_secret=SECRET, strict=True, clock=clock) as graph:
        client = MessengerClient(graph.url, "v25.0", SECRET, timeouts=(1.0, 1.0))
        made = account(database, "messenger", PAGE, TOKEN)
        one = Page(database, graph, clock, client, made, graph.join(PAGE, "Lan"))
        one.courier.documents = documents
        one.courier.typing = "never"
        one.writes()
        yield one
        client.close()


def shown(page: Page) -> list[MessengerBubble]:
    return page.graph.to(page.lan)


def told(page: Page) -> list[str]:
    """Each bubble in a word: what it says, or the name of its file."""
    return [bubble.file.name if bubble.file is not None else bubble.text for bubble in shown(page)]


def hand_over(page: Page) -> None:
    """The file of the reply alone, as where its words have gone already."""
    one = reply(page.account_id, "messenger", page.lan, REPLY)
    _, file = page.courier.render(one, Way.REPLY)
    page.courier.send(sending_of(one, file, 1))


def refused(page: Page, code: int, subcode: int, times: int, edge: str) -> None:
    no = graph_faults.Behaviour(graph_faults.Mode.REFUSING, refusal=GraphRefused(code, "no", subcode))
    page.graph.behave(no, times=times, edge=edge)


def test_in_messenger_the_words_come_with_their_buttons_and_then_the_file_with_its_very_bytes(page: Page) -> None:
    page.send(REPLY)

    words, file = shown(page)
    assert (words.text, words.titles, words.file) == (WORDS, ("In thêm",), None)
    assert (file.text, file.file) == ("", Upload("tem-cam-100.pdf", "application/pdf", PDF))
    assert file.lines() == [f"📎 tem-cam-100.pdf ({len(PDF)})"]


@pytest.mark.parametrize(
    ("code", "subcode"), [(100, 2018047), (100, 2018109), (100, 2018294), (100, 0), (10, 0), (200, 2018028)]
)
def test_a_file_that_messenger_does_not_take_up_is_to_be_had_by_its_link(page: Page, code: int, subcode: int) -> None:
    refused(page, code, subcode, 1, "message_attachments")

    page.send(REPLY)

    assert told(page) == [WORDS, BY_LINK]


@pytest.mark.parametrize(("subcode", "times"), [(2018047, 1), (2018074, 2)])
def test_a_file_that_messenger_does_not_send_is_to_be_had_by_its_link(page: Page, subcode: int, times: int) -> None:
    refused(page, 100, subcode, times, "messages")

    hand_over(page)

    assert page.graph.calls[graph_faults.Mode.REFUSING] == times
    assert told(page) == [BY_LINK]


def test_an_id_that_is_foreign_a_moment_after_its_upload_is_asked_for_once_more(page: Page) -> None:
    refused(page, 100, 2018074, 1, "messages")

    hand_over(page)

    assert told(page) == ["tem-cam-100.pdf"]
    assert len(page.graph.book.saved) == 2


def test_twenty_five_megabytes_are_what_meta_takes(page: Page) -> None:
    large = b"%PDF-".ljust(25 * 1024 * 1024 + 1, b"0")
    for content in (large[:-1], large):
        page.courier.documents = {SHEET.path: content}.get
        hand_over(page)

    assert told(page) == ["tem-cam-100.pdf", BY_LINK]
    assert len(page.graph.book.saved) == 1  # what is larger is not even uploaded


def test_a_sheet_that_is_gone_has_to_be_asked_for_again(page: Page) -> None:
    page.courier.documents = no_documents

    page.send(REPLY)

    assert told(page) == [WORDS, SHEET.gone]


def test_quick_replies_stay_under_whatever_comes_last(page: Page) -> None:
    many = tuple(Button(f"7:pick:{n}", f"Lô {n}") for n in range(1, 6))
    bubble = Bubble(WORDS, many, file=SHEET)
    page.send(bubble)
    refused(page, 100, 2018047, 1, "message_attachments")
    page.send(bubble)

    titles = tuple(button.title for button in many)
    assert [(one.file is not None, one.titles) for one in shown(page)] == [
        (False, ()),
        (True, titles),
        (False, ()),
        (False, titles),
    ]
    assert shown(page)[3].text == BY_LINK


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (graph_faults.Mode.ERROR, Reason.LATER),
        (graph_faults.Mode.THROTTLED, Reason.THROTTLED),
        (graph_faults.Mode.RESET, Reason.UNREACHABLE),
        (graph_faults.Mode.HTML, Reason.UNREACHABLE),
        (graph_faults.Mode.HALF, Reason.UNREACHABLE),
    ],
)
def test_a_passing_failure_of_an_upload_is_the_replys(page: Page, mode: graph_faults.Mode, reason: Reason) -> None:
    page.graph.behave(mode, times=1, edge="message_attachments")

    with pytest.raises(SendError) as caught:
        hand_over(page)

    assert (caught.value.reason, caught.value.permanent, told(page)) == (reason, False, [])


def test_a_database_that_does_not_answer_is_asked_again_and_no_link_goes(page: Page) -> None:
    page.courier.documents = without_a_database

    with pytest.raises(SendError) as caught:
        hand_over(page)

    assert (caught.value.reason, caught.value.permanent, told(page)) == (Reason.LATER, False, [])


def test_a_dead_token_is_no_matter_of_the_file(page: Page) -> None:
    refused(page, 190, 460, 1, "message_attachments")

    with pytest.raises(SendError) as caught:
        hand_over(page)

    assert (caught.value.reason, caught.value.pauses, told(page)) == (Reason.TOKEN, True, [])


def test_where_no_words_go_either_the_refusal_is_theirs(page: Page) -> None:
    page.clock.advance(hours=25)  # the upload is taken, the message is not
    with pytest.raises(SendError) as late:
        hand_over(page)
    page.writes()
    refused(page, 100, 2018047, 2, "messages")
    with pytest.raises(SendError) as worse:
        hand_over(page)

    assert [(one.value.reason, one.value.waits) for one in (late, worse)] == [
        (Reason.WINDOW, True),
        (Reason.MEDIA, False),
    ]


@pytest.mark.parametrize("typing", ["auto", "always", "never"])
def test_dots_are_shown_while_a_file_is_uploaded(page: Page, typing: str) -> None:
    page.courier.typing = typing

    page.send(REPLY)

    assert [action.name for action in page.graph.actions] == ["mark_seen", "typing_on"] * (typing != "never")


def test_a_file_is_never_a_single_call(page: Page) -> None:
    page.courier.tokens.of(page.account_id)
    one = reply(page.account_id, "messenger", page.lan, REPLY)
    words, file = page.courier.render(one, Way.REPLY)

    assert page.courier.ready(sending_of(one, words)) is not None
    assert page.courier.ready(sending_of(one, file, 1)) is None


def test_a_file_that_has_to_be_tried_again_costs_no_second_words(page: Page) -> None:
    page.graph.behave(graph_faults.Mode.ERROR, times=1, edge="message_attachments")
    sent = promise(page.database, page.account_id, page.lan, REPLY, NOW)

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent).sent_at)

    assert (told(page), fate(page.database, sent).tries) == ([WORDS, "tem-cam-100.pdf"], 1)
    with page.database.reading() as db:
        assert open_cases(db) == []


def test_words_that_have_to_be_tried_again_cost_no_second_file(page: Page) -> None:
    page.graph.behave(graph_faults.Mode.ERROR, times=1, edge="messages")
    sent = promise(page.database, page.account_id, page.lan, REPLY, NOW)

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent).sent_at)

    assert told(page) == [WORDS, "tem-cam-100.pdf"]


@pytest.mark.parametrize("taken", [True, False])
def test_a_file_whose_answer_was_lost_and_whose_echo_came_is_not_sent_again(page: Page, taken: bool) -> None:
    """Taken or not: the link in its place counts like the file itself."""
    if not taken:
        refused(page, 100, 2018109, 1, "message_attachments")

    def happens(delivered: Any) -> None:
        if delivered.bubble.text == WORDS:
            page.graph.behave(graph_faults.Mode.HALF, times=1, edge="messages")
        with page.database.writing() as db:
            arrival = Inbound(PAGE, page.lan, messenger.echo_key(delivered.bubble.metadata), NOW, Silent("echo"))
            inbox.receive(db, [(page.account_id, arrival)], NOW)

    page.graph._on_delivery = happens
    sent = promise(page.database, page.account_id, page.lan, REPLY, NOW)

    run(page.database, "messenger", page.courier, NOW, lambda: fate(page.database, sent).sent_at)

    assert (told(page), page.graph.calls[graph_faults.Mode.HALF]) == (
        [WORDS, "tem-cam-100.pdf" if taken else BY_LINK],
        1,
    )
