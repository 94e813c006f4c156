"""`chophien stamps` and `chophien lots`, as they are called."""

import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner, Result

from bot.run.cli import main
from catalog.migrate import to_head
from catalog.seed import seed
from tests.conftest import NOW, SECRET, opened

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: Path) -> Call:
    """The program over a demo of its own, with an address that customers can open."""
    (tmp_path / "chophien.db").write_bytes(template.read_bytes())
    monkeypatch.chdir(tmp_path)
    environ = {
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'chophien.db'}",
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": "https://suoimay.vn",
    }
    return lambda *words, **more: CliRunner().invoke(main, list(words), env=environ | more)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cli") / "demo.db"
    to_head(f"sqlite:///{file}")
    database = opened(f"sqlite:///{file}")
    seed(database, NOW)
    database.close()
    return file


def decoded(pdf: Path) -> list[str]:
    pages = [page.render(scale=300 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    return [found.text for page in pages for found in zxingcpp.read_barcodes(page)]


def listed(call: Call, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in call("stamps", "list", "--json", *words).stdout.splitlines()]


def test_a_sheet_is_printed_listed_and_printed_again(call: Call) -> None:
    printed = call("stamps", "print", "--lot", "SM-CAM-01", "--count", "70", "-o", "cam.pdf")

    assert (printed.exit_code, printed.stdout) == (0, "cam.pdf: sheet 1, 2 pages.\n49930 stamps are left.\n")
    codes = [str(line["code"]) for line in listed(call, "--sheet", "1")]
    assert sorted(decoded(Path("cam.pdf"))) == sorted(f"https://suoimay.vn/t/{code}" for code in codes)
    again = call("stamps", "print", "--again", "1", "-o", "again.pdf")
    assert again.exit_code == 0
    assert Path("again.pdf").read_bytes() == Path("cam.pdf").read_bytes()
    assert listed(call) == [
        {
            "sheet": 1,
            "product": "CAM",
            "lot": "SM-CAM-01",
            "kind": "unit",
            "labels": 70,
            "geometry": "65",
            "made_at": listed(call)[0]["made_at"],
            "who": "desk",
            "void": False,
            "stamps": {"active": 70},
        }
    ]
    assert "50000 granted, 49930 left, 70 on lots, 0 printed without a lot, 0 void." in call("stamps", "list").stdout


def test_a_lot_is_named_by_a_stamp_too_and_a_roll_has_a_page_for_each(call: Call) -> None:
    printed = call(
        *("stamps", "print", "--lot", "4839 2017 6504", "--count", "3", "--sheet", "50x30", "--damp", "-o", "a.pdf")
    )
    assert printed.exit_code == 0
    assert "3 pages" in printed.stdout
    assert len(decoded(Path("a.pdf"))) == 3


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--lot", "NOBODY", "--count", "1"), "there is no lot NOBODY"),
        (("--lot", "SM-MIEN-01", "--count", "1"), "is recalled"),
        (("--lot", "SM-CAM-01", "--count", "50001"), "cannot be printed at once"),
        (("--lot", "SM-CAM-01", "--count", "1", "--start", "66"), "it has labels 1 to 65"),
        (("--lot", "SM-CAM-01", "--count", "1", "--sheet", "66"), ""),
        (("--lot", "SM-CAM-01", "--count", "1", "--sheet", "columns=9,rows=9,label=40x40,pitch=40x40,margin=5x5"), ""),
        (("--lot", "SM-CAM-01", "--count", "1", "--coop", "XX"), "there is no lot SM-CAM-01"),
        (("--product", "CAM", "--count", "1", "--kind", "lot"), "needs its lot"),
        (("--product", "NONE", "--count", "1"), "sells nothing with the SKU NONE"),
        (("--again", "9"), "there is no sheet 9"),
    ],
)
def test_what_cannot_be_printed_is_refused_and_nothing_is_drawn(
    call: Call, words: tuple[str, ...], reason: str
) -> None:
    refused = call("stamps", "print", *words, "-o", "x.pdf")

    assert refused.exit_code == 1
    assert reason in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not Path("x.pdf").exists()
    assert "50000 left" in call("stamps", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--lot", "SM-CAM-01"),
        ("--count", "1"),
        ("--lot", "SM-CAM-01", "--product", "CAM", "--count", "1"),
        ("--again", "1", "--count", "2"),
        ("--lot", "SM-CAM-01", "--count", "0"),
        ("--lot", "SM-CAM-01", "--count", "99999999999999999999"),
        ("--lot", "SM-CAM-01", "--count", "1", "--kind", "lot", "--pin"),
        ("--again", "99999999999999999999"),
        ("--lot", "SM-CAM-01", "--count", "nhiều"),
    ],
)
def test_wrong_usage_is_told_apart(call: Call, words: tuple[str, ...]) -> None:
    assert call("stamps", "print", *words, "-o", "x.pdf").exit_code == 2


