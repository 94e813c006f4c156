"""Finds the sentences for `make words`.

Babel's own Python extractor loses a call inside the arguments of another one, and a button's title stands just there.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import IO


def sentences(
    file: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],  # noqa: ARG001 (Babel hands it in)
    options: Mapping[str, str],  # noqa: ARG001 (by this name)
) -> Iterator[tuple[int, str, str | tuple[str, ...], list[str]]]:
    """Every call of a keyword that begins with a plain string: line, name, string or strings, no comments."""
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        plain = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        strings = tuple(value for value in plain if isinstance(value, str))
        if name in keywords and strings and strings[0]:
            yield node.lineno, name, strings if len(strings) > 1 else strings[0], []
