"""What is written for whoever runs it: every figure and alarm is explained, and what is named exists."""

import re
from pathlib import Path

import click
import pytest

from bot.run.cli import main
from bot.run.figures_named import NAMES
from bot.run.settings import NAMES as SETTINGS
from bot.run.tidy import ROWS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DEPLOYMENT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
ALERTS = (DEPLOY / "alerts.yml").read_text(encoding="utf-8")
FIGURE = re.compile(r"chophien_[a-z_]+")
ON_THE_PAGE = {f"{name}_total" if named.kind == "counter" else name for name, named in NAMES.items()}


def section(text: str, head: str) -> str:
    return text.partition(f"## {head}\n")[2].partition("\n## ")[0]


def test_every_figure_is_explained_and_every_explained_one_is_on_the_page() -> None:
    first_cells = [line.split("|")[1] for line in section(OPERATIONS, "Figures").splitlines() if line.startswith("| `")]
    explained = [name for cell in first_cells for name in FIGURE.findall(cell)]
    assert sorted(explained) == sorted(ON_THE_PAGE)


def test_no_page_and_no_rule_names_a_figure_that_is_not_there() -> None:
    for text in (OPERATIONS, DEPLOYMENT, ALERTS):
        assert set(FIGURE.findall(text)) <= ON_THE_PAGE


def test_every_alarm_has_a_rule_and_every_rule_says_what_to_do() -> None:
    rules = re.findall(r"alert: (\w+)\n(?:.*\n)*?.*severity: (\w+)", ALERTS)
    told = re.findall(r"^\| `(\w+)` \| (\w+) \|", section(OPERATIONS, "Alarms"), re.MULTILINE)
    assert sorted(rules) == sorted(told)
    assert len(rules) == ALERTS.count("- alert:")


@pytest.mark.parametrize("rule", re.split(r"- alert: ", ALERTS)[1:], ids=lambda rule: rule.partition("\n")[0])
def test_a_rule_asks_for_labels_that_its_figure_has(rule: str) -> None:
    asked = set(re.findall(r"\$labels\.(\w+)", rule))
    known = {
        label
        for name in FIGURE.findall(rule)
        for label in NAMES[name.removesuffix("_total") if name.endswith("_total") else name].labels
    }
    grouped = re.search(r"by \(([\w, ]+)\)", rule)
    assert asked <= (set(grouped[1].replace(" ", "").split(",")) if grouped else known)
    assert not grouped or set(grouped[1].replace(" ", "").split(",")) <= known


def test_links_lead_somewhere() -> None:
    heads = {
        name: {
            re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
            for head in re.findall(r"^## (.+)$", (ROOT / "docs" / name).read_text(encoding="utf-8"), re.MULTILINE)
        }
        for name in ("operations.md", "deploy.md")
    }
    for here, text in (("operations.md", OPERATIONS), ("deploy.md", DEPLOYMENT)):
        for target in re.findall(r"\]\(([^)]+)\)", text):
            file, _, anchor = target.partition("#")
            assert not file or (ROOT / "docs" / file).exists(), target
            assert not anchor or anchor in heads[file or here], target


def test_every_command_that_is_named_exists() -> None:
    commands = main.list_commands(click.Context(main))
    named = set(re.findall(r"(?:\bcho|bin/chophien|`chophien) ([a-z]+)", OPERATIONS + DEPLOYMENT))
    units = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.glob("*.service"))
    started = set(re.findall(r"bin/chophien ([a-z]+)", units)) | set(re.findall(r"chophien@(\w+)", DEPLOYMENT))
    assert named | started <= set(commands) | {"service"}
    assert {"up", "backup", "web", "worker", "media", "clock"} <= started


def test_every_setting_of_the_example_is_one_of_ours() -> None:
    lines = (DEPLOY / "dotenv").read_text(encoding="utf-8").splitlines()
    given = [found[1] for line in lines if (found := re.fullmatch(r"(?:# )?([A-Z_]+)=\S*", line))]
    assert len(given) >= 8
    assert set(given) <= SETTINGS


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_no_proxy_shows_the_figures_to_the_world(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert all(path in text for path in ("/metrics", "/readyz", "404", "127.0.0.1:8000"))


def test_no_proxy_keeps_the_addresses_of_stamps_and_sheets() -> None:
    nginx, caddy = ((DEPLOY / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile"))
    (kept,) = re.findall(r"log_format chophien '(.*)';", nginx)
    assert set(re.findall(r"\$\w+", kept)) == {
        "$remote_addr", "$time_local", "$request_method", "$uri", "$status", "$body_bytes_sent", "$http_user_agent"
    }  # fmt: skip
    (unlogged,) = re.findall(r"location ~ (\S+) \{[^}]*access_log off;", nginx)
    paths = ("/t", "/t/", "/t/001204005678", "/t/001204005678/pin", "/sheets/key", "/tea", "/", "/chat/messages")
    assert [path for path in paths if re.search(unlogged, path)] == list(paths[:5])
    assert [re.findall("^    access_log (.*);", server, re.M) for server in nginx.split("\nserver {")[1:]] == [
        ["/var/log/nginx/chophien.log chophien"],
        ["off"],
    ]
    assert re.findall(r"error_log \S+ (\w+);", nginx) == ["crit"]
    assert re.findall(r"request>(\w+) delete", caddy) == ["uri", "headers"]


def test_all_units_run_as_the_user_without_rights_in_the_folder_of_the_program() -> None:
    for path in DEPLOY.glob("*.service"):
        unit = path.read_text(encoding="utf-8")
        wanted = ("User=chophien", "WorkingDirectory=/srv/chophien", "NoNewPrivileges=yes", "ProtectSystem=strict")
        assert [line for line in wanted if line not in unit] == [], path.name


def test_the_page_says_how_many_rows_one_step_of_tidying_takes() -> None:
    assert f"at most {ROWS} rows in a transaction" in OPERATIONS