def test_an_address_that_is_too_long_for_the_label_is_refused_with_the_reason(call: Call) -> None:
    long = f"https://{'tem-truy-xuat-nguon-goc.' * 3}hop-tac-xa-suoi-may.com.vn"
    refused = call(
        "stamps", "print", "--lot", "SM-CAM-01", "--count", "1", "--sheet", "80", "-o", "x.pdf", PUBLIC_URL=long
    )
    assert refused.exit_code == 1
    assert "a host name of at most 39 characters, or a larger label, fits" in refused.stderr
    assert "50000 left" in call("stamps", "list").stdout


def test_at_home_the_stamps_are_samples_and_it_says_so(call: Call) -> None:
    printed = call(
        "stamps", "print", "--lot", "SM-CAM-01", "--count", "1", "-o", "x.pdf", PUBLIC_URL="http://127.0.0.1:8000"
    )
    assert printed.exit_code == 0
    assert "MẪU" in printed.stderr


def test_a_folder_that_is_not_there_draws_nothing(call: Call) -> None:
    refused = call("stamps", "print", "--lot", "SM-CAM-01", "--count", "1", "-o", "nowhere/x.pdf")
    assert refused.exit_code == 1
    assert "50000 left" in call("stamps", "list").stdout


def test_no_more_than_granted_and_the_grant_can_be_changed(call: Call) -> None:
    assert call("stamps", "grant", "SM", "--", "-49990").stdout == "SM has 10 stamps left.\n"
    refused = call("stamps", "print", "--lot", "SM-CAM-01", "--count", "11", "-o", "x.pdf")
    assert (refused.exit_code, "has 10 stamps left" in refused.stderr) == (1, True)
    assert call("stamps", "grant", "SM", "1").stdout == "SM has 11 stamps left.\n"
    assert call("stamps", "grant", "SM", "--", "-12").exit_code == 1
    assert call("stamps", "grant", "XX", "1").exit_code == 1
    assert call("stamps", "grant", "SM", "9223372036854775807").exit_code == 2
    assert call("stamps", "print", "--lot", "SM-CAM-01", "--count", "11", "-o", "x.pdf").exit_code == 0


def test_stamps_are_voided_sold_and_bound(call: Call) -> None:
    call("stamps", "print", "--product", "CAM", "--count", "3", "-o", "x.pdf")
    first, second, _ = (str(line["code"]) for line in listed(call, "--sheet", "1"))

    assert call("stamps", "sold", first).exit_code == 1
    assert call("stamps", "activate", "1", "--lot", "SM-MAT-01").exit_code == 1
    assert call("stamps", "activate", "1", "--lot", "SM-CAM-01").stdout == "Sheet 1 speaks for lot SM-CAM-01 now.\n"
    assert call("stamps", "activate", "1", "--lot", "SM-CAM-01").exit_code == 1
    assert call("stamps", "sold", first).stdout.endswith(": sold\n")
    assert call("stamps", "sold", "--used", first).stdout.endswith(": used\n")
    assert call("stamps", "void", f"{second[:4]} {second[4:8]} {second[8:]}").stdout.endswith(": void\n")
    assert listed(call)[0]["stamps"] == {"active": 1, "used": 1, "void": 1}
    assert call("stamps", "void", "--sheet", "1").stdout == "2 labels are void.\n"
    assert "3 void" in call("stamps", "list").stdout
    assert call("stamps", "print", "--again", "1", "-o", "y.pdf").exit_code == 1


