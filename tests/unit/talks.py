"""Any dialogue without an engine: its steps, over the shop in memory, in the words that people read."""

from dataclasses import dataclass, field
from typing import Any

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues import DIALOGUES
from bot.effect import Hint, Remember, Say
from bot.event import Pick, Text
from bot.i18n import words
from catalog.acts import Command, Result
from tests.fakes import FakeShop, FakeTalk
from tests.unit.producer import voice


@dataclass
class Talk:
    """`said` is what was said in the last turn, hints too; `done` and `results` are those of all turns."""

    dialogue: str
    ports: FakeTalk = field(default_factory=lambda: FakeShop().talk("her phone"))
    state: Any = None
    said: list[Say] = field(default_factory=list)
    done: list[Command] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    hinted: bool = False

    def open(self, name: str, typed: str = "", arg: str = "") -> str:
        ask = Ask(name, arg, typed)
        return self._follow(DIALOGUES[self.dialogue].openers[name](self.state, ask, self.ports))

    def hear(self, heard: Heard) -> str:
        return self._follow(DIALOGUES[self.dialogue].take(self.state, heard, self.ports))

    def type(self, typed: str) -> str:
        return self.hear(Text(typed))

    def pick(self, key: str, arg: str = "") -> str:
        return self.hear(Pick(key, arg))

    @property
    def keys(self) -> list[str]:
        """Of the buttons below what was said last."""
        return [choice.key for choice in self.said[-1].choices]

    def _follow(self, turn: Turn[Any]) -> str:
        """As the engine does it: carry out what is asked for, and let the step hear what became of it."""
        dialogue = DIALOGUES[self.dialogue]
        self.ports.message += 1
        self.state, effects, self.said, self.hinted = turn[0], list(turn[1]), [], False
        while effects:
            match effects.pop(0):
                case Say() as bubble:
                    self.said.append(bubble)
                case Hint(bubble):
                    self.said.append(bubble)
                    self.hinted = True
                case Remember("missed", _):
                    self.ports.missed_lately += 1
                case Remember("suggested", _):
                    self.ports.suggested_lately += 1
                case Command() as command:
                    self.done.append(command)
                    self.results.append(self.ports.do(command))
                    if self.state is not None:
                        self.state, more = dialogue.take(self.state, self.results[-1], self.ports)
                        effects = [*more, *effects]
        if self.state is not None:
            assert dialogue.load(dialogue.dump(self.state)) == self.state
        return "\n".join(words(bubble, voice(self.ports)) for bubble in self.said)
