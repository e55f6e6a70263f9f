"""The life of a project in its report: why it was screened again, whether it is stopped, and the disposal record. Small, in section 2."""

from __future__ import annotations

from collections.abc import Iterator

from governance.projects.life_rules import STATES, TOPICS
from governance.projects.models import Disposal
from governance.reports.case import Case
from governance.reports.content import Fact
from governance.reports.names import said
from governance.reviews.rules import local_date
from governance.texts import Text, both, joined

AGAIN = Text("再スクリーニングの理由", "Reason of the re-screening")
STATE = Text("案件の状態", "State of the project")
DISPOSAL = Text("廃止の記録（{topic}）", "Disposal ({topic})")
DONE = Text("廃止の記録（実施）", "Disposal (carried out)")
NONE = Text("該当なし：{reason}", "Not applicable: {reason}")
UNTIL = Text("{text}（{on}まで保存）", "{text} (kept until {on})")
WHY = Text("{what}（{on}）{note}", "{what} ({on}) {note}")


def facts(case: Case) -> list[Fact]:
    """Return the rows about the life of the project; none for a project that runs and was screened for the first time."""
    rows = [*_again(case), *_state(case), *(_disposal(case.disposal) if case.disposal else ())]
    return [{"term": said(term), "text": said(text)} for term, text in rows]


def _again(case: Case) -> Iterator[tuple[Text, Text]]:
    for each in case.again:
        names = joined([case.framework.name_of("rescreening", code) for code in each.reasons])
        on = local_date(each.opened_at).isoformat()
        yield AGAIN, WHY.filled(what=names, on=on, note=each.note)


def _state(case: Case) -> Iterator[tuple[Text, Text]]:
    if not case.turns or case.turns[0].act == "resumed":
        return
    newest = case.turns[0]
    name = next(words for state, words in STATES.items() if state == newest.act)
    yield STATE, WHY.filled(what=name, on=local_date(newest.acted_at).isoformat(), note=newest.reason)


def _disposal(row: Disposal) -> Iterator[tuple[Text, Text]]:
    for topic, name in TOPICS.items():
        text = both(getattr(row, topic))
        if topic in row.not_applicable:
            text = NONE.filled(reason=text)
        elif topic == "records" and row.records_until:
            text = UNTIL.filled(text=text, on=row.records_until.isoformat())
        yield DISPOSAL.filled(topic=name), text
    yield DONE, both(f"{row.done_by}　{row.done_on.isoformat()}")
