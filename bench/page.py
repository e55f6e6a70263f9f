"""What a page of thirty questions costs beside a bare loop over the same rows (performance.md P7).

Run `python -m bench.page [sqlite|postgresql] [questions]`. Both sides read the same answers from the same database and write the same
questions with their choices, remark and guidance; the bare side does nothing else: no sign-in, no rights, no score, no map, no
translation of the interface. Interleaved repetitions, medians of CPU time; the statements of the page are counted at two sizes.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from jinja2 import Environment
from sqlalchemy import select

from bench.autosave import counted
from bench.stage import Seat, stage
from governance.paths import SEEDS
from governance.questionnaires.definition import Questionnaire
from governance.screenings.models import Answer
from governance.storage.database import Database
from governance.web import create_app
from tests import builders

REPEATS = 25
BARE = Environment(autoescape=True, trim_blocks=True).from_string(
    """<!doctype html><html lang="ja"><title>bare</title><form method="post">
{% for q in questions %}{% set a = answers.get(q.key) %}
<article id="{{ q.key }}"><h3>{{ q.key }} {{ q.text.ja }}</h3><p>{{ q.why.ja }}</p>
<details><summary>guidance</summary><p>{{ q.evidence.ja }}</p><p>{{ q.weak.ja }}</p><p>{{ q.strong.ja }}</p></details>
{% for step in scale %}
<label><input type="radio" name="{{ q.key }}" value="{{ step.code }}"
{% if a and a.value == step.code %} checked{% endif %}>{{ step.name.ja }}
{% if step.note %}<small>{{ step.note.ja }}</small>{% endif %}</label>{% endfor %}
<textarea name="{{ q.key }}-remark">{{ a.remark if a }}</textarea>
<input type="date" name="{{ q.key }}-due" value="{{ a.due_on or "" if a }}">
<input type="file" name="{{ q.key }}-file">
<input type="url" name="{{ q.key }}-url"><p>{{ a.saved_at if a }}</p></article>{% endfor %}</form></html>"""
)


def documents(questions: int) -> tuple[list[Any], list[Questionnaire]]:
    """Return the shipped documents, with as many questions on one page of the first phase as wanted."""
    frameworks, sheets = builders.documents(SEEDS)
    return frameworks, [_crowded(sheet, questions) if sheet.key == "base-plan" else sheet for sheet in sheets]


def _crowded(sheet: Questionnaire, questions: int) -> Questionnaire:
    pool = [question for _, question in sheet.questions() if question.kind == "scale" and question.when is None]
    more = questions - len(sheet.sections[0].questions)
    added = [
        pool[n % len(pool)].model_copy(update={"key": f"X{n}z", "gate": False, "roles": []})
        for n in range(max(0, more))
    ]
    first = sheet.sections[0].model_copy(update={"questions": [*sheet.sections[0].questions, *added]})
    return sheet.model_copy(update={"sections": [first, *sheet.sections[1:]]})


def bare(database: Database, seat: Seat, questions: list[Any], scale: list[Any]) -> str:
    """Write the page as a plain loop over the same rows."""
    with database.session(read_only=True) as session:
        rows = session.execute(select(Answer.__table__).where(Answer.screening_id == seat.screening)).all()
    return BARE.render(questions=questions, answers={row.question_key: row for row in rows}, scale=scale)


def cpu(act: Callable[[], object]) -> float:
    """Return the CPU seconds that `act` takes in this process."""
    started = time.process_time()
    act()
    return time.process_time() - started


def measured(kind: str, questions: int) -> tuple[list[float], list[float], int, int]:
    """Return the times of page and bare loop, the statements of the page, and its size in bytes."""
    with stage(kind, 1, documents(questions)) as (database, settings, [seat]):
        frameworks, sheets = documents(questions)
        asked = list(next(sheet for sheet in sheets if sheet.key == "base-plan").sections[0].questions)
        client = create_app(settings, database).test_client()
        name, _, value = seat.cookie.partition("=")
        client.set_cookie(name, value, domain="localhost")
        path = f"/screenings/{seat.screening}/items/safety"
        answer = client.get(path)
        assert answer.status_code == 200, answer.text[:500]
        with counted(database) as found:
            client.get(path)
        page, plain = [], []
        for _ in range(REPEATS):
            page.append(cpu(lambda: client.get(path)))
            plain.append(cpu(lambda: bare(database, seat, asked, frameworks[0].scale)))
    return page, plain, len(found), len(answer.data)


def main(kind: str = "sqlite", questions: int = 30, say: Callable[[str], None] = print) -> None:
    """Measure one size for time and two sizes for statements, and print them with the goal."""
    page, plain, count, size = measured(kind, questions)
    _, _, twice, _ = measured(kind, 2 * questions)
    a, b = 1000 * statistics.median(page), 1000 * statistics.median(plain)
    say(
        f"page of {questions} questions on {kind}: {a:.1f} ms CPU, bare loop {b:.1f} ms = {a / b:.1f}x (goal 1.5),"
        f" {count} statements, {twice} with {2 * questions} questions (goal 10), {size / 1000:.0f} kB of HTML"
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(arguments[0] if arguments else "sqlite", int(arguments[1]) if len(arguments) > 1 else 30)
