"""What the expert team's desk adds to sections 9 and 10 of a content: precedents that were cited.

Of a precedent the report tells number and outcome alone, for its readers need not be readers of that case.
"""

from __future__ import annotations

from governance.reports import sentences
from governance.reports.case import Case
from governance.reports.deliberation import Precedent
from governance.reports.names import coded, day_of, entered, said
from governance.reviews.rules import OUTCOMES


def precedents(case: Case) -> list[Precedent]:
    """Return the precedents cited for the decision, in the order they were named."""
    return [
        {
            "number": each.cited.screening.project.number,
            "on": day_of(each.cited.decided_at),
            "outcome": coded(each.cited.outcome, OUTCOMES[each.cited.outcome]),
            "session": said(
                sentences.SESSION.filled(year=each.cited.item.meeting.fiscal_year, number=each.cited.item.meeting.number)
            )
            if each.cited.item
            else None,
            "note": entered(each.note),
        }
        for each in case.citations
    ]
