"""A code that is in nobody's book, or does not check: what of it is wrong, as far as that helps and nobody fishes.

Whoever guesses codes learns nothing from the fifth one on, and after twenty within an hour none is looked up at all.
"""

from bot.dialogue import Turn
from bot.dialogues.stamps import call_person
from bot.dialogues.tracing import Asked, Slipped
from bot.effect import Remember, Say, Word, choice, say
from bot.ports import MISSES_AN_HOUR, Ports, Stamp
from bot.understand.codes import looks_like_code, odd_group
from catalog.trace import grouped

SUGGESTIONS_AN_HOUR = 5
UNIFORM_FROM = 5
DIGITS, IN_A_GROUP = 12, 4
GROUPS = (Word("first"), Word("second"), Word("third"))
MISSED = Remember("missed", "1")


def stamp_of(code: str, ports: Ports) -> Stamp | None:
    """What a code leads to; None too where she has missed so often that none is looked up."""
    return None if ports.missed_lately >= MISSES_AN_HOUR else ports.book.stamp(code)


def not_found(code: str, ports: Ports) -> Turn[None]:
    """Twelve digits that lead to nothing."""
    if ports.missed_lately >= MISSES_AN_HOUR:
        return None, [too_many()]
    if ports.missed_lately + 1 >= UNIFORM_FROM:
        return None, [MISSED, _none_of_ours()]
    return None, [MISSED, _unknown(code)]


def wrong(words: str, ports: Ports) -> Turn[Asked | Slipped | None]:
    """Twelve digits that do not check, or too many or too few of them: in which group, where that can be told."""
    if ports.missed_lately + 1 >= UNIFORM_FROM:
        return not_found("", ports)
    digits, odd = looks_like_code(words) or "", odd_group(words)
    if len(digits) != DIGITS and odd is not None:
        return Asked(), [
            MISSED,
            say(
                "The %(place)s group has %(count)s digits, each group has just 4. Please type the three groups again.",
                place=GROUPS[odd],
                count=len(digits) - (DIGITS - IN_A_GROUP),
                expects="words",
            ),
        ]
    if len(digits) != DIGITS:
        return Asked(), [
            MISSED,
            say(
                "I count %(count)s digits, a stamp has 12. Please type the three groups of four under the QR code.",
                count=len(digits),
                expects="words",
            ),
        ]
    meant = ports.book.near(digits) if ports.suggested_lately < SUGGESTIONS_AN_HOUR else None
    if meant is None:
        return not_found(digits, ports)
    return Slipped(meant), [MISSED, Remember("suggested", "1"), _perhaps(digits, meant)]


def too_many() -> Say:
    """Nothing is looked up for a while; a person still can."""
    return say(
        "So many codes were not right that I look up no more for an hour. If you hold a stamp in your hand, a person "
        "of %(coop)s will gladly look it up for you.",
        choices=[call_person()],
    )


def is_it(meant: str) -> Say:
    return say(
        "Is it the code %(meant)s?",
        meant=grouped(meant),
        choices=[choice("yes", say("Yes, that code")), choice("no", say("Type it again"))],
    )


def ask_for_code() -> Say:
    return say("Please type the 12 digits under the QR code, three groups of four.", expects="words")


def _perhaps(digits: str, meant: str) -> Say:
    return say(
        "The code %(wrong)s is not right. Did you perhaps misread %(meant)s?",
        wrong=grouped(digits),
        meant=grouped(meant),
        choices=[choice("yes", say("Yes, that code")), choice("no", say("Type it again"))],
    )


def _unknown(code: str) -> Say:
    return say(
        "⚠️ I do not find the code %(code)s in the book of %(coop)s.\nIt may be the stamp of somebody else, or a false "
        "one. Will you tell me where you bought it, so that the co-op can check?",
        code=grouped(code),
        choices=[
            choice("trace.report", say("Tell the co-op"), arg=code),
            choice("trace.ask", say("Try another code")),
            call_person(),
        ],
    )


def _none_of_ours() -> Say:
    """The same for every code, whatever is wrong with it."""
    return say(
        "I do not find this code in the book of %(coop)s. Please compare the 12 digits under the QR code once more, or "
        "let a person help you.",
        choices=[choice("trace.ask", say("Try another code")), call_person()],
    )
