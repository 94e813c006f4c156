"""Something is odd about a stamp: where did she buy what bears it? What she says is kept as she goes.

Steps of the dialogue `trace`.
"""

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.elsewhere import wish_elsewhere
from bot.dialogues.missing import stamp_of
from bot.dialogues.stamps import answer, call_person
from bot.dialogues.trace import AnyState
from bot.dialogues.tracing import Locating, Reporting, Suspected, trace
from bot.dialogues.whereto import names_commune
from bot.effect import Hint, Say, choice, say
from bot.event import Photo, Text
from bot.ports import MISSES_AN_HOUR, Ports
from bot.understand.codes import find_trace_code
from bot.understand.purchases import Bought, bought_at
from catalog.acts.person import CaseOpened, Counted, OpenCase

__all__ = ["trace"]

CASE = "suspicious stamp"
MOST_KEPT = 300


@trace.action("report")
def report(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Reporting]:
    known = ports.missed_lately < MISSES_AN_HOUR and ports.book.stamp(ask.arg) is not None
    return Reporting(ask.arg, known), [_where_bought()]


@trace.step
def suspected(at: Suspected, heard: Heard, ports: Ports) -> Turn[Suspected | Locating | None]:
    """Her words count as an answer where they speak of a shop or a market; else they may be another wish."""
    match heard:
        case Counted():
            return at, []
        case Text(words) if bought_at(words) is not None or names_commune(words):
            return _told(at.code, words, known=True, ports=ports)
        case Photo(urls, caption):
            return _seen(at.code, urls, caption, known=True, ports=ports)
        case _:
            stamp = stamp_of(at.code, ports)
            return at, [Hint(answer(stamp) if stamp is not None else _where_bought())]


@trace.step
def reporting(at: Reporting, heard: Heard, ports: Ports) -> Turn[Reporting | Locating | None]:
    match heard:
        case Text(words) if not find_trace_code(words):
            return _told(at.code, words, known=at.known, ports=ports)
        case Photo(urls, caption):
            return _seen(at.code, urls, caption, known=at.known, ports=ports)
        case _:
            return at, [Hint(_where_bought())]


@trace.step
def locating(at: Locating, heard: Heard, ports: Ports) -> Turn[Locating | None]:
    match heard:
        case CaseOpened():
            return at, []
        case Text(words) if _is_place(words) or not (find_trace_code(words) or wish_elsewhere(words, ports)):
            return None, [OpenCase(CASE, subject=at.code, note=words[:MOST_KEPT]), _thanks(ports)]
        case Photo(urls, caption):
            return _seen(at.code, urls, caption, known=True, ports=ports)
        case _:
            return at, [Hint(_which_commune(bought_at(at.told) or Bought("other")))]


def _is_place(words: str) -> bool:
    return not find_trace_code(words) and (bought_at(words) is not None or names_commune(words))


def _told(code: str, words: str, *, known: bool, ports: Ports) -> Turn[Locating | None]:
    """What she says is with the co-op at once; one thing more is asked where that helps to find the place.

    A code that is not ours may be the number of somebody's papers: it stands in the sealed note only.
    """
    note = words[:MOST_KEPT]
    if not known:
        return None, [OpenCase(CASE, note=f"{code}: {note}"), _thanks(ports)]
    bought, case = bought_at(words), OpenCase(CASE, subject=code, note=note)
    if bought is None or bought.kind == "gift" or names_commune(words):
        return None, [case, _thanks(ports)]
    if not bought.where:
        return Locating(code, note), [
            case,
            say("Thank you. I have noted it. %(which)s", which=_which_commune(bought), expects="words"),
        ]
    return Locating(code, note), [
        case,
        say("Thank you. I note: bought %(where)s. %(which)s", where=bought.where, which=_which_commune(bought),
            expects="words"),
    ]  # fmt: skip


def _seen(code: str, urls: tuple[str, ...], caption: str, *, known: bool, ports: Ports) -> Turn[None]:
    """A picture of it, or of the shop: a person looks at it."""
    words = "\n".join((caption, *urls)).strip()
    case = OpenCase(CASE, subject=code, note=words) if known else OpenCase(CASE, note=f"{code}: {words}")
    return None, [case, _thanks(ports)]


def _which_commune(bought: Bought) -> Say:
    """One thing more, by the kind of place."""
    if bought.kind == "seller":
        return say("What is the seller called?", expects="words")
    if bought.kind == "market":
        return say("In which commune and province is that market?", expects="words")
    return say("In which commune and province is that?", expects="words")


def _thanks(ports: Ports) -> Say:
    return say(
        "Thank you. I have told %(clerk)s of %(coop)s, and the co-op will check it.",
        clerk=ports.me.clerk,
        choices=[choice("trace.ask", say("Try another code")), call_person()],
    )


def _where_bought() -> Say:
    return say("Where did you buy it? The name of the market or shop is enough; a photo helps too.", expects="words")
