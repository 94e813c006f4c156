from bot.reply import Bubble, Button, Paper
from handlers.channels.console.codec import render

TWO = (Button("q1.1", "Đúng"), Button("q1.2", "Sửa"))


def test_choices_are_numbered_lines() -> None:
    assert render(Bubble("Đúng chưa ạ?", TWO)) == "Đúng chưa ạ?\n  1. Đúng\n  2. Sửa"


def test_numbers_go_on_from_the_list_in_the_text() -> None:
    assert render(Bubble("1. Cam\n2. Mật", TWO, offset=2)) == "1. Cam\n2. Mật\n  3. Đúng\n  4. Sửa"


def test_a_card_is_one_line() -> None:
    assert render(Bubble("", TWO[:1], 0, "Cam sành", "28.000đ/kg")) == "▤ Cam sành · 28.000đ/kg\n  1. Đúng"


def test_words_alone_stay_as_they_are() -> None:
    assert render(Bubble("Chào bác\nạ")) == "Chào bác\nạ"


def test_a_file_is_its_name_and_the_link_to_it() -> None:
    file = Paper("tem.pdf", "/sheets/12", "https://htx.example/s/k7", "Tải tờ tem ở đây:", "Tờ tem không còn nữa ạ.")
    assert render(Bubble("Tờ tem đây ạ.", TWO[:1], file=file)) == (
        "Tờ tem đây ạ.\n  1. Đúng\n📎 tem.pdf\n🔗 Tải tờ tem ở đây: https://htx.example/s/k7"
    )


def test_nothing_moves_the_cursor() -> None:
    assert render(Bubble("\x1b[2Jcam\r\x07\x9b", (Button("q1.1", "\x1b]0;x\x07"),))) == "[2Jcam\n  1. ]0;x"
