"""The address that pages save to while a person answers: one request that says what was kept and how the score now stands.

It speaks JSON to the script of the page, in the reader's language, and never answers with a page: what could not be saved stays on
the person's device, so each way a save can fail has its own code and sentence (409 conflict, 422 wrong, 410 no longer asked,
423 locked). Without script the pages save by their button (item_views.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import IntegrityError

from governance import formats
from governance.pages import (
    current_person,
    is_script,
    locale,
    now,
    permission,
    redirect_to,
    signed_in,
    tell,
    write,
    zone,
)
from governance.refusals import Conflict, Problem, Refusal, Refusals
from governance.screenings import autosaving, forms, kinds, showing
from governance.screenings.autosaving import Kept
from governance.screenings.explain import level, route_reasons, stop_reason, totals
from governance.screenings.framing import blueprint, clashes, href_of, questions_by_key, topics
from governance.screenings.loading import Filled
from governance.screenings.models import Answer, ItemRating, Screening
from governance.screenings.routing import Sheet
from governance.texts import Text
from governance.work import UnitOfWork

FACTS, TRIGGERS = "facts", "triggers"
TRIES = 3
LOCKED, GONE = 423, 410
GONE_WORDS = Text(
    "{key}は、質問票が新しい版になったため、なくなりました。入力した内容は、必要ならほかの欄に写してください。",
    "{key} is no longer asked: the questionnaire has a new version. Copy what you entered elsewhere if it is still needed.",
)


@blueprint.get("/token")
@signed_in()
def token() -> ResponseReturnValue:
    """Give the token of the present session, for a page that was open while the person signed in anew, and say who that is."""
    person = current_person()
    return jsonify(token=generate_csrf(), person=person.id if person else None)


@blueprint.post("/screenings/<screening_id>/save")
@permission("screening:answer", unit="own")
def autosave(screening_id: str) -> ResponseReturnValue:
    """Save the questions that were sent, each by itself, and answer with the state of the page."""
    return _answered(lambda work: _save(work, screening_id))


@dataclass(frozen=True)
class Outcome:
    """What one save did, taken out of its transaction, so that nothing is drawn while others wait to write."""

    row: Screening
    sheet: Sheet
    kept: Kept
    gone: list[str]


def _answered(act: Callable[[UnitOfWork], Outcome]) -> ResponseReturnValue:
    """Run the act; try again when another save was a moment earlier: its answer is then seen as a conflict, or not at all."""
    for attempt in range(TRIES):
        try:
            return _told(write(act))
        except (Conflict, IntegrityError):
            if attempt == TRIES - 1:
                raise
        except Refusal as refused:
            if refused.kind != "refused":
                raise
            return jsonify(closed=refused.text.in_(locale())), LOCKED
    raise AssertionError("unreachable")


def _save(work: UnitOfWork, screening_id: str) -> Outcome:
    held = autosaving.hold(work, screening_id)
    known = held.sheet.by_key
    sent = [name.removesuffix("-rev") for name in request.form if name.endswith("-rev")]
    gone = [key for key in sent if key not in known and not key.startswith("rating-")]
    entries, problems = forms.entries(request.form, [known[key] for key in sent if key in known])
    wrong = {problem.place for problem in problems}
    ratings = [found for item in held.sheet.framework.items if (found := forms.rating(request.form, item.code))]
    kept = autosaving.keep(work, held, [each for each in entries if each.key not in wrong], ratings)
    kept.problems += problems
    return Outcome(held.row, held.sheet, kept, gone)


def _told(done: Outcome) -> ResponseReturnValue:
    kept = done.kept
    body: dict[str, Any] = {
        "saved": {key: _saved(done.sheet, key, answer) for key, answer in kept.answers.items()},
        "ratings": {f"rating-{item}": _rated(rating) for item, rating in kept.ratings.items()},
        "conflicts": [_conflict(each) for each in kept.conflicts],
        "problems": [_problem(each) for each in kept.problems],
        "gone": [{"key": key, "text": GONE_WORDS.filled(key=key).in_(locale())} for key in done.gone],
        **_stand(done),
    }
    return jsonify(body), 409 if kept.conflicts else 422 if kept.problems else GONE if done.gone else 200


def _saved(sheet: Sheet, key: str, answer: Answer | None) -> dict[str, Any]:
    said = ""
    if answer is not None and answer.value:
        said = kinds.in_words(sheet.framework, sheet.by_key[key], answer.value, answer.text).in_(locale())
    return {**_rated(answer), "said": said}


def _rated(row: Answer | ItemRating | None) -> dict[str, Any]:
    person = current_person()
    name = person.name_in(locale()) if person else ""
    return (
        {"rev": row.rev, "at": formats.clock(row.saved_at, zone()), "by": name}
        if row
        else {"rev": 0, "at": "", "by": ""}
    )


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "key": conflict.place,
        "rev": conflict.rev,
        "text": conflict.text.in_(locale()),
        "mine": _side(conflict.mine),
        "theirs": _side(conflict.theirs),
        "base": _side(conflict.base) if conflict.base else None,
    }


def _side(side: dict[str, str]) -> dict[str, str]:
    """Return one side of a conflict in the reader's language; `value` and `text` are what its fields would hold."""
    if "ja" not in side:
        return side
    english = locale() == "en"
    at = formats.recent(datetime.fromisoformat(side["at"]), now(), zone()).in_(locale()) if side.get("at") else ""
    return {
        "said": side["en"] if english else side["ja"],
        "value": side["value"],
        "text": side["text"],
        "remark": side["remark"],
        "due": side["due_on"],
        "by": side.get("by_en" if english else "by", ""),
        "at": at,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"key": problem.place, "text": problem.text.in_(locale())}


