"""Zalo by hand: a small page to look at conversations as Zalo shows them, and every bubble in the terminal.

`python -m tests.simulators.zalo --port 9200 --webhook http://127.0.0.1:8000/webhooks/zalo`
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from tests.simulators.server import Answer, Request, until_told
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_state import Delivered
from tests.simulators.zalo_world import App, Oa, Package

PAGE = Path(__file__).with_name("zalo.html")


class Hand:
    """The page at `/` and the two addresses it calls; give `answer` to Zalo as `extra` and set `zalo` after."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.zalo: Zalo | None = None
        self._names = names
        self._phones: dict[tuple[str, str], Phone] = {}

    def answer(self, request: Request) -> Answer | None:
        """None for everything that is not the page's."""
        match request.method, request.path:
            case "GET", "/":
                return Answer(body=PAGE.read_bytes(), content_type="text/html; charset=utf-8")
            case "GET", "/by-hand/state":
                return Answer(body=self._state())
            case "POST", "/by-hand/act":
                return self._act(json.loads(request.body))
            case _:
                return None

    def phone(self, oa_id: str, name: str) -> Phone:
        assert self.zalo is not None, "set after the server is made"
        if (oa_id, name) not in self._phones:
            number = f"84905{1 + list(self._names).index(name):06d}" if name in self._names else ""
            self._phones[oa_id, name] = self.zalo.phone(oa_id, name, number)
        return self._phones[oa_id, name]

    def _state(self) -> dict[str, Any]:
        assert self.zalo is not None, "set after the server is made"
        state = self.zalo.state
        chats = [self._chat(self.phone(oa_id, name)) for oa_id in state.oas for name in self._names]
        hooks = [
            {"app_id": app_id, "enabled": one.enabled, "notices": one.notices[-3:], "waiting": len(one.waiting)}
            for app_id, one in self.zalo.deliverers.items()
        ]
        return {"chats": chats, "webhooks": hooks, "now": f"{self.zalo.clock():%Y-%m-%d %H:%M:%S}"}

    def _chat(self, phone: Phone) -> dict[str, Any]:
        assert self.zalo is not None, "set after the server is made"
        with self.zalo.state.changed:
            bubbles = {one.message_id: asdict(one.bubble) for one in self.zalo.state.delivered}
            lines = [
                {
                    "id": line.message_id,
                    "mine": line.src == 1,
                    "kind": line.kind,
                    "text": line.text,
                    "url": line.url,
                    "officer": line.by_officer,
                    "bubble": bubbles.get(line.message_id),
                }
                for line in phone.window
            ]
        oa, user = phone.oa, phone.user
        account = {"oa_id": oa.oa_id, "oa": oa.name, "money": oa.money, "charged": oa.charged}
        her = {"name": phone.person.name, "user_id": user.user_id, "following": user.following, "blocked": user.blocked}
        return {**account, **her, "lines": lines}

    def _act(self, order: dict[str, Any]) -> Answer:
        assert self.zalo is not None, "set after the server is made"
        phone, words = self.phone(order["oa_id"], order["name"]), str(order.get("words", ""))
        acts: dict[str, Callable[[], object]] = {
            "type": lambda: phone.type(words),
            "tap": lambda: phone.tap(words, order.get("bubble")),
            "officer": partial(self.zalo.officer, phone.oa.oa_id, phone.user_id, words),
            "follow": phone.follow,
            "unfollow": phone.unfollow,
            "block": phone.block,
            "chat": phone.press_chat,
            "sticker": phone.send_sticker,
            "photo": lambda: phone.send_photo(words),
            "voice": phone.send_voice,
            "location": lambda: phone.send_location("12.6667", "108.0500"),
            "link": lambda: phone.send_link(words),
            "read": phone.read,
            "withdraw": phone.withdraw,
            "enable": self.zalo.deliverer(phone.oa.oa_id).enable,
        }
        act = acts.get(str(order.get("act")))
        if act is None:
            return Answer(404, {"status": None})
        return Answer(body={"status": act()})


def lines_of(bubble: Shown) -> list[str]:
    """A bubble as lines of text."""
    cards = [f"▤ {card.title} · {card.subtitle}" for card in bubble.cards]
    picture = [f"▣ {bubble.kind} {bubble.image}"] if bubble.image else []
    if bubble.file is not None:
        picture = [f"📎 {bubble.file.name} ({bubble.file.size})"]
    titles = " ".join(f"[{title}]" for title in bubble.titles)
    return [line for line in (bubble.text, *picture, *cards, titles) if line]


def _print(delivered: Delivered) -> None:
    cost = f" · {delivered.charged}đ" if delivered.charged else ""
    click.echo("\n".join([f"→ {delivered.user_id} @ {delivered.oa_id}{cost}", *lines_of(delivered.bubble)]))


@click.command()
@click.option("--port", default=9200, show_default=True)
@click.option("--webhook", default="", help="Where events go, e.g. http://127.0.0.1:8000/webhooks/zalo")
@click.option("--callback", default="http://127.0.0.1:8000/oauth/zalo/callback", show_default=True)
@click.option("--app-id", default="3608465249400000001", show_default=True)
@click.option("--app-secret", default="app-secret-for-tests", show_default=True)
@click.option("--oa-secret", default="oa-secret-for-tests", show_default=True)
@click.option("--person", "people", multiple=True, default=("Hà", "Bác Y Wang"), show_default=True)
@click.option("--speed", default=1.0, show_default=True, help="Virtual seconds to a real one, for retries and windows.")
def main(
    *,
    port: int,
    webhook: str,
    callback: str,
    app_id: str,
    app_secret: str,
    oa_secret: str,
    people: tuple[str, ...],
    speed: float,
) -> None:
    """Play Zalo on loopback: two co-ops on one app and one without a package, until Ctrl-C."""
    app = App(app_id, app_secret, callback)
    oas = [
        Oa("388613280878808645", app_id, oa_secret, "HTX Chợ Phiên"),
        Oa("388613280878808646", app_id, oa_secret, "HTX Buôn Trấp"),
        Oa("388613280878808647", app_id, oa_secret, "HTX chưa mua gói", Package.FREE),
    ]
    hand = Hand(people)
    clock = Clock(datetime.now(UTC), speed)
    with Zalo(apps=[app], oas=oas, clock=clock, port=port, on_delivery=_print, extra=hand.answer) as zalo:
        hand.zalo = zalo
        tokens = zalo.grant(oas[0].oa_id)
        click.echo(f"Page: {zalo.url}/\nZALO_API_URL={zalo.url}\nZALO_OAUTH_URL={zalo.url}")
        click.echo(f"ZALO_APP_ID={app_id}\nZALO_APP_SECRET={app_secret}\nZALO_OA_ID={oas[0].oa_id}")
        click.echo(f"ZALO_OA_SECRET={oa_secret}\nZALO_ACCESS_TOKEN={tokens.access_token}")
        click.echo(f"ZALO_REFRESH_TOKEN={tokens.refresh_token}")
        saved = not webhook
        with until_told():
            while not zalo.stopping.wait(0.5):
                # The bot needs the lines above before it can start, so the address is entered as soon as it answers.
                if not saved and zalo.save_webhook(app_id, webhook):
                    saved = True
                    click.echo(f"webhook saved: {webhook}")
                for deliverer in zalo.deliverers.values():
                    deliverer.redeliver_due()
