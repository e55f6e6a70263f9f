"""What commands print and in which language: asked for by `--lang`, else that of the terminal, else both."""

from __future__ import annotations

import os

import click

from governance.refusals import Problem
from governance.texts import LOCALES, Text


def languages() -> tuple[str, ...]:
    """Return the languages to print in: asked for by `--lang`, else that of the terminal, else both."""
    asked = click.get_current_context().find_root().params.get("lang")
    if asked:
        return (asked,)
    of_terminal = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return tuple(language for language in LOCALES if of_terminal.startswith(language)) or LOCALES


def say(text: Text, *, err: bool = False) -> None:
    """Print a text in the languages of this run, once when it reads the same in both."""
    for language in dict.fromkeys(text.in_(language) for language in languages()):
        click.echo(language, err=err)


def say_problem(problem: Problem) -> None:
    """Print a problem on the error stream, with its place in front where the sentence does not name it."""
    place = problem.place or ""
    shown = "" if not place or place in problem.text.ja or "!" in place else f"{place}: "
    say(Text(f"{shown}{problem.text.ja}", f"{shown}{problem.text.en}"), err=True)
