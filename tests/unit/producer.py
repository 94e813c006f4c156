"""A producer's talk without an engine: her steps, over the shop in memory, in the words that she reads."""

from dataclasses import dataclass, field
from typing import Any

from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.dialogues.garden import garden
from bot.dialogues.post import post
from bot.dialogues.tie import tie
from bot.effect import Hint, Say
from bot.event import Pick, Text
from bot.i18n import Voice, words
from catalog.acts import Command
from tests.fakes import FakeShop, FakeTalk

DIALOGUES: dict[str, Dialogue] = {"post": post, "garden": garden, "tie": tie}


def buttons(bubble: Say, ports: FakeTalk) -> list[str]:
    return [words(choice.title, voice(ports)) for choice in bubble.choices]


def voice(ports: FakeTalk) -> Voice:
    return Voice(ports.me.language, ports.me.you, ports.me.coop, ports.me.name)


@dataclass
class Talk:
    """`said` is all that was said in the last turn, hints too; `done` the commands of all turns."""

    shop: FakeShop = field(default_factory=FakeShop)
    code: str = "NSX-017"
    state: Any = None
    said: list[Say] = field(default_factory=list)
    done: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ports = self.shop.talk_of("her phone", self.code) if self.code else self.shop.talk("a phone")

    def open(self, name: str, words: str = "", dialogue: str = "post", arg: str = "", **slots: object) -> str:
        ask = Ask(name, arg, words, dict(slots))
        return self._follow(DIALOGUES[dialogue].openers[name](self.state, ask, self.ports), DIALOGUES[dialogue])

    def hear(self, heard: Heard) -> str:
        return self._follow(post.take(self.state, heard, self.ports), post)

    def pick(self, key: str, arg: str = "") -> str:
        return self.hear(Pick(key, arg))

    def type(self, typed: str) -> str:
        return self.hear(Text(typed))

    @property
    def buttons(self) -> list[str]:
        return buttons(self.said[-1], self.ports)

    def _follow(self, turn: Turn[Any], dialogue: Dialogue) -> str:
        """As the engine does it: carry out what is asked for, and let the step hear what became of it."""
        self.ports.message += 1
        self.state, effects, self.said = turn[0], list(turn[1]), []
        while effects:
            match effects.pop(0):
                case Say() as bubble:
                    self.said.append(bubble)
                case Hint(bubble):
                    self.said.append(bubble)
                case Command() as command:
                    self.done.append(command)
                    result = self.ports.do(command)
                    if self.state is not None:
                        self.state, more = dialogue.take(self.state, result, self.ports)
                        effects = [*more, *effects]
        if self.state is not None:
            assert dialogue.load(dialogue.dump(self.state)) == self.state
        return "\n".join(words(bubble, voice(self.ports)) for bubble in self.said)
