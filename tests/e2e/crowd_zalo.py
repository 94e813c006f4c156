"""People who write to two OAs of one app at once, delivered in every disorder that Zalo is known for.

In a round everybody does one thing: she types two of the demo's stamps, or presses a button of what she was shown. Each
round's bodies are written and signed in another of the ways that the sources know; some come twice or thrice, some do
not reach us or lose our answer and come again with `num_retry`; receipts, reactions and strange events lie in between.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from tests.e2e.came import CODES, Came, Work, all_at_once, compare, judge, promised
from tests.e2e.platforms import OA, OTHER_OA, Platforms
from tests.simulators.zalo_deliver import Wire, to_webhook
from tests.simulators.zalo_phone import Phone

ROTATED = "GET /v2.0/oa/getoa -220"
"""The clock looks at the OA with the token that the worker replaces at that moment: it asks again with the new one."""


class ZaloCrowd:
    """people: at both OAs by turns. Some deliveries fail or lose their answer, and come again with `num_retry`."""

    def __init__(self, stage: Platforms, people: int, seed: int = 1) -> None:
        self._stage = stage
        self._dice = random.Random(seed)
        self._phones = [stage.zalo.phone((OA, OTHER_OA)[n % 2], f"Chị {n}", f"84905{n:06d}") for n in range(people)]
        self._typed: dict[str, list[str]] = defaultdict(list)
        self._taps = 0
        stage.zalo.switches.receipts = True
        self._deliverer = stage.zalo.deliverer(OA)
        self._deliverer.connect(self._flaky(to_webhook(f"http://127.0.0.1:{stage.port}/webhooks/zalo")))
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def run(self) -> Came:
        """Two rounds of two stamps and a tap each, and what came of all of it."""
        for first in (0, 2):
            self._round(lambda phone, first=first: self._types(phone, first))
            self._round(self._presses)
        return self._look()

    def _flaky(self, post: Callable[[bytes, Mapping[str, str]], int]) -> Callable[[bytes, Mapping[str, str]], int]:
        """One of twenty first tries does not reach us, one of twenty does but its answer is lost."""
        chance = random.Random(7)

        def deliver(body: bytes, headers: Mapping[str, str]) -> int:
            with self._lock:
                luck = 1.0 if "num_retry" in headers else chance.random()
            if luck < 0.05:
                raise ConnectionRefusedError("nobody opens")
            status = post(body, headers)
            if luck < 0.1:
                raise TimeoutError("the answer is lost")
            return status

        return deliver

    def _round(self, act: Callable[[Phone], Work]) -> None:
        flip = self._dice.choice
        self._deliverer.wire = Wire(
            escaped=flip((True, False)),
            spaces=flip((True, False)),
            shuffled=flip((True, False)),
            header_time=flip((None, 0)),
        )
        works = [act(phone) for phone in self._phones]
        works += [self._noise(phone) for phone in self._dice.sample(self._phones, len(self._phones) // 2)]
        all_at_once(works, self._dice)
        self._stage.zalo.settle()
        self._again()
        self._stage.rest()
        self._again()
        self._stage.rest()

    def _again(self) -> None:
        """Half a minute later: what was not taken comes again."""
        while self._deliverer.waiting:
            self._stage.zalo_clock.advance(seconds=30)
            self._deliverer.redeliver_due()

    def _types(self, phone: Phone, first: int) -> Work:
        """Two events in a row; where a first try fails they swap, as they do in truth."""
        start = int(phone.person.phone[-4:])
        codes = [CODES[(start + first + n) % len(CODES)] for n in range(2)]
        self._typed[phone.user_id] += codes
        copies = self._dice.choice((1, 1, 2, 3))
        events = [phone.events.text(phone.user, f"tra mã {code[:4]} {code[4:8]} {code[8:]}") for code in codes]

        def go() -> None:
            for event in events:
                with self._stage.zalo.state.changed:
                    self._stage.zalo.state.heard(phone.oa, phone.user, event)
                self._deliverer.deliver(phone.oa, event, times=copies)

        return go

    def _presses(self, phone: Phone) -> Work:
        """A button of the newest bubble that has one, which comes back as a text."""
        buttons = [one for shown in phone.bubbles for one in shown.buttons if one.answers]
        if not buttons:
            return lambda: None
        button = buttons[-1]
        self._taps += 1
        return lambda: phone.tap(button.title)

    def _noise(self, phone: Phone) -> Work:
        """What is delivered beside it and wants no answer."""
        number = self._dice.getrandbits(40)
        bubbles = [one.message_id for one in self._stage.zalo.delivered if one.user_id == phone.user_id]
        tell = self._stage.zalo.tell
        kinds: list[Work] = [
            phone.read,
            phone.unfollow,
            lambda: tell(phone.oa, phone.events.between(phone.user, f"user_new_{number}", novelty=number)),
            lambda: tell(
                phone.oa, phone.events.about("add_user_to_tag", tag={"user_ids": [phone.user_id], "name": "a"})
            ),
            lambda: tell(phone.oa, phone.events.notice_received("84905000111", f"{number:x}", f"t{number}")),
        ]
        if bubbles:
            kinds.append(lambda: phone.react(bubbles[-1]))
        return self._dice.choice(kinds)

    def _look(self) -> Came:
        stage = self._stage
        attempts = self._deliverer.attempts
        refusals = Counter(one for one in stage.zalo.refusals if one != ROTATED)
        came = Came(
            posts=len(attempts),
            refused_posts=len(self._deliverer.lost) + len(self._deliverer.waiting),
            events=sum(map(len, self._typed.values())) + self._taps,
            refused=refusals.total(),
            seconds=time.monotonic() - self._started,
        )
        came.faults += [f"refused: {one} × {count}" for one, count in refusals.items()]
        shown: dict[str, list[str]] = defaultdict(list)
        held: dict[str, list[str]] = defaultdict(list)
        for one in stage.zalo.delivered:
            shown[one.user_id].append(one.bubble.text or one.bubble.kind)
            held[one.user_id].append(" ".join((one.bubble.text, *(button.payload for button in one.bubble.buttons))))
        for user_id, codes in self._typed.items():
            judge(came, user_id, codes, held[user_id], swaps=True)
        for address, (_, words) in promised(stage, came, "zalo").items():
            compare(came, address, words, shown[address])
        return came
