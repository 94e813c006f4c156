"""Signed bodies with something wrong at every level, through the real code of every channel: kept, 200, and forgotten.

Tried on each: values of another type in any place of every recording; fields that are missing, doubled or unknown, and
foreign events inside; NaN, Infinity, 1e999, integers of 5,000 digits; nested 100,000 deep; half surrogate pairs, NULs,
bytes that are no UTF-8; truncated and overwritten bodies; a thousand events in one body, one event a thousand times.
"""

import gc
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handlers.channels.web.routes import MAX_BODY
from tests.trouble.doors import CHANNELS, MOST_SECONDS, ZALO_APP, House, open_house
from tests.trouble.payloads import MANY, batch, recordings, spoilt

EACH = 20
"""After so many on each channel somebody asks an ordinary question."""


@pytest.fixture
def house(tmp_path: Path, today: Callable[[str, str], str]) -> Iterator[House]:
    with open_house(tmp_path, today("sqlite", f"payloads-{tmp_path.name}")) as opened:
        yield opened


def expected(channel: str, body: bytes) -> set[int]:
    """What the door may say: on our own page a client is told what is wrong; Zalo's is shut to another app."""
    if channel == "web":
        return {413} if len(body) > MAX_BODY else {202, 400}
    if channel == "zalo" and f'"{ZALO_APP}"'.encode() not in body:
        return {200, 403}
    return {200}


def asks(house: House, channel: str, number: int) -> str:
    """What somebody new gets for an answer to a stamp."""
    person = f"70999{number:011}"
    house.clock.go_on(3)
    return str(house.hear(channel, house.says(channel, person, "483920176504"), person))


@pytest.mark.parametrize("count", [pytest.param(200, id="200"), pytest.param(2_000, marks=pytest.mark.soak, id="2000")])
def test_no_payload_is_an_error_and_the_next_question_is_answered(house: House, count: int) -> None:
    """So many over all channels by turns; each below 100 ms of CPU, its turns and replies included."""
    dice = random.Random(20261121)
    honest = {channel: recordings(channel, house.clock.now) for channel in CHANNELS}
    foreign = [body for bodies in honest.values() for body in bodies]
    faults: list[str] = []
    for number in range(count):
        channel, turn = CHANNELS[number % len(CHANNELS)], number // len(CHANNELS)
        bodies = honest[channel]
        body = spoilt(bodies[turn % len(bodies)], foreign, dice)
        house.clock.go_on(3)
        came = house.hear(channel, body)
        seconds = came.seconds
        if seconds > MOST_SECONDS:  # once more: it may have been the collector
            gc.collect()
            seconds = min(seconds, house.hear(channel, body).seconds)
        wrong = [*came.faults]
        wrong += [f"status {came.status}"] * (came.status not in expected(channel, body))
        wrong += [f"{seconds:.3f} s of CPU"] * (seconds > MOST_SECONDS)
        faults += [f"{number} {channel} {body[:80]!r}…{body[-80:]!r}: {fault}" for fault in wrong]
        if turn % EACH == EACH - 1 and "483920176504" not in asks(house, channel, number):
            faults.append(f"{number} {channel}: no answer to a stamp afterwards")
    assert "\n".join(faults) == ""
    assert house.ill() == []


def test_a_thousand_messages_in_one_body_are_a_thousand_rows_and_one_a_thousand_times_is_one(house: House) -> None:
    before = house.rows("messenger")

    many = house.hear("messenger", batch(1, same=False))
    rows, once = house.rows("messenger") - before, house.hear("messenger", batch(2, same=True))

    assert (many.status, rows, many.faults) == (200, MANY, ())
    assert len(many.replies) == 31  # thirty in a minute, then one polite line, then silence
    assert (once.status, house.rows("messenger") - before, len(once.replies)) == (200, MANY + 1, 1)
    assert "483920176504" in asks(house, "messenger", 1)
    assert house.ill() == []
