"""The workflow as a document: diagram and tables of docs/workflow.md, drawn from the very tables that the services ask.

`python -m governance.reviews.drawing > docs/workflow.md` writes it again; a test fails when the document and the tables differ
(domain.md §6.1, design.md §3.6).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from governance.accounts.rules import PERMISSIONS, names
from governance.projects.life_rules import AFTER, TURNS
from governance.projects.life_rules import STATES as LIFE
from governance.reviews.amendment_rules import AMENDMENT_STATES, AMENDMENT_STEPS
from governance.reviews.rules import CONDITION_STATES, CONDITION_STEPS
from governance.screenings.workflow import ACTIONS, STATES, TRANSITIONS
from governance.texts import Text

HEAD = """# Workflow

Written by `python -m governance.reviews.drawing` from the tables that the services ask; do not edit it by hand.
A pair of state and action that is not listed is refused. Every act is an entry of the ledger with actor, time, reason and the
digest of what it rests on.

"""
LIFE_STEPS: Mapping[tuple[str, str], str] = {(before, act): after for (before, act), after in AFTER.items()}
AMENDMENT_ACTS = {
    "accept": Text("認める（迅速審査）", "accept (expedited)"),
    "rescreen": Text("再スクリーニング", "screen again"),
    "withdraw": Text("取下げ", "withdraw"),
}
CONDITION_ACTS = {
    "report": Text("報告", "report"),
    "verify": Text("確認", "verify"),
    "reject": Text("やり直し", "send back"),
    "waive": Text("免除（委員会）", "waive (committee)"),
}


def document() -> str:
    """Return the whole document."""
    parts = [
        HEAD,
        "## A screening\n\n",
        _diagram({key: each.state for key, each in TRANSITIONS.items()}),
        _screenings(),
    ]
    parts += [
        "## A project\n\n",
        _diagram(LIFE_STEPS),
        _steps(LIFE_STEPS, {str(k): v for k, v in LIFE.items()}, {str(k): v for k, v in TURNS.items()}),
    ]
    parts += [_derived(), "## An amendment\n\n"]
    parts += [_diagram(AMENDMENT_STEPS), _steps(AMENDMENT_STEPS, AMENDMENT_STATES, AMENDMENT_ACTS)]
    parts += [
        "## A condition\n\n",
        _diagram(CONDITION_STEPS),
        _steps(CONDITION_STEPS, CONDITION_STATES, CONDITION_ACTS),
    ]
    return "".join(parts).rstrip() + "\n"


def _diagram(steps: Mapping[tuple[str, str], str]) -> str:
    lines = [f"    {before} --> {after}: {action}" for (before, action), after in steps.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", "", ""])


def _screenings() -> str:
    rows = [
        (
            f"{_said(STATES[before])} `{before}`",
            _said(ACTIONS[action]),
            f"{_said(STATES[each.state])} `{each.state}`",
            f"`{each.permission}`: {names(PERMISSIONS[each.permission].holders).en}",
            each.guard.en or "—",
            f"`{each.event}`",
            f"`{each.notice}`" if each.notice else "—",
        )
        for (before, action), each in TRANSITIONS.items()
    ]
    return _table(("State", "Action", "State after", "Who", "What must hold", "Event", "Notice"), rows)


def _steps(steps: Mapping[tuple[str, str], str], states: Mapping[str, Text], acts: Mapping[str, Text]) -> str:
    rows = [
        (f"{_said(states[before])} `{before}`", _said(acts[act]), f"{_said(states[after])} `{after}`")
        for (before, act), after in steps.items()
    ]
    return _table(("State", "Action", "State after"), rows)


def _derived() -> str:
    return (
        "What a project is said to be in between follows from its screenings and conditions and is kept nowhere:\n"
        "条件対応中 / conditions open while a condition of the standing approval is not settled; 定期再評価 / reassessment while\n"
        "a re-screening is under way or the approval ends soon; 運用中 / in operation with a valid approval of the last phase.\n"
        "An overdue condition suspends the project by the committee's rule.\n\n"
    )


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n\n"


def _said(text: Text) -> str:
    return f"{text.ja} / {text.en}"


if __name__ == "__main__":
    sys.stdout.write(document())
