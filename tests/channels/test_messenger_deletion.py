"""Requests to be forgotten that Meta hands on: only a signed one counts, and its answer is what Meta wants to see."""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from bot.inbox import Door, Down
from catalog.db import Database
from catalog.vault import Vault
from handlers.channels.messenger.deletion import signed_request
from handlers.channels.messenger.routes import DELETION_PATH, MAX_FORM, blueprint

SECRET = "test-app-secret"
PERSON = "10220001112223334"
VECTOR = (
    "FrAEngYq6Cn9_dRIdEqAoLpKYKVv2SkJq2R0XzbUW9c.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc5NTI1ODgw"
    "MCwidXNlcl9pZCI6IjEwMjIwMDAxMTEyMjIzMzM0In0"
)


def request_of(content: bytes | dict[str, object], secret: str = SECRET, *, padded: bool = False) -> str:
    """As Meta writes it; padded: with the equal signs that the form leaves out."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    payload = base64.urlsafe_b64encode(raw).decode()
    payload = payload if padded else payload.rstrip("=")
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), payload.encode(), "sha256")).decode()
    return f"{signature if padded else signature.rstrip('=')}.{payload}"


def test_the_published_vector_names_the_person() -> None:
    assert signed_request(VECTOR, [SECRET]) == PERSON
    assert signed_request(VECTOR, ["new-secret", SECRET]) == PERSON


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("user_id", ["1", "12", "123", 10220001112223334])
def test_every_length_of_base64_is_read(user_id: int | str, padded: bool) -> None:
    value = request_of({"algorithm": "HMAC-SHA256", "user_id": user_id}, padded=padded)

    assert signed_request(value, [SECRET]) == str(user_id)


@pytest.mark.parametrize("secrets", [[], [""], ["another"]])
def test_another_secret_or_none_is_refused(secrets: list[str]) -> None:
    assert signed_request(VECTOR, secrets) is None
    assert signed_request(request_of({"algorithm": "HMAC-SHA256", "user_id": "1"}, ""), [""]) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        VECTOR.partition(".")[2],
        VECTOR + "x",
        VECTOR + "\n",
        " " + VECTOR,
        "x" + VECTOR,
        VECTOR.replace("_", "/"),
        VECTOR[:-1] + "1",
        f"{VECTOR.partition('.')[0]}.",
        f".{VECTOR.partition('.')[2]}",
        f"A.{VECTOR.partition('.')[2]}",
        "à.à",
        "a.b.c",
    ],
)
def test_a_forged_or_broken_request_is_refused(value: str) -> None:
    assert signed_request(value, [SECRET]) is None


@pytest.mark.parametrize(
    "content",
    [
        {"user_id": PERSON},
        {"algorithm": "none", "user_id": PERSON},
        {"algorithm": "HMAC-SHA1", "user_id": PERSON},
        {"algorithm": None, "user_id": PERSON},
        {"algorithm": "HMAC-SHA256"},
        {"algorithm": "HMAC-SHA256", "user_id": ""},
        {"algorithm": "HMAC-SHA256", "user_id": "bác Lan"},
        {"algorithm": "HMAC-SHA256", "user_id": [PERSON]},
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 5000,
    ],
)
def test_signed_nonsense_names_nobody(content: bytes | dict[str, object]) -> None:
    assert signed_request(request_of(content), [SECRET]) is None


@given(st.text(max_size=80) | st.text("AZaz09_-=.", max_size=80))
def test_whatever_comes_nothing_is_raised(value: str) -> None:
    assert signed_request(value, [SECRET]) is None


class Registry:
    """Keeps requests: the same code for the same person."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.refusals = 0
        self.gone = False

    def ask(self, person: str) -> tuple[str, str]:
        if self.gone:
            raise Down
        code = self.codes.setdefault(person, f"X{len(self.codes) + 1}")
        return f"https://htx.example/privacy/erasure/{code}", code

    def refused(self) -> None:
        self.refusals += 1


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Nobody comes in here; it is only asked for."""
    database = Database(f"sqlite:///{tmp_path / 'chophien.db'}", Vault(["s"]))
    yield Door(database, lambda: None, lambda: datetime(2026, 11, 21, tzinfo=UTC))
    database.close()


def browser(door: Door, registry: Registry, secrets: list[str]) -> FlaskClient:
    app = Flask(__name__)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    app.register_blueprint(blueprint(door, secrets, "t", lambda: now, registry.refused, asked_to_forget=registry.ask))
    return app.test_client()


def test_meta_gets_a_page_to_look_at_and_a_code(door: Door, registry: Registry) -> None:
    http = browser(door, registry, [SECRET])

    answers = [http.post(DELETION_PATH, data={"signed_request": VECTOR}) for _ in range(2)]

    assert [(answer.status_code, answer.mimetype, answer.json) for answer in answers] == [
        (200, "application/json", {"url": "https://htx.example/privacy/erasure/X1", "confirmation_code": "X1"})
    ] * 2
    assert registry.codes == {PERSON: "X1"}


def test_a_forged_a_missing_and_a_huge_request_keep_nothing(door: Door, registry: Registry) -> None:
    http = browser(door, registry, [SECRET])

    assert http.post(DELETION_PATH, data={"signed_request": VECTOR[:-1] + "1"}).status_code == 403
    assert http.post(DELETION_PATH, data={}).status_code == 400
    assert http.post(DELETION_PATH, data={"signed_request": ""}).status_code == 400
    assert http.post(DELETION_PATH, json={"signed_request": VECTOR}).status_code == 400
    assert http.post(DELETION_PATH, data={"signed_request": "a" * (MAX_FORM + 1)}).status_code == 413
    assert http.get(DELETION_PATH).status_code == 405
    assert (registry.codes, registry.refusals) == ({}, 1)


def test_without_a_database_meta_is_asked_to_come_again(door: Door, registry: Registry) -> None:
    registry.gone = True

    assert browser(door, registry, [SECRET]).post(DELETION_PATH, data={"signed_request": VECTOR}).status_code == 503


def test_a_channel_that_is_off_takes_no_requests(door: Door, registry: Registry) -> None:
    assert browser(door, registry, []).post(DELETION_PATH, data={"signed_request": VECTOR}).status_code == 404
    assert registry.codes == {}
