"""People who write to two Facebook pages at once, delivered in every disorder that Meta is known for.

In a round everybody does one thing: she types two of the demo's stamps, or presses a button of what she was shown. What
several people did shares a POST; all POSTs of a round are shuffled, with copies of them and of earlier ones, receipts,
reactions, comments and strange events in between, and go out over several connections. What she typed in one round
stands in one POST, so its order is sure.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.e2e.came import CODES, Came, Work, all_at_once, compare, judge, promised
from tests.e2e.platforms import Platforms
from tests.simulators.graph_items import Item
from tests.simulators.graph_page import Page


@dataclass(slots=True)
class _Person:
    """One at a Messenger page. typed: the codes, in order. taps: how many buttons she pressed."""

    page: Page
    psid: str
    typed: list[str] = field(default_factory=list)
    taps: int = 0
    silent: bool = False  # somebody else has her thread

    @property
    def key(self) -> str:
        """In which list of an entry her events come."""
        return "standby" if self.silent else "messaging"


class MessengerCrowd:
    """people: at both pages by turns; every twelfth one's thread is held by another app, which she talks to."""

    def __init__(self, stage: Platforms, people: int, seed: int = 1) -> None:
        self._stage = stage
        self._dice = random.Random(seed)
        self._people = [_Person(stage.pages[n % 2], str(7_012_345_678_000_000 + n)) for n in range(people)]
        for person in self._people[::12]:
            person.silent = True
            stage.graph.hold(person.page.page_id, person.psid, "263902037430900")
        self._strange = 0
        self._posted: list[Work] = []
        self._started = time.monotonic()

    def run(self) -> Came:
        """Two rounds of two stamps and a tap each, and what came of all of it."""
        for first in (0, 2):
            self._round(lambda person, first=first: self._types(person, first))
            self._round(self._taps)
        return self._look()

    def _round(self, act: Callable[[_Person], list[Item]]) -> None:
        works: list[Work] = []
        people = list(self._people)
        self._dice.shuffle(people)
        while people:
            together = [people.pop() for _ in range(min(len(people), self._dice.randint(1, 3)))]
            works += [self._post(together, act)] * self._dice.choice((1, 1, 1, 2, 3))
        again = self._dice.sample(self._posted, len(self._posted) // 5)
        self._posted += works
        works += again
        works += [self._noise(person) for person in self._dice.sample(self._people, len(self._people) // 2)]
        all_at_once(works, self._dice)
        self._stage.rest()

    def _post(self, people: list[_Person], act: Callable[[_Person], list[Item]]) -> Work:
        """What several people did in one POST: an entry for each of them, or one for all of a page that go one way."""
        entries: dict[tuple[str, str], list[Item]] = defaultdict(list)
        together = self._dice.random() < 0.5
        for person in people:
            for item in act(person):
                self._stage.graph.heard(person.page.page_id, item)
                entries[person.page.page_id if together else person.psid, person.key].append(item)
        page = people[0].page
        pages = {page.page_id: page for page in self._stage.pages}
        made = [pages[str(items[0]["recipient"]["id"])].entry(*items, key=key) for (_, key), items in entries.items()]
        return lambda: page.deliver_entries(*made) if made else None

    def _types(self, person: _Person, first: int) -> list[Item]:
        start = int(person.psid[-4:])
        codes = [CODES[(start + first + n) % len(CODES)] for n in range(2)]
        if not person.silent:
            person.typed += codes
        items = [person.page.text(person.psid, self._written(code)) for code in codes]
        if self._dice.random() < 0.3:  # ids as numbers
            for item in items:
                item["sender"]["id"], item["recipient"]["id"] = int(person.psid), int(person.page.page_id)
        return items

    def _written(self, code: str) -> str:
        return self._dice.choice((code, f"{code[:4]} {code[4:8]} {code[8:]}", f"tra ma {code}"))

    def _taps(self, person: _Person) -> list[Item]:
        shown = self._stage.graph.to(person.psid)
        if person.silent or not shown:
            return []
        buttons = [one for one in (*shown[-1].pressable, *shown[-1].quick_replies) if one.kind != "web_url"]
        if not buttons:
            return []
        button = self._dice.choice(buttons)
        person.taps += 1
        if button.kind == "quick_reply":
            return [person.page.quick_reply(person.psid, button)]
        return [person.page.postback(person.psid, button.title, button.payload)]

    def _noise(self, person: _Person) -> Work:
        """What is delivered beside it and wants no answer."""
        page, psid = person.page, person.psid
        self._strange += 1
        comment = page.comment(f"c{self._strange}", psid, "còn hàng không?")
        strange = {"sender": {"id": psid}, "recipient": {"id": page.page_id}, "timestamp": 1, "novelty": self._strange}
        bodies: list[Work] = [
            lambda: page.deliver(page.delivery(psid, page.mid()), page.read(psid)),
            lambda: page.deliver(page.delivery(psid)),
            lambda: page.deliver(page.reaction(psid, "m_out1")),
            lambda: page.deliver(page.reaction(psid, "m_out1", taken_back=True), times=2),
            lambda: page.deliver_entries(page.entry(strange), page.entry(page.read(psid))),
            lambda: page.deliver_entries({"id": page.page_id, "time": 1}, of="page"),
            lambda: page.deliver_entries(page.entry(page.read(psid)), of="instagram"),
            lambda: page.deliver_changes(comment),
            lambda: page.deliver_entries(page.entry(), page.entry(page.app_roles("1", "primary_receiver"))),
        ]
        return self._dice.choice(bodies)

    def _look(self) -> Came:
        stage = self._stage
        tries = stage.meta.tries
        came = Came(
            posts=len(tries),
            refused_posts=sum(one.status != 200 for one in tries),
            events=sum(len(person.typed) + person.taps for person in self._people),
            refused=len(stage.strict_graph.refusals),
            seconds=time.monotonic() - self._started,
        )
        came.faults += [f"refused: {one} × {count}" for one, count in Counter(stage.strict_graph.refusals).items()]
        shown: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for one in stage.graph.delivered:
            buttons = " ".join(button.payload for button in (*one.bubble.pressable, *one.bubble.quick_replies))
            shown[one.psid].append((one.bubble.metadata, f"{one.bubble.text} {one.bubble.cards} {buttons}"))
        for person in self._people:
            judge(came, person.psid, person.typed, [words for _, words in shown[person.psid]])
        all_of = promised(stage, came, "messenger")
        for address, (names, _) in all_of.items():
            compare(came, address, names, [name for name, _ in shown[address]])
        return came
