"""How the stand-in falls ill: which calls, how often, and what comes instead of an answer."""

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import urlencode

from tests.simulators.graph_fields import Refused
from tests.simulators.server import Answer, Fault, Request

TRANSIENT = {
    1: Refused(1, "An unknown error has occurred.", status=500, transient=True),
    2: Refused(2, "Service temporarily unavailable", status=500, transient=True),
    1200: Refused(1200, "(#1200) Temporary send message failure. Please try again later.", transient=True),
}
SENT_ANYWAY = Refused(1, "Invalid JSON reply", 1357046)


class Mode(Enum):
    OK = "ok"
    ERROR = "500"
    THROTTLED = "429"  # with `Retry-After` if Behaviour.retry_after is set
    RESET = "reset"  # the connection is torn, nothing delivered
    SILENCE = "silence"  # no answer for `seconds`, nothing delivered
    HTML = "html"  # a proxy's page with 502, nothing delivered
    LATE = "late"  # delivered, but no answer for `seconds`
    HALF = "half"  # delivered, and the answer breaks off
    SLOW = "slow"  # delivered, and answered after `seconds`
    EMPTY = "empty"  # delivered, and answered with 200 and nothing else
    SENT_ANYWAY = "sent_anyway"  # delivered, and answered with 1/1357046
    MOVED = "moved"  # a redirect to the same address
    REFUSING = "refusing"  # Behaviour.refusal is the answer


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the next calls are answered. `in_200`: the refusal comes with HTTP 200."""

    mode: Mode
    seconds: float = 0.0
    retry_after: str = ""
    refusal: Refused | None = None
    in_200: bool = False


class Plans:
    """What is planned for each page and edge; calls: how many were met by which mode. Not locked."""

    def __init__(self) -> None:
        self.calls: Counter[Mode] = Counter()
        self._plans: dict[tuple[str, str], tuple[Behaviour, int | None]] = {}

    def behave(self, behaviour: Behaviour | Mode, times: int | None, page_id: str, edge: str) -> None:
        self._plans[page_id, edge] = (behaviour if isinstance(behaviour, Behaviour) else Behaviour(behaviour), times)

    def next(self, page_id: str, edge: str) -> Behaviour:
        """The closest plan: for page and edge, the page, the edge, all. Counts the call."""
        places = ((page_id, edge), (page_id, ""), ("", edge), ("", ""))
        place = next((one for one in places if one in self._plans), ("", ""))
        behaviour, left = self._plans.get(place, (Behaviour(Mode.OK), None))
        if left is not None:
            self._plans[place] = (behaviour, left - 1)
            if left <= 1:
                del self._plans[place]
        self.calls[behaviour.mode] += 1
        return behaviour


def instead(behaviour: Behaviour, request: Request) -> Answer | None:
    """What comes before anything is done; None where the call is carried out."""
    match behaviour.mode:
        case Mode.ERROR:
            return refused(TRANSIENT[1])
        case Mode.THROTTLED:
            limited = Refused(613, "(#613) Calls to this api have exceeded the rate limit.", status=429)
            headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
            return replace(refused(limited), headers=headers)
        case Mode.RESET:
            return Answer(fault=Fault.RESET)
        case Mode.SILENCE:
            return Answer(fault=Fault.SILENCE, seconds=behaviour.seconds)
        case Mode.HTML:
            return Answer(502, b"<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        case Mode.MOVED:
            return Answer(307, {}, {"Location": f"{request.path}?{urlencode(request.query)}"})
        case Mode.REFUSING if behaviour.refusal:
            answer = refused(behaviour.refusal)
            return replace(answer, status=200) if behaviour.in_200 else answer
    return None


def afterwards(behaviour: Behaviour, answer: Answer) -> Answer:
    """The answer to a call that was carried out, or what is left of it."""
    match behaviour.mode:
        case Mode.LATE:
            return replace(answer, fault=Fault.SILENCE, seconds=behaviour.seconds)
        case Mode.HALF:
            return replace(answer, fault=Fault.HALF)
        case Mode.SLOW:
            return replace(answer, fault=Fault.SLOW, seconds=behaviour.seconds)
        case Mode.EMPTY:
            return replace(answer, body=b"")
        case Mode.SENT_ANYWAY:
            return refused(SENT_ANYWAY)
    return answer


def refused(refusal: Refused) -> Answer:
    error: dict[str, Any] = {
        "message": refusal.text,
        "type": "OAuthException",
        "code": refusal.code,
        "fbtrace_id": "A_standin",
    }
    if refusal.subcode is not None:
        error["error_subcode"] = refusal.subcode
    if refusal.transient:
        error["is_transient"] = True
    return Answer(refusal.status, {"error": error})
