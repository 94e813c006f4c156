"""A market evening: people come and go all the time, and each does one thing from beginning to end.

Of five, two buy (one has it brought and leaves phone and address, one picks it up), two look up stamps and wander
through the menus, one is a producer who puts goods on sale – as long as the stage has invitations for producers.
"""

import itertools
import queue
import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from tests.e2e.came import CODES
from tests.e2e.people import Person, Shopper
from tests.e2e.stage import PATIENCE_S, eventually
from tests.simulators.graph_rules import Button, Shown
from tests.trouble.stage import Stage

FIRST_PSID = 7_012_345_678_000_000
GOODS = ("2 goi mien", "1 chuc trung", "3kg cam", "2 goi mien va 1 chuc trung")
POSTED = ("co 50 can cam 25 nghin", "co 20 can cam 25 nghin", "3 chuc trung 40 nghin")
WANDERING = ("0", "co gi ban ko shop", "giá cam bao nhiêu vậy shop ơi", "kjhkjh", "gặp ai hỏi cái", "?")


class Traffic:
    """A context: people come from its beginning on, so many at a time; at its end the last ones finish what they began.

    thinks_s: the longest that anybody takes before a message. codes: of all orders that people were told of. told: how
    many stories of each kind came to their end. Raises at its end what went wrong with the first one to whom something
    did.
    """

    def __init__(self, stage: Stage, *, width: int = 16, thinks_s: float = 0.4, seed: int = 1) -> None:
        self.codes: list[str] = []
        self.told: Counter[str] = Counter()
        self._stage, self._thinks_s, self._seed = stage, thinks_s, seed
        self._numbers = itertools.count()
        self._invitations = iter(stage.invitations)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(width)
        self._streams = [self._pool.submit(self._come_and_go) for _ in range(width)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._pool.shutdown()
        if error is None:
            for stream in self._streams:
                stream.result()

    def wait_for_more(self, messages: int) -> None:
        """Until so many more were sent. AssertionError where people stop sending, with what stopped them."""
        enough = len(self._stage.mids) + messages
        eventually(lambda: len(self._stage.mids) >= enough or self._failed(), f"{messages} more messages")
        for stream in self._streams:
            if stream.done():
                stream.result()

    def _failed(self) -> bool:
        return any(stream.done() for stream in self._streams)

    def _come_and_go(self) -> None:
        while not self._over.is_set():
            with self._lock:
                number = next(self._numbers)
                invitation = next(self._invitations, "") if number % 5 == 4 else ""
            story = self._live(number, invitation)
            with self._lock:
                self.told[story] += 1

    def _live(self, number: int, invitation: str) -> str:
        chance = random.Random(f"{self._seed} {number}")
        psid = str(FIRST_PSID + number)
        thinks = lambda: chance.uniform(0, self._thinks_s)  # noqa: E731
        if invitation:
            grow(Person(self._stage, psid, thinks=thinks), invitation, chance)
            return "sold"
        if number % 5 in (0, 1):
            home = [f"Chị Hằng 09{12_000_000 + number:08d}", f"số {number} ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội"]
            shopper = Shopper(self._stage, psid, home if number % 5 else [], thinks)
            code = shopper.buys(chance.choice(GOODS))
            with self._lock:
                self.codes.append(code)
            return "bought"
        ask(Person(self._stage, psid, self._stage.other_page, thinks), chance)
        return "asked"


def ask(person: Person, chance: random.Random) -> None:
    """Stamps, menus, idle words, buttons: eight messages, each after at least one answer to the one before."""
    for turn in range(4):
        person.says(chance.choice(CODES))
        shown = person.says(chance.choice(WANDERING))
        buttons = [one for one in (*shown.pressable, *shown.quick_replies) if one.kind != "web_url"]
        if buttons and turn % 2:
            person.tap(chance.choice(buttons))
            person.next()
        person.take_in()


def grow(person: Person, invitation: str, chance: random.Random) -> None:
    """She shows her invitation and puts two things on sale, whatever news of orders come between."""
    person.says(invitation)
    for words in chance.sample(POSTED, 2):
        person.type(words)
        told: list[str] = []
        while not told or "đăng rồi" not in told[-1].lower():
            try:
                shown = person.next(PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"{person.psid} typed {words!r}, was told {told}, and waits") from None
            told.append(shown.text)
            yes = yes_of(shown)
            if yes is not None:
                person.tap(yes)


def yes_of(shown: Shown) -> Button | None:
    """The button that puts it on sale, if this bubble has one."""
    buttons: Sequence[Button] = (*shown.pressable, *shown.quick_replies)
    return next((one for one in buttons if one.title.lower().startswith("đúng, đăng")), None)
