"""What Messenger sends, as recorded or as its manual has it, and what we send: payload → events, bubble → messages."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bot.event import dump_event
from bot.permit import Way
from bot.reply import Bubble
from handlers.channels.messenger import codec

HERE = Path(__file__).parent / "messenger"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", sorted(HERE.glob("in/*.json")), ids=lambda path: path.stem)
def test_a_recorded_delivery_becomes_its_events(path: Path) -> None:
    recording = json.loads(path.read_bytes())

    found = [
        {
            "account": inbound.account,
            "sender": inbound.sender,
            "key": inbound.key,
            "at": inbound.at.isoformat(),
            "event": json.loads(dump_event(inbound.event)),
        }
        for inbound in codec.parse(recording["payload"], NOW, recording.get("app_id", ""))
    ]

    assert found == recording["inbounds"]


@pytest.mark.parametrize("path", sorted(HERE.glob("out/*.json")), ids=lambda path: path.stem)
def test_a_bubble_becomes_the_recorded_messages(path: Path) -> None:
    recording = json.loads(path.read_bytes())

    way = Way(recording.get("way", "reply"))
    assert codec.render(msgspec.convert(recording["bubble"], Bubble), way=way) == recording["rendered"]
