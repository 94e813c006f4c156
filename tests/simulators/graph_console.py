"""The stand-in by hand: a page at `/` where a developer is any person of a co-op's page, and a print of each bubble."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tests.simulators.graph import Delivered, Graph
from tests.simulators.graph_book import INBOX, Line
from tests.simulators.graph_deliverer import Deliverer
from tests.simulators.graph_faults import Behaviour, Mode
from tests.simulators.graph_phone import Phone
from tests.simulators.graph_shown import Button, Shown
from tests.simulators.server import Answer, Request, until_told

HTML = Path(__file__).with_name("graph.html")
MODES = [mode.value for mode in Mode if mode is not Mode.REFUSING]


class Desk:
    """Answers the page's requests: what there is to see, and what the developer does in somebody's place."""

    def __init__(self, graph: Graph, deliverer: Deliverer, page_id: str) -> None:
        self._graph, self._deliverer = graph, deliverer
        self._page = deliverer.page(page_id)
        self._phones: dict[str, Phone] = {}
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/":
                return Answer(200, HTML.read_bytes(), content_type="text/html; charset=utf-8")
            case "GET", "/desk":
                return Answer(200, self._seen(request.query.get("psid", "")))
            case "POST", "/desk":
                return self._acted(request.body)
        return Answer(404, b"", content_type="text/plain")

    def _acted(self, raw: bytes) -> Answer:
        try:
            act = json.loads(raw)
            psid, name, value = str(act.get("psid", "")), str(act["do"]), str(act.get("value", ""))
            status = self._join(value) if name == "join" else self._act(psid, name, value)
        except (ValueError, LookupError, RuntimeError) as error:
            return Answer(400, {"error": str(error)})
        return Answer(200, {"status": status})

    def _join(self, name: str) -> str:
        with self._lock:
            psid = self._graph.join(self._page.page_id, name, first_name=name)
            self._names[psid] = name
            self._phones.setdefault(psid, Phone(self._page, self._graph, psid))
        return psid

    def _act(self, psid: str, name: str, value: str) -> int:
        """The webhook's status, 0 where nothing was delivered. Raises LookupError, RuntimeError, ValueError."""
        phone = self._phones[psid]
        acts: dict[str, Callable[[str], int]] = {
            "type": phone.type,
            "edit": phone.edit,
            "react": phone.react,
            "photo": phone.send_photo,
            "voice": phone.send_voice,
            "scan": phone.scan,
            "menu": phone.press_menu,
            "ice": phone.break_ice,
            "colleague": lambda words: self._page.colleague(psid, words),
        }
        if name in acts:
            return acts[name](value)
        match name:
            case "press":
                return phone.press(self._button(phone, value))
            case "start":
                return phone.start()
            case "sticker":
                return phone.send_sticker()
            case "location":
                return phone.send_location(12.6667, 108.0383)
            case "hand_back":
                return self._page.hand_back(psid)
        raise LookupError(f"nobody can {name!r}")

    def _button(self, phone: Phone, place: str) -> Button:
        """place: "12.0" for the first button of the twelfth line, "q.2" for the third quick reply."""
        line, number = place.split(".")
        if line == "q":
            return phone.quick_replies[int(number)]
        bubble = self._graph.transcript(self._page.page_id, phone.psid)[int(line)].bubble
        return (bubble or Shown()).pressable[int(number)]

    def _seen(self, psid: str) -> dict[str, Any]:
        people = [{"psid": one, "name": name} for one, name in self._names.items()]
        alerts = [
            f"{one.at:%H:%M} {'unsubscribed' if one.unsubscribed else 'failing'}" for one in self._deliverer.alerts
        ]
        phone = self._phones.get(psid)
        if phone is None:
            return {"people": people, "alerts": alerts, "lines": []}
        thread = self._graph.seen(self._page.page_id, psid)
        return {
            "people": people,
            "alerts": alerts,
            "lines": [_line(line) for line in self._graph.transcript(self._page.page_id, psid)],
            "quick": [button.title for button in phone.quick_replies],
            "menu": [button.title for button in phone.menu],
            "ice": [button.title for button in phone.ice_breakers],
            "held": thread.holder(self._graph.clock()) == INBOX,
            "started": thread.opened_at is not None,
        }


def _line(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"who": line.who, "at": f"{line.at:%H:%M:%S}", "words": line.words, "buttons": []}
    if line.bubble is not None:
        said["buttons"] = [{"title": one.title, "link": one.kind == "web_url"} for one in line.bubble.pressable]
    return said


def _echo(delivered: Delivered) -> None:
    click.echo("\n".join([f"→ {delivered.psid}", *delivered.bubble.lines()]))


@click.command()
@click.option("--port", default=9100, show_default=True)
@click.option("--webhook", default="http://127.0.0.1:8000/webhooks/messenger", show_default=True)
@click.option("--secret", default="", help="MESSENGER_APP_SECRET; without, no proof is asked for.")
@click.option("--page", "page_id", default="112233445566778", show_default=True)
@click.option("--mode", type=click.Choice(MODES), default="ok")
@click.option("--seconds", default=0.0, help="For late, silence and slow.")
@click.option("--strict/--lenient", default=False, help="Windows, subscriptions, people and rates as at Meta.")
@click.option("--echoes/--no-echoes", default=True, show_default=True, help="Echo, delivery and read of each message.")
def main(
    *, port: int, webhook: str, secret: str, page_id: str, mode: str, seconds: float, strict: bool, echoes: bool
) -> None:
    """Play Messenger on loopback and print what people receive, until Ctrl-C."""
    graph = Graph(port=port, app_secret=secret, on_delivery=_echo, strict=strict, echoes=echoes)
    deliverer = Deliverer(graph, webhook, secret)
    graph.desk = Desk(graph, deliverer, page_id).answer
    graph.behave(Behaviour(Mode(mode), seconds=seconds))
    with graph, deliverer:
        click.echo(f"Open {graph.url}/ and set, with any MESSENGER_PAGE_TOKEN:")
        click.echo(f"MESSENGER_API_URL={graph.url}\nMESSENGER_PAGE_ID={page_id}")
        with until_told():
            threading.Event().wait()
