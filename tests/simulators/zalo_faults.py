"""How a stand-in for Zalo falls ill: which calls, how often, and whether the thing was done all the same."""

import threading
from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum

from tests.simulators.server import Answer, Fault
from tests.simulators.zalo_errors import Refused


class Mode(Enum):
    OK = "ok"
    ERROR = "500"
    BAD_GATEWAY = "502"  # a page of HTML
    RESET = "reset"  # the connection is torn, nothing done
    SILENCE = "silence"  # no answer for `seconds`, nothing done
    REFUSING = "refusing"  # Behaviour.refusal is the answer, nothing done
    LATE = "late"  # done, but no answer for `seconds`, and then none
    LOST = "lost"  # done, then the connection is torn
    HALF = "half"  # done, and the answer breaks off in the middle of its body
    TRUNCATED = "truncated"  # done, and the body is half of the JSON under a length that fits
    EMPTY = "empty"  # done, and the body is empty
    SLOW = "slow"  # done, and answered after `seconds`
    FAILED = "failed"  # done, but the answer says -200


BEFORE = (Mode.ERROR, Mode.BAD_GATEWAY, Mode.RESET, Mode.SILENCE, Mode.REFUSING)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the next calls are answered."""

    mode: Mode
    seconds: float = 0.0
    refusal: Refused | None = None


class Plans:
    """What was planned, for an OA and a call (a path, or how it begins); the most exact plan wins."""

    def __init__(self) -> None:
        self.calls: Counter[Mode] = Counter()
        self._plans: dict[tuple[str, str], tuple[Behaviour, int | None]] = {}
        self._lock = threading.Lock()

    def behave(self, behaviour: Behaviour | Mode, times: int | None = None, oa_id: str = "", call: str = "") -> None:
        """From now on, or for that many calls and then well again."""
        with self._lock:
            whole = behaviour if isinstance(behaviour, Behaviour) else Behaviour(behaviour)
            self._plans[(oa_id, call)] = (whole, times)

    def next(self, oa_id: str, path: str) -> Behaviour:
        """How this call is to be answered; counts it."""
        with self._lock:
            fitting = [key for key in self._plans if key[0] in ("", oa_id) and path.startswith(key[1])]
            if not fitting:
                self.calls[Mode.OK] += 1
                return Behaviour(Mode.OK)
            key = max(fitting, key=lambda one: (len(one[1]), len(one[0])))
            behaviour, left = self._plans[key]
            if left is not None:
                self._plans[key] = (behaviour, left - 1)
                if left <= 1:
                    del self._plans[key]
            self.calls[behaviour.mode] += 1
            return behaviour


def instead(behaviour: Behaviour) -> Answer | None:
    """The answer of a call that is not carried out; None if it is."""
    match behaviour.mode:
        case Mode.ERROR:
            return Answer(500, {"error": -1, "message": "Internal Server Error"})
        case Mode.BAD_GATEWAY:
            page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
            return Answer(502, page, content_type="text/html")
        case Mode.RESET:
            return Answer(fault=Fault.RESET)
        case Mode.SILENCE:
            return Answer(fault=Fault.SILENCE, seconds=behaviour.seconds)
        case Mode.REFUSING:
            refusal = behaviour.refusal or Refused(-200)
            return Answer(refusal.status, refusal.body)
        case _:
            return None


def spoilt(behaviour: Behaviour, answer: Answer) -> Answer:
    """What becomes of the answer of a call that was carried out."""
    match behaviour.mode:
        case Mode.LATE:
            return replace(answer, fault=Fault.SILENCE, seconds=behaviour.seconds)
        case Mode.LOST:
            return replace(answer, fault=Fault.RESET)
        case Mode.HALF:
            return replace(answer, fault=Fault.HALF)
        case Mode.TRUNCATED:
            return replace(answer, body=answer.content[: len(answer.content) // 2])
        case Mode.EMPTY:
            return replace(answer, body=b"")
        case Mode.SLOW:
            return replace(answer, fault=Fault.SLOW, seconds=behaviour.seconds)
        case Mode.FAILED:
            return replace(answer, status=200, body=Refused(-200).body)
        case _:
            return answer
