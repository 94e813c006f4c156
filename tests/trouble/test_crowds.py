"""Many people at once, delivered as badly as a platform may: copies, disorder, late clocks, four words in a breath.

The real family of processes, over HTTP, on several connections. Afterwards `judged` looks at all of it: one row an
event, one answer a row, every conversation as in a replay in one thread, in order, stock and orders in agreement.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from sqlalchemy import func, select

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from tests.e2e.stage import NotingPage
from tests.simulators.graph_page import Item
from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged
from tests.trouble.stage import Stage

pytestmark = pytest.mark.e2e

COPIES = 10
EVENTS_EACH = 10
MINUTES = 10
# fmt: off
WORDS = (
    "483920176504", "4839 2017 6504", "tem 715038629415", "483920176505", "nguon goc cam", "2 goi mien",
    "them 1 chuc trung", "3 kg cam", "bo mien", "doi thanh 5 goi mien", "1 can cam, 2 chai mat ong", "tim mang kho",
    "co gi ban ko shop", "cam bao nhieu 1 can", "gio hang", "con buoi ko", "gia mat ong", "dat hang", "dat tiep",
    "khong", "co", "đúng", "chốt", "ok", "1", "2", "3", "5", "thoi", "lại", "sửa", "hủy", "0", "9", "?", "alo", "👍",
    "Chị Hằng 0912345678", "số 5 ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội", "đồng ý", "don cua toi", "mấy giờ giao vậy em",
    "cho xem anh", "en", "vi", "thoi ko mua nua", "mai co 50 can cam 25 nghin",
)
# fmt: on
"""What they say, in no order that makes sense."""
STORY = ("2 goi mien", "them 1 chuc trung", "483920176504", "gio hang")
BREATH_MS = 50
MOST_IN_A_POST = 20
Event = tuple[NotingPage, Item]


@pytest.mark.parametrize(
    "people", [pytest.param(30, id="300 events"), pytest.param(500, marks=pytest.mark.soak, id="5000 events")]
)
def test_ten_copies_of_everything_in_any_order_with_wrong_clocks_count_once(open_stage: OpenStage, people: int) -> None:
    """Every copy in another POST, with one to twenty others, over eight connections; clocks ten minutes off."""
    stage = open_stage("sqlite")
    dice = random.Random(20261121)
    events = [
        (page, _said(page, number, dice.choice(WORDS), dice.randint(-MINUTES * 60_000, MINUTES * 60_000)))
        for number in range(people)
        for page in [stage.page if number % 3 else stage.other_page]
        for _ in range(EVENTS_EACH)
    ]
    posts = _posts(events * COPIES, dice)

    stage.pour(posts, connections=8)
    verdict = judged(stage, may_repeat=False)

    assert verdict.messages - _from_inside(stage) == len(events)
    answered = Counter(key for keys in _answered(stage).values() for key in keys)
    assert {f"message:{item['message']['mid']}" for _, item in events} <= answered.keys()
    assert set(answered.values()) <= {1, 2}
    assert stage.meta.statuses == {200: len(posts)}


@pytest.mark.parametrize("people", [50, pytest.param(500, marks=pytest.mark.soak, id="soak")])
def test_four_messages_in_a_breath_are_answered_one_by_one_in_their_order(
    open_stage: OpenStage, kind: str, people: int
) -> None:
    """Each in a POST of its own, one straight after the other, and everybody at once over sixteen connections."""
    stage = open_stage(kind)

    sent: dict[str, list[str]] = {}

    def breath(number: int) -> None:
        page = stage.page if number % 2 else stage.other_page
        items = [_said(page, number, words, place * BREATH_MS // len(STORY)) for place, words in enumerate(STORY)]
        sent[_psid(number)] = [f"message:{item['message']['mid']}" for item in items]
        for item in items:
            page.deliver(item)

    stage.pour([partial(breath, number) for number in range(people)])
    judged(stage, may_repeat=False)

    answered = _answered(stage)
    assert {psid: list(dict.fromkeys(keys)) for psid, keys in answered.items()} == sent
    assert {count for keys in answered.values() for count in Counter(keys).values()} <= {1, 2}
    for psid in sent:
        last = stage.graph.to(psid)[-1].text.lower()
        assert ("miến" in last, "trứng" in last) == (True, True), last


def _psid(number: int) -> str:
    return str(7_012_345_678_000_000 + number)


def _said(page: NotingPage, number: int, words: str, late_ms: int) -> Item:
    """A message whose clock is so much behind or ahead."""
    item = page.text(_psid(number), words)
    return item | {"timestamp": item["timestamp"] + late_ms}


def _posts(events: Sequence[Event], dice: random.Random) -> list[Callable[[], object]]:
    """All of them in any order, one to twenty of a page in a POST."""
    shuffled = list(events)
    dice.shuffle(shuffled)
    posts: list[Callable[[], object]] = []
    for page in {page.page_id: page for page, _ in shuffled}.values():
        mine = [item for at, item in shuffled if at is page]
        while mine:
            size = dice.randint(1, MOST_IN_A_POST)
            posts.append(partial(page.deliver, *mine[:size]))
            mine = mine[size:]
    dice.shuffle(posts)
    return posts


def _answered(stage: Stage) -> dict[str, list[str]]:
    """By person, the key of the message that each reply answers, in the order in which they were promised."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    promised = select(OutboxRow.address, InboxRow.key).join(InboxRow, InboxRow.id == OutboxRow.inbox_id)
    with stage.database.reading() as db:
        for address, key in db.execute(promised.order_by(OutboxRow.id)):
            keys[address].append(key)
    return dict(keys)


def _from_inside(stage: Stage) -> int:
    """Rows that no platform delivered: what turns told producers."""
    with stage.database.reading() as db:
        return db.scalar(select(func.count(InboxRow.id)).where(InboxRow.key.startswith("tell:"))) or 0
