"""Conditions that the findings of a case suggest: each open gate and each missing control becomes a draft in one press.

A draft is a proposal in a form and nothing more: the body that decides rewrites or drops it (domain.md §6.3 condition fields). Findings
become measures in the same way on the pages of the team (screenings/measures.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from governance.reviews.rules import local_date
from governance.screenings.loading import Filled, load
from governance.screenings.measures import gaps
from governance.screenings.models import Screening
from governance.texts import Text
from governance.work import UnitOfWork

KIND_OF_PHASE = ("pre_start", "pre_launch", "periodic")
"""When a condition of the first, second and any later phase is to be met."""
DAYS: Mapping[str, int] = {"pre_start": 30, "pre_launch": 60, "periodic": 90}
MOST = 12


@dataclass(frozen=True)
class Proposal:
    """A condition that a finding suggests: the question, what it is about, and the row of the form."""

    key: str
    topic: Text
    is_gate: bool
    row: Mapping[str, str]


def proposals(work: UnitOfWork, screening: Screening) -> list[Proposal]:
    """Return what the findings of a screening suggest, open gates first, at most a dozen."""
    filled = load(work.session, screening)
    gates = [key for item in filled.score.items for key in item.gates_open]
    missing = gaps(filled, filled.score.asked, is_closed=True)
    keys = list(dict.fromkeys([*gates, *missing]))[:MOST]
    owner = screening.project.owner.id if screening.project.owner else ""
    topics = {q.key: q.topic for each in filled.sheet.questionnaires for _, q in each.questions()}
    kind = _kind(filled, screening.phase)
    due = local_date(work.now) + timedelta(days=DAYS[kind])
    return [Proposal(key, topics[key], key in gates, _row(key, topics[key], kind, owner, due)) for key in keys]


def _kind(filled: Filled, phase: str) -> str:
    codes = [each.code for each in filled.sheet.framework.phases]
    return KIND_OF_PHASE[min(codes.index(phase), len(KIND_OF_PHASE) - 1)]


def _row(key: str, topic: Text, kind: str, owner: str, due: date) -> Mapping[str, str]:
    text = Text(
        "{key}「{topic}」を実施し、その証跡を示すこと。", "Carry out {key} “{topic}” and show the evidence of it."
    ).filled(key=key, topic=topic)
    return {
        "text": text.ja,
        "text_en": text.en,
        "kind": kind,
        "owner": owner,
        "verifier": "",
        "due_on": due.isoformat(),
    }


def with_proposal(
    rows: Sequence[dict[str, str]], wanted: str, found: Sequence[Proposal], most: int
) -> list[dict[str, str]]:
    """Return the rows of a form with the wanted proposal in the first empty one; unchanged when it is there already or none is wanted."""
    chosen = next((each.row for each in found if each.key == wanted), None)
    if chosen is None or any(row["text"] == chosen["text"] for row in rows):
        return list(rows)
    made = list(rows)
    for number, row in enumerate(made):
        if not any(row[part].strip() for part in ("text", "owner", "due_on")):
            made[number] = dict(chosen)
            return made
    return [*made, dict(chosen)][:most]
