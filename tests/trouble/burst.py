"""A burst on two pages and two OAs at once, and whether every reply of it arrived: once, and in order."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.came import CODES, Came, compare, promised
from tests.e2e.platforms import OA, OTHER_OA, Platforms
from tests.simulators import graph_phone, zalo_phone
from tests.trouble.flow import written

Phone = graph_phone.Phone | zalo_phone.Phone


class Burst:
    """people: at each of the four accounts. They write by turns, each of her messages about another stamp."""

    def __init__(self, stage: Platforms, people: int) -> None:
        self._stage = stage
        self.pages = [
            [graph_phone.Phone(page, stage.graph, str(7_012_345_600_000_000 + 1000 * place + n)) for n in range(people)]
            for place, page in enumerate(stage.pages)
        ]
        self.oas = [
            [stage.zalo.phone(oa, f"Chị {n}", f"84905{place}{n:05d}") for n in range(people)]
            for place, oa in enumerate((OA, OTHER_OA))
        ]
        groups: list[Sequence[Phone]] = [*self.pages, *self.oas]
        self.everybody: list[Phone] = [group[n] for n in range(people) for group in groups]
        self._typed: Counter[int] = Counter()

    @contextmanager
    def writing(self, rate: float) -> Iterator[None]:
        """All the while that the block runs, so many messages a second over all accounts."""

        def write(number: int) -> None:
            place = number % len(self.everybody)
            words = CODES[number // len(self.everybody) % len(CODES)]
            assert self.everybody[place].type(words) == 200
            self._typed[place] += 1

        with written(write, rate):
            yield

    def events(self) -> int:
        return self._typed.total()


def faults(stage: Platforms) -> list[str]:
    """Wait until all is quiet; then what is wrong, a line each. Nothing may have arrived twice: there are echoes."""
    stage.rest()
    came = Came()
    by_name: dict[str, list[str]] = defaultdict(list)
    for one in stage.graph.delivered:
        by_name[one.psid].append(one.bubble.metadata)
    for person, (names, _) in promised(stage, came, "messenger").items():
        compare(came, person, names, by_name[person])
    by_words: dict[str, list[str]] = defaultdict(list)
    for shown in stage.zalo.delivered:
        by_words[shown.user_id].append(shown.bubble.text or shown.bubble.kind)
    for person, (_, words) in promised(stage, came, "zalo").items():
        compare(came, person, words, by_words[person])
    return came.faults


def bubbles(phones: Sequence[Phone]) -> list[int]:
    """How many each of them has."""
    return [len(phone.bubbles) for phone in phones]
