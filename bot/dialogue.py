"""What a dialogue is: states, a step for each of them, and the wishes that open it.

A step is a function `(state, heard, ports) -> (state or None, effects)`: it decides, it does not do. Its first
annotation says which state it answers, its return annotation where it may go; `None` is the end of the talk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from bot.effect import Effect
from bot.event import Back, Change, Event, Number, Pick
from bot.ports import Ports
from catalog.acts import Result

S = TypeVar("S")
Heard = Event | Pick | Number | Back | Change | Result
Turn = tuple[S, Sequence[Effect]]
F = TypeVar("F", bound=Callable[..., Any])


class StaleState(Exception):
    """A stored state that today's code does not know. The engine starts over, kindly."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish that opens a dialogue, or comes back to it: an intent with its slots, or an action with its argument."""

    name: str
    arg: str = ""
    words: str = ""
    slots: dict[str, Any] = field(default_factory=dict)


class Dialogue:
    """One purpose ("order"). nudge_after: how long its open question may wait before one friendly reminder."""

    def __init__(self, name: str, nudge_after: timedelta | None = None) -> None:
        self.name = name
        self.nudge_after = nudge_after
        self.states: dict[str, type[Any]] = {}
        self.steps: dict[type[Any], Callable[[Any, Heard, Ports], Turn[Any]]] = {}
        self.openers: dict[str, Callable[[Any, Ask, Ports], Turn[Any]]] = {}
        self.intents: list[str] = []
        self.listeners: dict[type[Any], Callable[[Any, Any, Ports], Turn[Any]]] = {}
        self.welcome_back: Callable[[Any, Heard, Ports], Turn[Any]] | None = None

    def step(self, function: F) -> F:
        """The step for the state that its first parameter is annotated with."""
        state = next(iter(get_type_hints(function).values()))
        self.states[state.__name__] = state
        self.steps[state] = function
        return function

    def opens(self, *intents: str) -> Callable[[F], F]:
        """The function `(state or None, ask, ports)` that these intents start; the state if the talk is under way."""

        def keep(function: F) -> F:
            self.intents += intents
            self.openers |= dict.fromkeys(intents, function)
            return function

        return keep

    def action(self, name: str) -> Callable[[F], F]:
        """As `opens`, for the buttons whose key is `<dialogue>.<name>`: they work at any time, however old."""

        def keep(function: F) -> F:
            self.openers[name] = function
            return function

        return keep

    def hears(self, kind: type[Any]) -> Callable[[F], F]:
        """The function `(state or None, event, ports)` for an event that no person made: a timer, news of others."""

        def keep(function: F) -> F:
            self.listeners[kind] = function
            return function

        return keep

    def returns(self, function: F) -> F:
        """The function `(state, heard, ports)` for the first thing that is said after more than a day of silence."""
        self.welcome_back = function
        return function

    def take(self, state: Any, heard: Heard, ports: Ports) -> Turn[Any]:
        turn: Turn[Any] = self.steps[type(state)](state, heard, ports)
        return turn

    def dump(self, state: Any) -> dict[str, Any]:
        return {"_": type(state).__name__, **msgspec.to_builtins(state)}

    def load(self, stored: dict[str, Any]) -> Any:
        """The state that `dump` wrote. Raises `StaleState`."""
        kind = self.states.get(stored.get("_", ""))
        if kind is None:
            raise StaleState(f"{self.name}: {stored.get('_')}")
        try:
            return msgspec.convert({name: value for name, value in stored.items() if name != "_"}, type=kind)
        except msgspec.ValidationError as error:
            raise StaleState(f"{self.name}: {error}") from error

    def edges(self) -> dict[str, set[str]]:
        """Where each step may go, by the annotations; `end` for None. For the diagram and the test that uses it."""
        return {state.__name__: _targets(function) for state, function in self.steps.items()}


def _targets(function: Callable[..., Any]) -> set[str]:
    state = get_args(get_type_hints(function)["return"])[0]
    return {"end" if kind is type(None) else kind.__name__ for kind in (get_args(state) or (state,))}
