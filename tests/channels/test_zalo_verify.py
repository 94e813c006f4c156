"""Signatures of deliveries: a vector made with `sha256sum`, the four variants that people report, and refusals."""

import json
import random

import pytest

from handlers.channels.zalo.verify import VARIANTS, is_probe, signed
from tests.simulators.zalo_caller import APP_ID, APP_SECRET, COOP, OA_SECRET
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_deliver import Deliverer, Wire, mac
from tests.simulators.zalo_events import Events
from tests.simulators.zalo_world import App, Oa, Person

BODY = (
    '{"app_id":"3608465249400000001","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730",'
    '"recipient":{"id":"388613280878808645"},"event_name":"user_send_text","message":{"text":"Tra mã 7150 3862 9415",'
    '"msg_id":"96d3cdf3af150460909"},"timestamp":"1795219200000"}'
).encode()
# printf %s 3608465249400000001 "$BODY" 1795219200000 oa-secret-for-tests | sha256sum
DIGEST = "85e8861183428eaefa4ec618c83d87fabed8a64995ed5433f4c1e9781c692b6d"
TIME, LATER = "1795219200000", "1795219201500"


def fits(
    raw: bytes = BODY,
    header: str | None = f"mac={DIGEST}",
    time: str | None = None,
    *,
    variant: str = "auto",
    secrets: tuple[str, ...] = (OA_SECRET,),
    app_ids: tuple[str, ...] = (APP_ID,),
) -> str:
    return signed(raw, header, time, secrets, app_ids, variant=variant)


def test_the_signature_is_a_plain_digest_of_app_body_time_and_secret() -> None:
    assert fits() == "app-body"


@pytest.mark.parametrize("header", [DIGEST, f"mac={DIGEST}", f"mac = {DIGEST}", f"mac= {DIGEST}"])
def test_the_signature_may_be_written_in_three_ways(header: str) -> None:
    assert fits(header=header) == "app-body"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "mac=",
        f"MAC={DIGEST}",
        f"mac={DIGEST.upper()}",
        f"mac={DIGEST[:-1]}",
        f"mac={DIGEST[:-1]}0",
        f"mac={DIGEST}0",
        f"mac={DIGEST}\n",
        f"sha256={DIGEST}",
        "mac=" + "à" * 64,
        "mac=" + "٣" * 64,
    ],
)
def test_a_wrong_missing_or_misshapen_signature_is_refused(header: str | None) -> None:
    assert fits(header=header) == ""


def test_one_changed_byte_breaks_the_signature() -> None:
    assert fits(BODY.replace(b"7150", b"7151")) == ""


def test_json_that_was_read_and_written_again_does_not_match() -> None:
    assert fits(json.dumps(json.loads(BODY)).encode()) == ""


def test_either_secret_of_a_rotation_is_right_and_an_empty_one_never() -> None:
    unsigned = f"mac={mac(APP_ID, BODY, TIME, '')}"

    assert fits(secrets=("new-secret", OA_SECRET)) == "app-body"
    assert fits(secrets=("new-secret",)) == ""
    assert fits(secrets=()) == ""
    assert fits(header=unsigned, secrets=("",)) == ""


@pytest.mark.parametrize(
    ("first", "signed_time", "variant"),
    [(APP_ID, TIME, "app-body"), (APP_ID, LATER, "app-header"), (COOP, TIME, "oa-body"), (COOP, LATER, "oa-header")],
)
def test_each_variant_is_found_and_a_setting_admits_only_its_own(first: str, signed_time: str, variant: str) -> None:
    header = mac(first, BODY, signed_time, OA_SECRET)

    assert fits(header=header, time=LATER) == variant
    assert [fits(header=header, time=LATER, variant=one) for one in VARIANTS] == [
        variant if one == variant else "" for one in VARIANTS
    ]


def test_a_body_that_names_another_app_is_refused_under_every_variant() -> None:
    foreign = BODY.replace(APP_ID.encode(), b"3608465249400000009")

    for first in ("3608465249400000009", APP_ID, COOP):
        assert fits(foreign, mac(first, foreign, TIME, OA_SECRET), TIME) == ""
    assert fits(foreign, mac("3608465249400000009", foreign, TIME, OA_SECRET), app_ids=("3608465249400000009",)) != ""


def test_of_two_apps_the_body_says_which() -> None:
    assert fits(app_ids=("1", APP_ID)) == "app-body"


def test_ids_and_times_may_be_numbers() -> None:
    raw = b'{"app_id":3608465249400000001,"oa_id":388613280878808645,"event_name":"follow","timestamp":1795219200000}'

    assert fits(raw, mac(APP_ID, raw, TIME, OA_SECRET)) == "app-body"
    assert fits(raw, mac(COOP, raw, TIME, OA_SECRET)) == "oa-body"


@pytest.mark.parametrize(
    ("raw", "time"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"<html>", ""),
        (b'{"event_name":"follow"}', ""),
        (b'{"event_name":"follow","timestamp":true}', ""),
        (b'{"app_id":"x","timestamp" : "1795219200000","message":{', TIME),
        (b'{"timestamp":1795219200000,"message":"\xff"}', TIME),
        (b"[" * 100_000, ""),
    ],
)
def test_what_is_signed_and_cannot_be_read_is_still_signed(raw: bytes, time: str) -> None:
    assert fits(raw, mac(APP_ID, raw, time, OA_SECRET)) == "app-body"
    assert fits(raw, mac(APP_ID, raw, LATER, OA_SECRET), LATER) == "app-header"
    assert fits(raw, mac(APP_ID, raw, time, "other")) == ""


def test_a_signature_cannot_be_moved_to_a_body_that_swallowed_the_timestamp() -> None:
    assert fits(BODY[:-1] + b',"x":1}', DIGEST) == ""
    assert fits(BODY, DIGEST, "1795219200000oa-secret-for-tests", variant="app-header") == ""


def test_an_unknown_variant_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        fits(variant="neither-nor")


@pytest.mark.parametrize("wire", [Wire(), Wire(escaped=True), Wire(spaces=True), Wire(shuffled=True, prefix="mac = ")])
def test_however_the_stand_in_writes_a_body_its_signature_is_right(wire: Wire) -> None:
    app, oa, clock = App(APP_ID, APP_SECRET), Oa(COOP, APP_ID, OA_SECRET), Clock()
    user = oa.meet(Person("Hà", "84905000111"))
    deliverer = Deliverer(app, clock, wire=wire)
    event = Events(oa, clock, lambda: f"{random.Random(1).getrandbits(76):019x}").text(user, "Tra mã 7150 3862 9415 👍")

    letter = deliverer.sealed(oa, event, {})

    assert fits(letter.body, letter.headers["X-ZEvent-Signature"]) == "app-body"


@pytest.mark.parametrize("raw", [b"{}", b" {} ", b"{\n}\r\n", b"\t{ }"])
def test_an_empty_object_is_the_probe(raw: bytes) -> None:
    assert is_probe(raw)


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"a":1}', b"{}{}", b"{}x", b"\xef\xbb\xbf{}", b"null", b"{ \x00}"])
def test_nothing_else_is_the_probe(raw: bytes) -> None:
    assert not is_probe(raw)
