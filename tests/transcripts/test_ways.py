"""The ways to type a line: how a script holds them, and what a talk in other words expects."""

import pytest

from tests.transcripts.script import Beat, Reply, Script, Typed, in_other_words, read

TALK = """# Why.
👤 «Hằng» 0912 345 678
≈ tên «Hang», 0912345678
≈ «chị Hằng» 0912.345.678
🤖 Chào Hằng.

👤 ok
≈ ừ
🤖 Đã ghi: Hằng.
▸ [Xong]
"""


def test_a_script_with_ways_is_written_as_it_was_read() -> None:
    script = read(TALK)
    assert script.beats[0].cue == Typed("«Hằng» 0912 345 678", ("tên «Hang», 0912345678", "«chị Hằng» 0912.345.678"))
    assert str(script) == TALK


def test_what_is_quoted_is_typed_without_its_marks() -> None:
    assert Typed("giao về «số 5» nhé").keys == "giao về số 5 nhé"


def test_in_other_words_the_replies_quote_those_words() -> None:
    script = read(TALK)
    assert in_other_words(script, 1) == Script(
        ("# Why.",),
        [
            Beat(Typed("«chị Hằng» 0912.345.678"), [Reply("Chào chị Hằng.")]),
            Beat(Typed("ừ"), [Reply("Đã ghi: chị Hằng.", ("Xong",))]),
        ],
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# Why.\n👤 ok\n🤖 Ừ.\n≈ ừ\n", "line 4: another way to type it stands right under what she types"),
        ("# Why.\n👤 [Đúng]\n≈ ừ\n", "line 3: another way to type it stands right under what she types"),
        ("# Why.\n👤 «a»\n≈ b\n", "line 3: what is quoted stands between « and » in every way to type it"),
        ("# Why.\n≈ b\n", "line 2: list index out of range"),
    ],
)
def test_a_way_that_cannot_stand_there_is_named(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read(text)
