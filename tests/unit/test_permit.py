"""May I send this now, and as what: every case of the table, at its edges."""

from datetime import timedelta

import pytest

from bot.permit import ANY_TIME, MARGIN, Permit, Terms, Way, may_send
from bot.reply import Reason
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MESSENGER = Terms(free=DAY, human=7 * DAY, templates=True)
ZALO = Terms(free=2 * DAY, paid=7 * DAY, templates=True)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("terms", "ago", "by_person", "template", "way"),
    [
        (MESSENGER, timedelta(0), False, False, Way.REPLY),
        (MESSENGER, DAY - MARGIN - SECOND, False, False, Way.REPLY),
        (MESSENGER, DAY - MARGIN, False, False, Reason.WINDOW),
        (MESSENGER, DAY - MARGIN, True, False, Way.HUMAN),
        (MESSENGER, 7 * DAY - MARGIN - SECOND, True, False, Way.HUMAN),
        (MESSENGER, 7 * DAY - MARGIN, True, False, Reason.WINDOW),
        (MESSENGER, 30 * DAY, False, True, Way.TEMPLATE),
        (MESSENGER, HOUR, False, True, Way.REPLY),
        (MESSENGER, None, False, True, Way.TEMPLATE),
        (MESSENGER, None, False, False, Reason.STRANGER),
        (Terms(free=DAY), 2 * DAY, True, True, Reason.WINDOW),
        (ZALO, 2 * DAY - MARGIN - SECOND, False, False, Way.REPLY),
        (ZALO, 2 * DAY, False, False, Way.PAID),
        (ZALO, 7 * DAY, True, False, Reason.WINDOW),
        (ZALO, 7 * DAY, False, True, Way.TEMPLATE),
        (Terms(free=2 * DAY, templates=True), 3 * DAY, False, False, Reason.WINDOW),
        (ANY_TIME, None, False, False, Way.REPLY),
        (ANY_TIME, 365 * DAY, False, False, Way.REPLY),
    ],
)
def test_a_message_goes_as_what_its_hour_allows(
    terms: Terms, ago: timedelta | None, by_person: bool, template: bool, way: Way | Reason
) -> None:
    permit = may_send(terms, NOW, touched_at=None if ago is None else NOW - ago, by_person=by_person, template=template)

    assert (permit.way or permit.reason) == way
    assert (permit.way is None) == isinstance(way, Reason)


def test_a_permit_says_when_it_lapses() -> None:
    assert may_send(MESSENGER, NOW, touched_at=NOW) == Permit(Way.REPLY, None, NOW + DAY - MARGIN)


@pytest.mark.parametrize(
    ("by_person", "notice", "goes"), [(False, False, False), (True, False, True), (False, True, True)]
)
@pytest.mark.parametrize("terms", [MESSENGER, ZALO, ANY_TIME])
def test_while_a_colleague_has_the_thread_only_people_and_news_go(
    terms: Terms, by_person: bool, notice: bool, goes: bool
) -> None:
    permit = may_send(terms, NOW, touched_at=NOW, by_person=by_person, notice=notice, taken=True)

    assert (permit.way is not None) == goes
    assert goes or permit.reason is Reason.HELD
