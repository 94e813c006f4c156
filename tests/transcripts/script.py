"""A `.chat` file: a talk as it looks on the phone, read into beats and written again.

# Why this talk is here.
⟨stock: Măng khô 500 g = 5⟩        something that nobody types
👤 mang kho                        what she types; a line without a sign goes on with the one above it
≈ co mang kho ko em                another way to type it, which must get the same replies
👤 [Đúng]                          what she taps: the newest button of that title
👤 [Mật ong: Mua]                  the same on the newest card of that title
🤖 Anh/chị lấy mấy gói ạ?          one bubble that she receives
▸ [Đúng] [Sửa]                     its buttons
▤ Mật ong · 180.000đ [Mua]         a card with its buttons
📎 tem-cam-100.pdf                 a file below the bubble, or the link to it where a channel carries none

What stands between « and » in a typed line is quoted by the replies below: in another way to type it they quote what
that way has between the same marks. The marks themselves are never typed.
"""

import re
from dataclasses import dataclass, field, replace

TAP = re.compile(r"\[([^\]]+)\]")
CARD = re.compile(r"▤ (.*?)((?: \[[^\]]+\])*)")
QUOTED = re.compile(r"«([^»]+)»")


@dataclass(frozen=True, slots=True)
class Reply:
    """One bubble as she sees it. card: title and subtitle, with ` · ` between them. file: its name."""

    text: str = ""
    buttons: tuple[str, ...] = ()
    card: str = ""
    file: str = ""

    def __str__(self) -> str:
        titles = " ".join(f"[{title}]" for title in self.buttons)
        lines = [f"🤖 {self.text}"] if self.text or not (self.card or self.file) else []
        if self.card:
            lines.append(f"▤ {self.card} {titles}".rstrip())
        elif titles:
            lines.append(f"▸ {titles}")
        return "\n".join([*lines, f"📎 {self.file}"] if self.file else lines)


@dataclass(frozen=True, slots=True)
class Event:
    """What stands between ⟨ and ⟩."""

    words: str

    def __str__(self) -> str:
        return f"⟨{self.words}⟩"


@dataclass(frozen=True, slots=True)
class Typed:
    """ways: other words for the same."""

    words: str
    ways: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"👤 {self.words}", *(f"≈ {way}" for way in self.ways)])

    @property
    def keys(self) -> str:
        """What she really types: without the marks around what is quoted."""
        return QUOTED.sub(r"\1", self.words)


@dataclass(frozen=True, slots=True)
class Tapped:
    title: str

    def __str__(self) -> str:
        return f"👤 [{self.title}]"


Cue = Event | Typed | Tapped


@dataclass(slots=True)
class Beat:
    """Something happens, and what she receives then."""

    cue: Cue
    replies: list[Reply] = field(default_factory=list)


@dataclass(slots=True)
class Script:
    """why: the lines that begin with #."""

    why: tuple[str, ...]
    beats: list[Beat]

    def __str__(self) -> str:
        """The one way to write it: an empty line after each exchange, none inside."""
        blocks: list[list[str]] = [list(self.why)]
        for number, beat in enumerate(self.beats):
            if number and self.beats[number - 1].replies:
                blocks.append([])
            blocks[-1] += [str(beat.cue), *map(str, beat.replies)]
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def in_other_words(script: Script, number: int) -> Script:
    """The same talk with way `number` of every typed line, counted from 0 and round again where a line has fewer."""
    quotes: dict[str, str] = {}
    beats = []
    for beat in script.beats:
        cue = beat.cue
        if isinstance(cue, Typed) and cue.ways:
            cue = Typed(cue.ways[number % len(cue.ways)])
            quotes |= dict(zip(QUOTED.findall(beat.cue.words), QUOTED.findall(cue.words), strict=True))
        beats.append(Beat(cue, [_quoting(reply, quotes) for reply in beat.replies]))
    return Script(script.why, beats)


def _quoting(reply: Reply, quotes: dict[str, str]) -> Reply:
    for written, typed in quotes.items():
        reply = replace(reply, text=reply.text.replace(written, typed))
    return reply


def read(text: str) -> Script:
    """Raises ValueError, with the line's number, for a line that cannot stand there."""
    why: list[str] = []
    blocks: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") and not blocks:
            why.append(line)
        elif line.startswith(("👤", "≈", "🤖", "▸", "▤", "📎", "⟨")):
            blocks.append((number, line))
        elif line and blocks:
            blocks[-1] = (blocks[-1][0], f"{blocks[-1][1]}\n{line}")
        elif line:
            raise ValueError(f"line {number}: begin with # why this talk is here, then with a sign")
    if not why:
        raise ValueError("line 1: say why this talk is here")
    script = Script(tuple(why), [])
    for number, block in blocks:
        try:
            _add(script.beats, block)
        except (ValueError, IndexError) as error:
            raise ValueError(f"line {number}: {error or 'nothing has happened yet'}") from error
    return script


def _add(beats: list[Beat], block: str) -> None:
    sign, rest = block[0], block[1:].strip()
    match sign:
        case "⟨":
            if not rest.endswith("⟩"):
                raise ValueError("⟩ is missing")
            beats.append(Beat(Event(rest[:-1])))
        case "👤":
            tap = TAP.fullmatch(rest)
            beats.append(Beat(Tapped(tap[1]) if tap else Typed(rest)))
        case "≈":
            cue = beats[-1].cue
            if not isinstance(cue, Typed) or beats[-1].replies:
                raise ValueError("another way to type it stands right under what she types")
            if len(QUOTED.findall(rest)) != len(QUOTED.findall(cue.words)):
                raise ValueError("what is quoted stands between « and » in every way to type it")
            beats[-1].cue = replace(cue, ways=(*cue.ways, rest))
        case "🤖":
            beats[-1].replies.append(Reply(rest))
        case "▤":
            card = CARD.fullmatch(block)
            if card is None:
                raise ValueError("a card is: ▤ title · subtitle [button]")
            beats[-1].replies.append(Reply(card=card[1], buttons=tuple(TAP.findall(card[2]))))
        case "📎":
            beats[-1].replies[-1] = replace(beats[-1].replies[-1], file=rest)
        case _:
            beats[-1].replies[-1] = replace(beats[-1].replies[-1], buttons=tuple(TAP.findall(rest)))
