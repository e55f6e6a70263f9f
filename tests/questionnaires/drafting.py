"""Steps of a draft's life for tests: each does one act as somebody, with the revision the draft has at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from governance.questionnaires import drafts
from governance.questionnaires.models import QuestionnaireVersion
from governance.work import UnitOfWork
from tests.builders import World

TOPIC = ("ja: 危害シナリオの洗い出し", "ja: 危害の洗い出し")
FAMILY = "hitachi-ai-ethics"


def newest(work: UnitOfWork, key: str = "base-plan") -> QuestionnaireVersion:
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == key)
    return work.session.scalars(query.order_by(QuestionnaireVersion.published_at.desc())).first()


def act(made: World, who: str, draft_id: str, do: Callable[..., Any], **values: Any) -> Any:
    """Do one act on a draft as somebody, with the revision it has now."""
    with made.acting(who) as work:
        row = drafts.draft(work, draft_id)
        return do(work, row, rev=values.pop("rev", row.rev), **values)


def started(made: World, who: str = "expert", key: str = "base-plan") -> str:
    with made.acting(who) as work:
        return drafts.start(work, newest(work, key).id).id


def edit(made: World, draft_id: str, *pairs: tuple[str, str], who: str = "expert", note: str | None = None) -> None:
    with made.acting(who) as work:
        row = drafts.draft(work, draft_id)
        text = row.text
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        drafts.save(work, row, rev=row.rev, text=text, note=note)


def published(made: World, *pairs: tuple[str, str], key: str = "base-plan") -> QuestionnaireVersion:
    draft_id = started(made, key=key)
    edit(made, draft_id, *pairs)
    act(made, "expert", draft_id, drafts.submit)
    return act(made, "expert2", draft_id, drafts.publish)
