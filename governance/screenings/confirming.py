"""Answers that came along with a move to newer questionnaires wait until somebody has looked at them; until then nothing is submitted."""

from __future__ import annotations

from governance.refusals import Problem
from governance.screenings.loading import Filled
from governance.screenings.models import Answer
from governance.screenings.planning import questions_of
from governance.texts import Text


def waiting(now: Filled) -> list[Answer]:
    """Return the answers to asked questions that are still to be confirmed, in the order of the pages."""
    return [now.answers[key] for key in now.score.asked if key in now.answers and now.answers[key].to_confirm]


def gaps(now: Filled) -> list[Problem]:
    """Return a sentence for each answer that is still to be confirmed."""
    questions = questions_of(now.sheet)
    words = Text(
        "{key} {topic}：質問票が新しい版になりました。いまの回答でよいか確かめてください。",
        "{key} {topic}: the questionnaire changed. Confirm that the answer still holds.",
    )
    return [
        Problem(
            "screenings.to_confirm",
            words.filled(key=each.question_key, topic=questions[each.question_key].topic),
            each.question_key,
        )
        for each in waiting(now)
    ]
