"""What each of Zalo's error numbers does to a message: two tables, one for each host."""

from datetime import datetime

import pytest

from bot.reply import Reason
from handlers.channels.zalo.verdict import BUSINESS, OPENAPI, TEMPLATE_BY_USER, Refused, Table, refuse
from tests.simulators import zalo_errors
from tests.simulators.zalo_clock import VIETNAM

NOON = datetime(2026, 11, 21, 12, 0, 18, 500_000, tzinfo=VIETNAM)


def refused(code: int, table: Table = OPENAPI, now: datetime = NOON, *, passing: bool = False) -> Refused:
    with pytest.raises(Refused) as caught:
        refuse(code, table, now, passing=passing)
    return caught.value


def fate(error: Refused) -> str:
    """Every flag that is set."""
    flags = ("permanent", "waits", "unknown", "whole_account", "pauses")
    return " ".join(flag for flag in flags if getattr(error, flag))


NEVER, WAITS, AGAIN, DOUBTFUL = "permanent", "waits", "", "unknown"
ACCOUNT, PAUSES = "whole_account", "whole_account pauses"


@pytest.mark.parametrize(
    ("codes", "reason", "outcome"),
    [
        ((-216, -220), Reason.EXPIRED, ACCOUNT),
        ((-32,), Reason.THROTTLED, ACCOUNT),
        ((-224,), Reason.PACKAGE, PAUSES),
        ((-221, -204, -205), Reason.UNVERIFIED, PAUSES),
        ((-209, -212, -219, -223, -235, -242), Reason.RIGHTS, PAUSES),
        ((-237, -238, -241), Reason.RIGHTS, NEVER),
        ((-320, -321), Reason.MONEY, WAITS),
        ((-230, -232, -305, -311), Reason.WINDOW, WAITS),
        ((-213,), Reason.STRANGER, WAITS),
        ((-217, -227, -244), Reason.GONE, WAITS),
        ((-211,), Reason.QUOTA, ACCOUNT),
        ((-218,), Reason.QUOTA, AGAIN),
        ((-234,), Reason.NIGHT, AGAIN),
        ((-201, -202, -210, -233, -240, -249, -403), Reason.SHAPE, NEVER),
        ((-100,), Reason.MEDIA, AGAIN),
        ((-200,), Reason.LATER, DOUBTFUL),
        ((-214,), Reason.LATER, AGAIN),
        ((-248,), Reason.RESTRICTED, NEVER),
        ((-99999, 404, 1), Reason.SHAPE, NEVER),
    ],
)
def test_the_number_decides_on_the_open_api(codes: tuple[int, ...], reason: Reason, outcome: str) -> None:
    for code in codes:
        error = refused(code)
        assert (error.reason, fate(error), error.code, str(error)) == (reason, outcome, code, f"{reason.value} {code}")


@pytest.mark.parametrize(
    ("codes", "reason", "outcome"),
    [
        ((-124,), Reason.EXPIRED, ACCOUNT),
        ((-32,), Reason.THROTTLED, ACCOUNT),
        ((-100,), Reason.LATER, AGAIN),
        ((-101, -102, -103, -104, -105, -117, -120, -135, -1241, -131, -146, -127), Reason.RIGHTS, NEVER),
        ((-1351,), Reason.RESTRICTED, NEVER),
        ((-108, -110, -114, -118, -119, -139, -140, -141), Reason.GONE, WAITS),
        ((-115, -126, -136, -137), Reason.MONEY, WAITS),
        ((-144, -1441, -147, -1471, -1472), Reason.QUOTA, AGAIN),
        ((-109, -111, -112, -1121, -1122, -1123, -1124, -113, -153), Reason.SHAPE, NEVER),
        ((-133,), Reason.NIGHT, AGAIN),
        ((-99999,), Reason.SHAPE, NEVER),
    ],
)
def test_the_number_decides_on_the_other_host(codes: tuple[int, ...], reason: Reason, outcome: str) -> None:
    for code in codes:
        error = refused(code, BUSINESS)
        assert (error.reason, fate(error), str(error)) == (reason, outcome, f"{reason.value} {code}")


def test_whatever_the_stand_in_knows_is_in_the_tables() -> None:
    assert [code for code in zalo_errors.OPENAPI if code not in OPENAPI] == []
    assert [code for code in zalo_errors.BUSINESS if code not in BUSINESS] == []


def test_no_trouble_with_a_template_stops_the_replies_of_an_oa() -> None:
    assert [code for code in BUSINESS if refused(code, BUSINESS).pauses] == []


def test_a_template_by_user_id_is_refused_in_the_numbers_of_both() -> None:
    assert refused(-100, TEMPLATE_BY_USER).reason is Reason.LATER
    assert refused(-131, TEMPLATE_BY_USER).reason is Reason.RIGHTS
    assert refused(-249, TEMPLATE_BY_USER).reason is Reason.SHAPE
    assert refused(-224, TEMPLATE_BY_USER).reason is Reason.PACKAGE


def test_an_unknown_number_with_http_5xx_may_have_been_sent() -> None:
    error = refused(-1, passing=True)

    assert (error.reason, fate(error)) == (Reason.LATER, DOUBTFUL)
    assert refused(-230, passing=True).reason is Reason.WINDOW


@pytest.mark.parametrize("table", [OPENAPI, BUSINESS])
def test_throttling_ends_with_the_clock_minute(table: Table) -> None:
    assert refused(-32, table).retry_after == 41.5
    assert refused(-32, table, NOON.replace(second=0, microsecond=0)).retry_after == 60.0


@pytest.mark.parametrize(
    ("hour", "minute", "hours"), [(22, 5, 8.0), (23, 35, 6.5), (0, 5, 6.0), (5, 35, 0.5), (6, 5, 24.0)]
)
@pytest.mark.parametrize(("code", "table"), [(-234, OPENAPI), (-133, BUSINESS)])
def test_what_is_refused_at_night_goes_at_five_past_six(
    code: int, table: Table, hour: int, minute: int, hours: float
) -> None:
    now = datetime(2026, 11, 21, hour, minute, tzinfo=VIETNAM)

    assert refused(code, table, now).retry_after == hours * 3600


def test_a_quota_for_the_day_is_tried_after_midnight_and_that_of_the_oa_every_hour() -> None:
    evening = datetime(2026, 11, 21, 22, 5, tzinfo=VIETNAM)

    assert [refused(code, table, evening).retry_after for code, table in [(-218, OPENAPI), (-144, BUSINESS)]] == [
        7200.0,
        7200.0,
    ]
    assert refused(-211, OPENAPI, evening).retry_after == 3600.0
    assert refused(-211, OPENAPI, evening.replace(hour=23, minute=45)).retry_after == 1200.0


def test_nothing_else_says_when() -> None:
    timed = {Reason.THROTTLED, Reason.NIGHT, Reason.QUOTA}

    for table in (OPENAPI, BUSINESS):
        errors = [refused(code, table) for code in table]
        assert [error.code for error in errors if (error.retry_after is not None) != (error.reason in timed)] == []
