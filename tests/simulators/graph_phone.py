"""One person in Messenger, with her phone in her hand."""

import re
from typing import TYPE_CHECKING, Any

from tests.simulators.graph_shown import Button, Shown

if TYPE_CHECKING:
    from tests.simulators.graph import Delivered, Graph
    from tests.simulators.graph_page import Page

REF = re.compile(r"[A-Za-z0-9_=-]{1,2083}")  # discovery/m-me-links
MAX_EDITS = 5  # webhooks/webhook-events/message-edits
Item = dict[str, Any]


class Phone:
    """What she does goes to the webhook, what she sees comes from Graph. Acts give the status, 0 for no event at all.

    psid: her id at this page, digits. buttons: False for a client that shows none. loses_ref: as some Android clients
    do. in_facebook: Facebook's own browser, which has no Get Started and no menu.
    """

    def __init__(
        self,
        page: "Page",
        graph: "Graph",
        psid: str,
        *,
        buttons: bool = True,
        loses_ref: bool = False,
        in_facebook: bool = False,
    ) -> None:
        self.page, self.graph, self.psid = page, graph, psid
        self.buttons, self.loses_ref, self.in_facebook = buttons, loses_ref, in_facebook
        self.draft = ""
        """What a link put into the line where she types."""
        self._known = False
        self._seen = 0
        self._own: list[str] = []
        self._edits: dict[str, int] = {}

    # What she sees

    @property
    def bubbles(self) -> list[Shown]:
        """What she received from this page, oldest first."""
        return self.graph.to(self.psid, self.page.page_id)

    @property
    def quick_replies(self) -> tuple[Button, ...]:
        """Those of the last bubble, until she has done something else."""
        bubbles = self.bubbles
        return bubbles[-1].quick_replies if self.buttons and len(bubbles) > self._seen else ()

    @property
    def screen(self) -> list[str]:
        """Both sides, as she reads it. Of her own side only what the page's graph was told."""
        signs = {"person": "👤 ", "bot": "🤖 ", "staff": "👩 ", "system": "· "}
        return [
            signs[line.who] + "\n".join(line.bubble.lines(buttons=self.buttons) if line.bubble else [line.words])
            for line in self.graph.transcript(self.page.page_id, self.psid)
        ]

    @property
    def menu(self) -> tuple[Button, ...]:
        """Her own menu or else the page's; commands replace it."""
        profile = self.graph.page(self.page.page_id).profile
        if "commands" in profile or self.in_facebook or not self.buttons:
            return ()
        menus = self.graph.seen(self.page.page_id, self.psid).menu or profile.get("persistent_menu", [])
        of_locale = {one["locale"]: one.get("call_to_actions", []) for one in menus}
        actions = of_locale.get("vi_VN") or of_locale.get("default", [])
        return tuple(Button(one["title"], one.get("payload") or one.get("url", ""), one["type"]) for one in actions)

    @property
    def ice_breakers(self) -> tuple[Button, ...]:
        """Questions that a new person sees instead of Get Started."""
        wrappers = self.graph.page(self.page.page_id).profile.get("ice_breakers", [])
        plain = [one for wrapper in wrappers for one in wrapper.get("call_to_actions", [wrapper])]
        return () if self._is_known() else tuple(Button(one["question"], one["payload"]) for one in plain)

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many. Raises TimeoutError."""
        return self.graph.wait_for(self.psid, count, seconds)

    # What she says

    def type(self, words: str) -> int:
        return self._say(self.page.text(self.psid, words))

    def reply(self, words: str) -> int:
        """Answer to the last bubble itself."""
        return self._say(self.page.reply(self.psid, words, self._last().message_id))

    def send_draft(self) -> int:
        """Press send on what a link has written for her."""
        words, self.draft = self.draft, ""
        return self.type(words)

    def edit(self, words: str, *, quoted: bool = False) -> int:
        """Change her last message; the phone lets her do that five times. Raises RuntimeError."""
        mid = self._own[-1]
        self._edits[mid] = self._edits.get(mid, 0) + 1
        if self._edits[mid] > MAX_EDITS:
            raise RuntimeError("a message can be changed five times")
        return self._do(self.page.edit(self.psid, mid, words, self._edits[mid], quoted=quoted))

    def react(self, emoji: str = "❤️", reaction: str = "love", *, taken_back: bool = False) -> int:
        """To the last bubble."""
        mid = self._last().message_id
        return self._do(self.page.reaction(self.psid, mid, emoji, reaction, taken_back=taken_back))

    def send_photo(self, *urls: str) -> int:
        return self._say(self.page.photo(self.psid, *urls))

    def send_voice(self, url: str) -> int:
        return self._say(self.page.media(self.psid, "audio", url))

    def send_sticker(self, *, old: bool = False) -> int:
        """The thumb. old: as it came until 30 August 2026."""
        return self._say(self.page.sticker(self.psid, old=old))

    def send_location(self, lat: float, long: float) -> int:
        return self._say(self.page.location(self.psid, lat, long))

    # What she presses and follows

    def tap(self, title: str) -> int:
        """Press the newest button of that title, or a quick reply of the last bubble. LookupError if she sees none."""
        bubbles = self.bubbles if self.buttons else []
        stays = [button for bubble in reversed(bubbles) for button in bubble.pressable]
        for button in (*self.quick_replies, *stays):
            if button.title == title:
                return self.press(button)
        raise LookupError(f"no button {title!r}; the last bubble has {bubbles[-1].titles if bubbles else ()}")

    def press(self, button: Button) -> int:
        """This very button, however old. A link opens a page and tells nobody."""
        match button.kind:
            case "quick_reply":
                return self._say(self.page.quick_reply(self.psid, button))
            case "postback":
                return self._do(self.page.postback(self.psid, button.title, button.payload))
            case _:
                return 0

    def press_menu(self, title: str) -> int:
        """LookupError if there is no such line in her menu."""
        for button in self.menu:
            if button.title == title:
                return self.press(button)
        raise LookupError(f"no line {title!r} in {[button.title for button in self.menu]}")

    def break_ice(self, question: str) -> int:
        """Press an ice breaker. Whether it would bring a link's ref is not documented: it brings none."""
        for button in self.ice_breakers:
            if button.title == question:
                return self.press(button)
        raise LookupError(f"no question {question!r}")

    def start(self) -> int:
        """Press Get Started. LookupError where there is none."""
        if not self._has_get_started():
            raise LookupError("no Get Started")
        return self._do(self._get_started(""))

    def scan(self, ref: str, text: str = "") -> int:
        """Follow an m.me link: the first time she has to press Get Started, later the chat just opens.

        Where there is no Get Started, or ice breakers in its place, the chat opens and the ref is lost. So is a ref
        that Meta does not allow. text: what the link puts into `draft`.
        """
        self.draft = text
        lost = self.loses_ref or not REF.fullmatch(ref)
        if self._is_known():
            return 0 if lost else self._do(self.page.referral(self.psid, ref))
        if not self._has_get_started():
            return 0
        return self._do(self._get_started("" if lost else ref))

    def _get_started(self, ref: str) -> Item:
        set_up = self.graph.page(self.page.page_id).profile.get("get_started", {})
        return self.page.get_started(self.psid, ref, set_up.get("payload", "GET_STARTED"))

    def _has_get_started(self) -> bool:
        profile = self.graph.page(self.page.page_id).profile
        if self.in_facebook or not self.buttons or "ice_breakers" in profile:
            return False
        return "get_started" in profile or not self.graph.strict

    def _is_known(self) -> bool:
        return self._known or self.graph.seen(self.page.page_id, self.psid).opened_at is not None

    def _last(self) -> "Delivered":
        """Her last bubble. Raises IndexError."""
        mine = (self.psid, self.page.page_id)
        return [one for one in self.graph.delivered if (one.psid, one.page_id) == mine][-1]

    def _say(self, item: Item) -> int:
        self._own.append(item["message"]["mid"])
        return self._do(item)

    def _do(self, item: Item) -> int:
        self._known = True
        self._seen = len(self.bubbles)
        return self.page.deliver(item)
