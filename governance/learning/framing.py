"""What all pages of learning share: their blueprint, the tabs, the people to choose from, and the notice of missing training."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from sqlalchemy import select

from governance.accounts.models import User
from governance.accounts.rules import may_ever
from governance.learning import services
from governance.learning.rules import Act
from governance.pages import current_person, current_work
from governance.texts import Text
from governance.work import UnitOfWork

blueprint = Blueprint("learning", __name__)


def people(work: UnitOfWork) -> list[User]:
    """Return everybody whose account is open, by department and name."""
    query = select(User).where(User.is_active).order_by(User.department, User.name)
    return list(work.session.scalars(query))


def tabs(here: str) -> list[tuple[Text, str, bool]]:
    """Return the tabs of learning for the reader."""
    person = current_person()
    found = [
        ("home", Text("危険予知トレーニング", "KYT"), "learning.home"),
        ("mine", Text("自分の教育", "My training"), "learning.mine"),
        ("courses", Text("教育講座", "Courses"), "learning.course_list"),
    ]
    if person is not None and may_ever(person, "training:overview"):
        found.append(("overview", Text("受講状況", "Who has what"), "learning.overview_page"))
    return [(words, url_for(endpoint), code == here) for code, words, endpoint in found]


@blueprint.app_context_processor
def offered() -> dict[str, Any]:
    """Let the pages of screenings and reviews tell which training the reader lacks for an act."""

    def lacks(act: Act) -> list[services.Lack]:
        return list(services.notices(current_work(), act)) if current_person() is not None else []

    return {"training_lacks": lacks}
