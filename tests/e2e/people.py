"""People with a phone who answer what they are asked, by the buttons that they see, whatever comes twice or late."""

import queue
import re
import time
from collections.abc import Callable, Sequence

from tests.e2e.stage import PATIENCE_S, NotingPage, Stage
from tests.simulators.graph_rules import Button, Shown

ORDER_CODE = re.compile(r"\bDH[2-9A-Y]{4}\b")
NUMBER = re.compile(r"[0-9]+(?:,[0-9]+)?")


class Person:
    """One person at one page. Every bubble is looked at once, however often it comes.

    thinks: how many seconds she takes before each message.
    """

    def __init__(
        self, stage: Stage, psid: str, page: NotingPage | None = None, thinks: Callable[[], float] = float
    ) -> None:
        self.psid = psid
        self._thinks = thinks
        self._page = page or stage.page
        self._letterbox = stage.letterboxes.of(psid)
        self._seen: set[Shown] = set()

    def type(self, words: str) -> None:
        time.sleep(self._thinks())
        self._page.deliver(self._page.text(self.psid, words))

    def tap(self, button: Button, times: int = 1) -> None:
        time.sleep(self._thinks())
        self._page.deliver(self._page.postback(self.psid, button.title, button.payload), times=times)

    def follow(self, ref: str) -> None:
        """Come in by a link, for the first time."""
        self._page.deliver(self._page.get_started(self.psid, ref))

    def next(self, seconds: float = PATIENCE_S) -> Shown:
        """The next bubble that she has not seen yet. Raises queue.Empty."""
        while True:
            shown = self._letterbox.get(timeout=seconds)
            if shown not in self._seen:
                self._seen.add(shown)
                return shown

    def says(self, words: str) -> Shown:
        self.type(words)
        return self.next()

    def take_in(self) -> list[Shown]:
        """All that has arrived and that she has not seen yet."""
        new = []
        while True:
            try:
                new.append(self.next(seconds=0.01))
            except queue.Empty:
                return new


class Shopper(Person):
    """Buys: with `home` (name and phone, address) it is delivered, without she picks it up and leaves no data."""

    def __init__(self, stage: Stage, psid: str, home: Sequence[str] = (), thinks: Callable[[], float] = float) -> None:
        super().__init__(stage, psid, thinks=thinks)
        self._home = list(home)
        self.asked = Shown()
        """The page that wants one yes."""

    def buys(self, words: str) -> str:
        """From the first words to the order's code."""
        self.decides(words)
        return self.confirms()

    def decides(self, words: str) -> None:
        """Up to the page that wants one yes."""
        self.type(words)
        while True:
            shown = self.next()
            keys = named(shown)
            if "stop" in keys and "change" in keys:
                self.asked = shown
                return
            if "full" in keys:
                self.tap(keys["yes" if self._home else "no"])
            elif "yes" in keys:
                self.tap(keys["yes"])
            elif not keys and self._home:
                self.type(self._home.pop(0))

    def confirms(self, times: int = 1) -> str:
        """Say yes: the order's code, or nothing if others have bought it all. Of what is left she takes it."""
        self.tap(named(self.asked)["yes"], times)
        while True:
            shown = self.next()
            keys = named(shown)
            code = ORDER_CODE.search(shown.text)
            if code and "mine.order" in keys:
                return code[0]
            if "yes" in keys:
                self.tap(keys["yes" if "full" not in keys else "no"])
            elif "shop.browse" in keys:
                return ""
            elif not keys and (left := NUMBER.search(shown.text)):
                self.type(left[0])


def named(shown: Shown) -> dict[str, Button]:
    """What can be pressed, by the names of the choices; the words on them are the translators' business."""
    pressable = (*shown.pressable, *shown.quick_replies)
    return {button.payload.split(":")[1]: button for button in pressable if button.payload.count(":") >= 2}