@pytest.mark.parametrize("code", ["000000000001", "4839", "x", "٤٨٣٩٢٠١٧٦٥٠٤"])
def test_a_code_that_is_none_is_not_voided(call: Call, code: str) -> None:
    assert call("stamps", "void", code).exit_code == 1


def test_the_right_to_print_is_given_listed_and_withdrawn(call: Call) -> None:
    given = call("stamps", "allow", "NSX-017", "--count", "200", "--until", "2099-12-31", "--product", "CAM")
    assert given.stdout == "Right 2 is given.\n"
    assert call("stamps", "allow", "Hoa", "--count", "1", "--until", "2099-12-31", "--lot", "SM-CAM-01").exit_code == 0
    assert call("stamps", "allow", "Nobody", "--count", "1", "--until", "2099-12-31").exit_code == 1
    assert call("stamps", "allow", "NSX-017", "--count", "1", "--until", "2020-12-31").exit_code == 1
    assert call("stamps", "withdraw", "2").exit_code == 0
    assert call("stamps", "withdraw", "2").exit_code == 1
    rights = call("stamps", "withdraw").stdout.splitlines()
    assert [line.split("  ")[-1] == "withdrawn" for line in rights] == [False, True, False]


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_one_stamp_is_drawn_alone(call: Call, ending: str) -> None:
    drawn = call("stamps", "draw", "4839 2017 6504", "-o", f"cam.{ending}")
    assert drawn.exit_code == 0
    assert Path(f"cam.{ending}").stat().st_size > 1000
    assert call("stamps", "draw", "000000000001", "-o", "x.svg").exit_code == 1
    assert call("stamps", "draw", "4839 2017 6504", "-o", "x.gif").exit_code == 1


def test_a_ruler_page_and_limits(call: Call) -> None:
    assert call("stamps", "ruler", "--sheet", "40", "-o", "r.pdf").exit_code == 0
    assert Path("r.pdf").read_bytes().startswith(b"%PDF-")
    assert call("stamps", "ruler", "--sheet", "x", "-o", "r.pdf").exit_code == 1
    for people in ("20", "30"):
        assert call("stamps", "limit", "unit", "many", people).exit_code == 0


# Lots


def test_a_lot_is_entered_checked_told_of_and_put_into_the_book(call: Call) -> None:
    added = call("lots", "add", "--product", "CAM", "--producer", "NSX-017", "--harvested", "2026-11-20")
    assert added.stdout == "Lot CAM-261120-1 is a draft. Next: chophien lots activate CAM-261120-1\n"
    checked = call("lots", "check", "CAM-261120-1")
    assert checked.exit_code == 1
    assert checked.stdout == "needed: place\nneeded: stages\n"
    assert call("lots", "set", "CAM-261120-1", "--place", "xã Đà Bắc", "--at", "20.87,105.12").exit_code == 0
    told = call("lots", "note", "CAM-261120-1", "phun thuốc", "--kind", "spray", "--on", "2026-11-15", "--wait", "7")
    assert told.stdout == "Lot CAM-261120-1: written down. harvested too early after a spraying.\n"
    assert call("lots", "check", "CAM-261120-1").stdout == (
        "cannot be: harvested too early after a spraying\n5 days from the last spraying to the harvest\n"
    )
    assert call("lots", "activate", "CAM-261120-1").stdout.startswith("Lot CAM-261120-1 is in the book.\n")
    line = json.loads(call("lots", "list", "--json").stdout.splitlines()[0])
    assert (line["lot"], line["state"], line["wrong"]) == ("CAM-261120-1", "active", ["wait"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "--product", "CAM", "--harvested", "2026-11-20", "--best-before", "2026-11-19"), 1),
        (("add", "--product", "CAM", "--at", "48.9,2.3"), 1),
        (("add", "--product", "CAM", "--at", "x"), 2),
        (("add", "--product", "CAM", "--number", "SM-CAM-01"), 1),
        (("add", "--product", "CAM", "--producer", "NSX-999"), 1),
        (("add", "--product", "CAM", "--harvested", "20/11/2026"), 2),
        (("note", "SM-CAM-01", "gặt", "--on", "2099-01-01"), 1),
        (("note", "SM-CAM-01", "  "), 1),
        (("check", "NOBODY"), 1),
        (("certify", "CAM", "VietGAP"), 2),
        (("certify", "CAM", "VietGAP", "--until", "2020-01-01"), 1),
        (("certify", "CAM", " ", "--until", "2099-01-01"), 1),
        (("certify", "NONE", "VietGAP", "--until", "2099-01-01"), 1),
        (("product", "CAM"), 2),
        (("product", "CAM", "--brand", "x" * 501), 1),
        (("activate", "SM-MIEN-01"), 1),
    ],
)
def test_what_cannot_be_of_a_lot_is_refused(call: Call, words: tuple[str, ...], code: int) -> None:
    before = call("lots", "list", "--json").stdout
    refused = call("lots", *words)
    assert refused.exit_code == code
    assert call("lots", "list", "--json").stdout == before


