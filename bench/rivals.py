"""What a search of products is compared with, each as good as its makers let it be: the same names, folded alike."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg
from rapidfuzz import fuzz, process

from bench.asked import plain
from catalog.search import Entry

Search = Callable[[str], list[int]]
"""The ids of at most four products, best first."""
BEST = 4
_ROWS = 12  # several names of one product may stand side by side


def names_of(entries: Sequence[Entry]) -> list[tuple[int, str]]:
    every = ((entry.product_id, {plain(one) for one in (entry.label, *entry.names)}) for entry in entries)
    return [(product_id, name) for product_id, names in every for name in sorted(names)]


def products_of(found: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(found))[:BEST]


def wratio(names: Sequence[tuple[int, str]]) -> Search:
    choices = [name for _, name in names]

    def search(words: str) -> list[int]:
        found = process.extract(plain(words), choices, scorer=fuzz.WRatio, limit=_ROWS)
        return products_of([names[position][0] for _, _, position in found])

    return search


@contextmanager
def sqlite_trigram(names: Sequence[tuple[int, str]]) -> Iterator[Search]:
    """FTS5 with its trigram tokenizer; any of the query's trigrams, ranked by bm25."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE names USING fts5(name, product UNINDEXED, tokenize='trigram')")
        # With a border on both sides, so that names of two letters have trigrams as well.
        database.executemany("INSERT INTO names (product, name) VALUES (?, ?)", ((i, f" {name} ") for i, name in names))
        database.execute("INSERT INTO names (names) VALUES ('optimize')")

        def search(words: str) -> list[int]:
            text = f" {plain(words)} "
            grams = dict.fromkeys(text[i : i + 3] for i in range(len(text) - 2))
            if not grams:
                return []
            wanted = " OR ".join(f'"{gram}"' for gram in grams)
            ask = "SELECT product FROM names WHERE names MATCH ? ORDER BY rank LIMIT ?"
            return products_of([row[0] for row in database.execute(ask, (wanted, _ROWS))])

        yield search


@contextmanager
def pg_trgm(url: str, names: Sequence[tuple[int, str]]) -> Iterator[Search]:
    """PostgreSQL's nearest by `<->` through a GiST index; over a local socket, with a prepared statement."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        connection.execute("DROP TABLE IF EXISTS names")
        connection.execute("CREATE TABLE names (product integer, name text)")
        with connection.cursor().copy("COPY names FROM STDIN") as copy:
            for row in names:
                copy.write_row(row)
        connection.execute("CREATE INDEX ON names USING gist (name gist_trgm_ops)")
        connection.execute("ANALYZE names")

        def search(words: str) -> list[int]:
            ask = "SELECT product FROM names ORDER BY name <-> %s LIMIT %s"
            rows = connection.execute(ask, (plain(words), _ROWS), prepare=True)
            return products_of([row[0] for row in rows])

        yield search