# ---------------------------------------------------------------- how the page now stands


def _stand(done: Outcome) -> dict[str, Any]:
    """Return progress and level, and, when the answers that count have changed, what is asked and the parts of the page."""
    place, row = request.form.get("page", ""), done.row
    residual = level(done.sheet.framework, row.residual)
    stand = {"done": row.answered, "asked": row.asked, "level": residual.text.in_(locale()) if residual else ""}
    filled = done.kept.filled
    if filled is None:
        return stand
    keys = _keys_on_page(row, filled, place)
    left = [key for key in keys if key in filled.asked and not filled.values.get(key)]
    return {**stand, "questions": keys, "left": left, "parts": _parts(row, filled, place, keys)}


def _keys_on_page(row: Screening, filled: Filled, place: str) -> list[str]:
    if place == TRIGGERS:
        return [q.key for _, found in showing.trigger_sections(filled) for q in found]
    phase = request.form.get("phase") or row.phase
    return [q.key for _, q in showing.sections_for(filled, None if place == FACTS else place, phase)]


def _parts(row: Screening, filled: Filled, place: str, keys: list[str]) -> dict[str, str]:
    framework, score = filled.sheet.framework, filled.score
    found = {
        "clashes": render_template(
            "screenings/live/clashes.html", clashes=[c for c in clashes(row, filled) if c.concerns(keys)]
        )
    }
    if place == TRIGGERS:
        return {**found, "route": render_template("screenings/live/route.html", **_route(row, filled))}
    here = (None if place == FACTS else place, request.form.get("phase") or row.phase)
    found["map"] = render_template(
        "screenings/live/map.html", framework=framework, rows=showing.progress_rows(filled, href_of(row), here)
    )
    if place in {item.code for item in framework.items}:
        item = score.item(place)
        found["score"] = render_template(
            "screenings/live/score.html",
            item=showing.shown_item(framework, item, questions_by_key(filled)),
            framework=framework,
            threshold=int(framework.matrix.step_down_at_percent) if framework.matrix else None,
            levels=len(framework.levels),
            missing=showing.missing_pieces(item),
            totals=totals(framework, score),
        )
    return found


def _route(row: Screening, filled: Filled) -> dict[str, Any]:
    framework, score = filled.sheet.framework, filled.score
    return {
        "route": framework.route(score.route),
        "reasons": route_reasons(framework, score, topics(filled), filled.values),
        "stops": [stop_reason(framework, stop) for stop in score.stops],
        "score": score,
        "framework": framework,
        "own_questionnaires": filled.sheet.questionnaires,  # documents have `pack` as their versions do
    }


# ---------------------------------------------------------------- going back


@blueprint.post("/screenings/<screening_id>/answers/<key>/restore")
@permission("screening:answer", unit="own")
def restore(screening_id: str, key: str) -> ResponseReturnValue:
    """Give an answer back the content of an earlier state, as a new state of its history."""

    def act(work: UnitOfWork) -> Outcome:
        held = autosaving.hold(work, screening_id)
        revision = forms.whole(request.form.get("rev", "")) or 0
        kept = autosaving.restore(work, held, key, request.form.get("change", ""), rev=revision)
        return Outcome(held.row, held.sheet, kept, [])

    if is_script():
        return _answered(act)
    outcome = write(act)
    for conflict in outcome.kept.conflicts:
        raise conflict
    Refusals.raise_any(outcome.kept.problems)
    tell(Text("以前の内容に戻しました。", "The earlier answer was put back."))
    return redirect_to("screenings.history", screening_id=screening_id, key=key)