def test_what_a_passport_says_of_a_product_is_written_down(call: Call) -> None:
    assert call("lots", "product", "MIEN", "--storage", "để khô", "--declared", "không hàn the").exit_code == 0
    for until in ("2099-01-01", "2099-12-31"):
        assert call("lots", "certify", "MIEN", "ISO 22000", "--number", "7", "--until", until).exit_code == 0
    assert call("lots", "check", "SM-MIEN-02").stdout == "Lot SM-MIEN-02: nothing lacks.\n"


def test_a_lot_past_its_day_gets_no_stamps_and_a_thin_passport_is_told(call: Call) -> None:
    call("lots", "add", "--product", "CAM", "--number", "OLD", "--harvested", "2026-01-02")
    call("lots", "add", "--product", "CAM", "--number", "THIN", "--best-before", "2099-01-01")

    refused = call("stamps", "print", "--lot", "OLD", "--count", "1", "-o", "x.pdf")
    told = call("stamps", "print", "--lot", "THIN", "--count", "1", "-o", "x.pdf")

    assert (refused.exit_code, "was best before 2026-01-16" in refused.stderr) == (1, True)
    assert (told.exit_code, "place, harvested_on, stages" in told.stderr) == (0, True)


def test_a_lot_is_recalled_once_and_gets_no_stamps_any_more(call: Call) -> None:
    call("stamps", "print", "--lot", "SM-MIEN-02", "--count", "1", "-o", "x.pdf")
    words = ("lots", "recall", "SM-MIEN-02", "--reason", "bao gói hở", "--advice", "Anh/chị giữ lại gói.")

    assert call(*words).stdout.startswith("Lot SM-MIEN-02 (Miến dong 500 g) is recalled")
    assert call(*words).exit_code == 1
    assert call("lots", "recall", "SM-CAM-01", "--reason", " ", "--advice", "x").exit_code == 1
    again = call("stamps", "print", "--again", "1", "-o", "y.pdf")
    assert (again.exit_code, "SM-MIEN-02 is recalled" in again.stderr) == (1, True)


def test_what_is_void_is_not_printed_again(call: Call) -> None:
    call("stamps", "print", "--lot", "SM-CAM-01", "--count", "3", "-o", "x.pdf")
    first, *rest = (str(line["code"]) for line in listed(call, "--sheet", "1"))
    call("stamps", "void", first)
    call("stamps", "print", "--again", "1", "-o", "y.pdf")
    assert sorted(decoded(Path("y.pdf"))) == sorted(f"https://suoimay.vn/t/{code}" for code in rest)
    call("stamps", "void", *rest)
    assert call("stamps", "print", "--again", "1", "-o", "z.pdf").exit_code == 1


def test_a_number_that_was_chosen_by_hand_is_no_obstacle(call: Call) -> None:
    call("lots", "add", "--product", "CAM", "--number", "CAM-261120-2")
    numbers = [call("lots", "add", "--product", "CAM", "--harvested", "2026-11-20").stdout.split()[1] for _ in range(2)]
    assert numbers == ["CAM-261120-1", "CAM-261120-3"]
