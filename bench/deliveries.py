"""`python -m bench.deliveries`: ten thousand mixed deliveries of each strict simulator, and what came of them.

Batches, copies, disorder, receipts, echoes, strange events, lost answers: what the crowds of `tests.e2e` make. The
simulator, its echoes and the crowd share one Python process, so the pace is what they can make, not what we can take.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.product import new_folder
from bench.report import Figure, show
from catalog.migrate import to_head
from catalog.seed import seed
from tests.conftest import opened
from tests.e2e.came import Came
from tests.e2e.crowd_messenger import MessengerCrowd
from tests.e2e.crowd_zalo import ZaloCrowd
from tests.e2e.platforms import Platforms

PEOPLE = 460
QUICK_PEOPLE = 30
CROWDS = {"Messenger": MessengerCrowd, "Zalo": ZaloCrowd}


def measure(parent: Path, people: int = PEOPLE) -> tuple[list[Figure], bool]:
    """Each platform once, on a fresh stage. True beside the figures if nothing at all was wrong."""
    figures, right = list[Figure](), True
    for name, crowd in CROWDS.items():
        with new_folder(parent) as folder:
            came = _came(folder, crowd, people)
        figures += _figures(name, came)
        right = right and not came.faults and not came.refused_posts and came.answered == came.events
        for fault in came.faults[:20]:
            click.echo(f"{name}: {fault}", err=True)
    return figures, right


def _came(folder: Path, crowd: type[MessengerCrowd] | type[ZaloCrowd], people: int) -> Came:
    url = f"sqlite:///{folder / 'chophien.db'}"
    to_head(url)
    database = opened(url)
    seed(database, datetime.now(UTC))
    database.close()
    stage = Platforms(folder, url, brisk=False)
    try:
        stage.open()
        came = crowd(stage, people).run()
        stage.stop()
    finally:
        stage.close()
    return came


def _figures(name: str, came: Came) -> list[Figure]:
    title = f"{name}, {came.posts:,} mixed deliveries"
    faults = (came.lost, came.doubled, came.out_of_order, came.refused, came.refused_posts)
    return [
        Figure(
            f"{title}: taken",
            came.posts / came.seconds,
            "a second",
            note=f"{came.events:,} events wanted an answer; {came.seconds:.1f} s until the last echo was taken",
        ),
        Figure(
            "   events answered",
            came.answered,
            "events",
            against=f"{came.events:,}",
            holds=came.answered == came.events,
        ),
        Figure(
            "   lost, doubled, out of order, refused by the platform, not taken",
            sum(faults),
            "faults",
            against="none",
            holds=not sum(faults) and not came.faults,
            note=", ".join(map(str, faults)),
        ),
    ]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Some hundreds instead of ten thousand.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default="var", help="Where to work.")
def main(*, quick: bool, folder: Path) -> None:
    """Exit code 1 unless every event was answered once, in order, and nothing else was."""
    figures, right = measure(folder.absolute(), QUICK_PEOPLE if quick else PEOPLE)
    show(figures)
    if not right:
        sys.exit(1)


if __name__ == "__main__":
    main()
