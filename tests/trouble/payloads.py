"""Bodies that no platform sends: recordings with one thing wrong, at any level, down to the bytes."""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.simulators import zalo_relations
from tests.simulators.zalo_events import Events
from tests.simulators.zalo_world import Oa, Person
from tests.trouble.doors import OA, OA_SECRET, PAGE, ZALO_APP

RECORDINGS = Path(__file__).parents[1] / "channels" / "messenger" / "in"
MANY = 1_000
HOLE = "@@hole@@"
# fmt: off
THINGS: tuple[bytes, ...] = (
    b"null", b"true", b"0", b"-1", b"1.5", b"01", b"+1", b".5", b"1 2", b"", b"'x'", b"\xff\xfe", b"/**/1",
    b"undefined", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1e-999", b"18446744073709551616",
    b"9" * 400, b"1" + b"0" * 5_000, b"-9223372036854775809", b"1795258800", b"99999999999999", b"253402300800000",
    b'""', b'" "', b'"\\u0000"', b'"\\ud83d"', b'"\\udc00\\ud800"', b'"\n"', b'"\\x"', b'"-1"', b'"1e3"',
    b'"\\u202e"', b'"' + b"x" * 100_000 + b'"', '"{}"'.format("à" * 3_000).encode(), b'"2026-02-30T25:61:00Z"',
    b'"__proto__"', b'"%s%n"', b"[]", b"[null]", b"[[]]", b"{}", b'{"id":{}}', b'{"id":null}', b'{"id":[]}',
    b'{"text":{}}', b'{"url":7}', b"[" + b"0," * 50_000 + b"0]", b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
)
# fmt: on
"""What is put into the place of a value: of another type, out of range, nested 100,000 deep, or no JSON at all."""

Json = dict[str, Any]
Path_ = tuple[str | int, ...]


def recordings(channel: str, now: Callable[[], datetime]) -> list[Json]:
    """Honest bodies of every kind that a channel knows."""
    match channel:
        case "messenger":
            files = sorted(RECORDINGS.glob("*.json"))
            found = [json.loads(file.read_bytes())["payload"] for file in files]
            return [payload for payload in found if isinstance(payload, dict)]
        case "zalo":
            oa = Oa(OA, ZALO_APP, OA_SECRET)
            ids = itertools.count(1)
            events = Events(oa, now, lambda: f"{next(ids):019x}")
            return [dict(event) for event in zalo_relations.every(events, oa.meet(Person("Hà", "84905000111")))]
        case "zalobot":
            return [{"ok": True, "result": result} for result in _of_a_bot(now)]
        case _:
            said: tuple[Json, ...] = (
                {"text": "2 kg cam"},
                {"choice": "0:order.show:", "title": "x"},
                {"ref": "t-1"},
                {"start": True},
            )
            return [*({"id": f"w{n}", **body} for n, body in enumerate(said)), {"ack": 0}]


def _of_a_bot(now: Callable[[], datetime]) -> Iterator[Json]:
    contents: Mapping[str, Json] = {
        "text": {"text": "2 kg cam"},
        "image": {"photo": "https://example.org/a.jpg", "caption": "tem"},
        "sticker": {"sticker": "7", "url": "https://example.org/a.png"},
        "voice": {"voice_url": "https://example.org/a.amr"},
        "link": {"text": "https://example.org/t/483920176504"},
        "unsupported": {},
    }
    ends = {"from": {"id": "b1", "display_name": "Hà", "is_bot": False}, "chat": {"id": "b1", "chat_type": "PRIVATE"}}
    for number, (kind, content) in enumerate(contents.items()):
        stamp = {"message_id": f"r{number}", "date": int(now().timestamp() * 1000)}
        yield {"message": {**ends, **content, **stamp}, "event_name": f"message.{kind}.received"}


def spoilt(body: Json, others: list[Json], dice: random.Random) -> bytes:
    """A recording with one thing wrong."""
    changed = deepcopy(body)
    path = dice.choice(_paths(changed))
    match dice.randrange(12):
        case 0 | 1 | 2 | 3 | 4:
            _set(changed, path, HOLE)
            return _dumped(changed).replace(f'"{HOLE}"'.encode(), dice.choice(THINGS), 1)
        case 5:
            _drop(changed, path)
        case 6:
            _set(changed, path, [_get(changed, path)] * dice.choice((1, 2, 30)))
        case 7:
            _set(changed, path, dice.choice(others))
        case 8:  # a name that is there twice; what the second one holds counts
            raw = _dumped(changed)
            name = str(path[-1]) if isinstance(path[-1], str) else "id"
            return raw[:-1] + b"," + json.dumps(name).encode() + b":" + dice.choice(THINGS) + b"}"
        case 9:
            raw = _dumped(changed)
            return raw[: dice.randrange(len(raw))]
        case 10:
            spoilt_raw = bytearray(_dumped(changed))
            for _ in range(dice.choice((1, 1, 5))):
                spoilt_raw[dice.randrange(len(spoilt_raw))] = dice.randrange(256)
            return bytes(spoilt_raw)
        case _:
            return (
                dice.choice((b"\xef\xbb\xbf", b"", b" \n\t", b"\0"))
                + _dumped(changed)
                + dice.choice((b"", b"}", b"\0", b"\n", b"x" * 9))
            )
    return _dumped(changed)


def batch(number: int, *, same: bool) -> bytes:
    """A thousand messages of one person in one delivery of Messenger, or one message a thousand times."""
    ends = {"sender": {"id": f"70123{number:011}"}, "recipient": {"id": PAGE}, "timestamp": 1_795_258_800_000}
    items = [{**ends, "message": {"mid": f"b{number}.{0 if same else n}", "text": "2 kg cam"}} for n in range(MANY)]
    return _dumped({"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": items}]})


def _dumped(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _paths(value: Any, path: Path_ = ()) -> list[Path_]:
    """Every place in a body, itself left out."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [found for name, part in inner for found in ((*path, name), *_paths(part, (*path, name)))]


def _holder(body: Any, path: Path_) -> Any:
    for name in path[:-1]:
        body = body[name]
    return body


def _get(body: Any, path: Path_) -> Any:
    return _holder(body, path)[path[-1]]


def _set(body: Any, path: Path_, value: object) -> None:
    _holder(body, path)[path[-1]] = value


def _drop(body: Any, path: Path_) -> None:
    del _holder(body, path)[path[-1]]
