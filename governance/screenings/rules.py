"""Decisions about screenings that need no database: what an answer may be, what is missing, what changed.

The sentences here are what a project team reads when something is wrong, so each says what and where (domain.md §3.4, §5.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from governance.questionnaires.definition import NOT_APPLICABLE, Framework, Question, Step
from governance.questionnaires.values import step_name
from governance.refusals import Problem, Refusal
from governance.screenings import kinds
from governance.screenings.result import Score
from governance.screenings.routing import Sheet
from governance.texts import Text

EDITABLE = frozenset({"draft", "returned"})
APPROVED = frozenset({"approved", "approved_with_conditions"})
ENDING = frozenset({"rejected"})
"""Decisions after which an earlier approval of the phase stands no more."""
CLOSED = APPROVED | ENDING | {"withdrawn"}
MAX_REMARK = 4000
MAX_REASON = 2000


@dataclass(frozen=True)
class Entry:
    """What a person enters for one question; `rev` is 0 when there was no answer when the page was opened.

    `text` is the content of a free text, or of rows as JSON, whose value says only that something was given. `confirmed` says that an
    answer brought along by a move to newer questionnaires still holds.
    """

    key: str
    value: str
    remark: str = ""
    due_on: date | None = None
    rev: int = 0
    text: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class RatingEntry:
    """What a person enters for one item; None while not chosen."""

    item: str
    severity: int | None
    likelihood: int | None
    severity_reason: str = ""
    likelihood_reason: str = ""
    rev: int = 0


def stored_form(question: Question, entry: Entry) -> Entry:
    """Return the entry as it is stored: numbers and dates as typed in Japan are read, choices stand in the order of the definition."""
    value, text = kinds.stored_form(question, entry.value, entry.text)
    return replace(entry, value=value, text=text, remark=entry.remark.strip())


def refusal(problem: Problem) -> Refusal:
    """Return a problem as the refusal of an act."""
    return Refusal(problem.code, problem.text.ja, problem.text.en, place=problem.place)


def entry_problems(framework: Framework, question: Question, entry: Entry) -> list[Problem]:
    """Return everything that is wrong with an entry in its stored form."""
    found = list(kinds.problems(framework, question, entry.value, entry.text))
    step = framework.step(entry.value) if question.kind == "scale" else None
    if step and step.is_not_applicable and question.gate:
        words = Text(
            "{key}：必須（★）の質問は「{name}」にできません。対象がない場合は、ないことを確かめた結果を補足に書いて「実施済」を選んでください。",
            "{key}: a gate question (★) cannot be “{name}”. If nothing applies, say how that was established and choose “Done”.",
        ).filled(key=question.key, name=step.name)
        found.append(Problem("screenings.gate_not_applicable", words, question.key))
    if len(entry.remark) > MAX_REMARK:
        words = Text(
            "{key}：補足は{limit}文字以内で書いてください（いま{now}文字）。",
            "{key}: use at most {limit} characters in the remark (now {now}).",
        ).filled(key=question.key, limit=MAX_REMARK, now=len(entry.remark))
        found.append(Problem("screenings.too_long", words, question.key))
    return found


def check_rating(framework: Framework, entry: RatingEntry) -> None:
    """Refuse a grade that is not on the scale or a reason that is too long."""
    for grade, grades in ((entry.severity, framework.severity), (entry.likelihood, framework.likelihood)):
        if grade is not None and not 1 <= grade <= len(grades):
            raise Refusal(
                "screenings.grade",
                "選べる段階ではありません。選び直してください。",
                "This grade does not exist; choose again.",
                place=entry.item,
            )
    if max(len(entry.severity_reason), len(entry.likelihood_reason)) > MAX_REASON:
        raise Refusal(
            "screenings.too_long",
            "理由は{limit}文字以内で書いてください。",
            "Use at most {limit} characters for a reason.",
            place=entry.item,
            limit=MAX_REASON,
        )


@dataclass(frozen=True)
class Given:
    """What is stored for one question when a submission is checked."""

    value: str
    remark: str
    due_on: date | None
    evidence: int


def gaps(
    sheet: Sheet, score: Score, given: Mapping[str, Given], reasons: Mapping[str, tuple[str, str]]
) -> list[Problem]:
    """Return everything that keeps a screening from being submitted, in the order of the pages (domain.md §6.1 guard).

    `reasons` maps item → (severity reason, likelihood reason).
    """
    problems: list[Problem] = []
    asked = set(score.asked)
    for questionnaire in sheet.questionnaires:
        for _, question in questionnaire.questions():
            if question.key in asked:
                problems += _gaps_of_answer(sheet.framework, question, given.get(question.key, Given("", "", None, 0)))
    for item in score.items if sheet.framework.severity else ():
        problems += _gaps_of_rating(
            sheet.framework, item.item, item.severity_chosen, item.likelihood_chosen, reasons.get(item.item, ("", ""))
        )
    return [*problems, *_too_much_not_applicable(sheet, score)]


def _gaps_of_answer(framework: Framework, question: Question, given: Given) -> Iterable[Problem]:
    if not given.value:
        if question.required:
            yield _gap(question, "unanswered", "{key} {topic}：回答がありません。", "{key} {topic}: no answer yet.")
    elif question.kind == "scale":
        if step := framework.step(given.value):
            yield from _gaps_of_step(question, step, given)
    elif given.value == NOT_APPLICABLE:
        if not given.remark.strip():
            yield _gap(
                question,
                "no_remark",
                "{key} {topic}：「該当なし」とする理由を補足に書いてください。",
                "{key} {topic}: say in the remark why it is not applicable.",
            )
    elif question.needs_evidence and not given.evidence:
        yield _gap(
            question,
            "no_evidence",
            "{key} {topic}：証跡を1つ以上付けてください。",
            "{key} {topic}: attach at least one piece of evidence.",
        )


def _gaps_of_step(question: Question, step: Step, given: Given) -> Iterable[Problem]:
    needed = step.needs_evidence or (question.needs_evidence and step.factor)
    if needed and not given.evidence:
        yield _gap(
            question,
            "no_evidence",
            "{key} {topic}：「{step}」を選ぶには、証跡を1つ以上付けてください。",
            "{key} {topic}: attach at least one piece of evidence for “{step}”.",
            step=step_name(step),
        )
    if step.needs_remark and not given.remark.strip():
        yield _gap(
            question,
            "no_remark",
            "{key} {topic}：この回答には補足（理由や残っていること）が必要です。",
            "{key} {topic}: this answer needs a remark (the reason, or what remains).",
        )
    if step.needs_due and given.due_on is None:
        yield _gap(
            question,
            "no_due",
            "{key} {topic}：完了の予定日を入力してください。",
            "{key} {topic}: enter the planned date.",
        )


def _gap(question: Question, code: str, ja: str, en: str, **values: object) -> Problem:
    text = Text(ja, en).filled(key=question.key, topic=question.topic, **values)
    return Problem(f"screenings.{code}", text, question.key)


def _gaps_of_rating(
    framework: Framework, item: str, severity: int | None, likelihood: int | None, reasons: tuple[str, str]
) -> Iterable[Problem]:
    name = framework.item(item).name
    for grade, reason, word in (
        (severity, reasons[0], Text("影響", "severity")),
        (likelihood, reasons[1], Text("起こりやすさ", "likelihood")),
    ):
        if grade is None:
            text = Text("{name}：{word}が選ばれていません。", "{name}: {word} is not chosen.").filled(
                name=name, word=word
            )
            yield Problem("screenings.unrated", text, f"rating-{item}")
        elif not reason.strip():
            text = Text("{name}：{word}の理由を書いてください。", "{name}: give the reason for the {word}.").filled(
                name=name, word=word
            )
            yield Problem("screenings.no_reason", text, f"rating-{item}")


def _too_much_not_applicable(sheet: Sheet, score: Score) -> Iterable[Problem]:
    """Light route: 該当なし may carry at most a stated share of an item's weight (domain.md §5.2 step 3)."""
    limit = sheet.framework.scoring.not_applicable_share.get(score.base_route)
    if limit is None:
        return
    for item in score.items:
        whole = sum(c.weight for c in item.counted)
        declared = sum(
            c.weight for c in item.counted if (step := sheet.framework.step(c.value)) and step.is_not_applicable
        )
        if whole and Decimal(declared) / whole > limit:
            text = Text(
                "{name}：この審査経路では「該当なし」は重みの{limit}%までです。",
                "{name}: on this route at most {limit}% of the weight may be not applicable.",
            )
            yield Problem(
                "screenings.not_applicable_share",
                text.filled(name=sheet.framework.item(item.item).name, limit=int(limit * 100)),
                item.item,
            )


class Held(Protocol):
    """What gates are computed from: a screening of a phase, how it stands, and until when its approval holds."""

    phase: str
    sequence: int
    state: str
    valid_until: date | None


HeldT = TypeVar("HeldT", bound=Held)


def standing(held: Iterable[HeldT]) -> dict[str, HeldT]:
    """Return per phase the screening whose approval stands: the newest decided one, unless it was decided otherwise.

    A re-screening under way, or withdrawn, leaves the approval before it in place; one that was rejected ends it, and an appeal does not
    bring it back until it is decided. What stands may have expired (`is_valid`).
    """
    found: dict[str, HeldT] = {}
    for each in sorted(held, key=lambda one: one.sequence):
        if each.state in APPROVED:
            found[each.phase] = each
        elif each.state in ENDING or getattr(each, "is_appealed", False):
            found.pop(each.phase, None)
    return found


def is_valid(held: Held | None, today: date) -> bool:
    """Say whether there is an approval and it has not expired."""
    return held is not None and (held.valid_until is None or held.valid_until >= today)


def under_way(held: Iterable[HeldT], phase: str) -> HeldT | None:
    """Return the screening of the phase that is neither decided nor withdrawn, or None."""
    return next((each for each in held if each.phase == phase and each.state not in CLOSED), None)


def gate_shut_by(framework: Framework, phase: str, held: Sequence[Held], today: date) -> list[str]:
    """Return the earlier phases that keep the gate to `phase` shut: without an approval, or with one that ended.

    An approval that ended counts no more against a later one that holds, because that asked everything again (answers are carried).
    """
    stands = standing(held)
    earlier = framework.earlier_phases(phase)
    missing = [code for code in earlier if code not in stands]
    valid = [number for number, code in enumerate(earlier) if is_valid(stands.get(code), today)]
    reach = max(valid, default=-1)
    expired = [code for number, code in enumerate(earlier) if number > reach and code in stands]
    return sorted({*missing, *expired}, key=earlier.index)


def may_open(framework: Framework, phase: str, held: Sequence[Held], today: date) -> None:
    """Refuse to open a phase while one is under way, or before every earlier phase has a valid approval (domain.md §6.1)."""
    must_not_be_under_way(framework, phase, held)
    for earlier in gate_shut_by(framework, phase, held, today):
        raise Refusal(
            "screenings.gate_shut",
            "「{phase}」を始めるには、「{earlier}」の有効な承認が必要です。",
            "“{phase}” can begin only with a valid approval of “{earlier}”.",
            phase=framework.phase(phase).name,
            earlier=framework.phase(earlier).name,
        )


def must_not_be_under_way(framework: Framework, phase: str, held: Sequence[Held]) -> None:
    """Refuse a second screening of a phase at the same time."""
    if under_way(held, phase) is not None:
        raise Refusal(
            "screenings.already_open",
            "「{phase}」のスクリーニングはすでに進行中です。",
            "A screening of “{phase}” is already under way.",
            phase=framework.phase(phase).name,
        )


def must_be_editable(state: str) -> None:
    """Refuse a change to a revision that is locked."""
    if state not in EDITABLE:
        raise Refusal(
            "screenings.locked",
            "提出済みのため、回答は変えられません。差戻しになると、新しい改訂として直せます。",
            "This screening was submitted and is locked. When it is returned, it can be changed as a new revision.",
        )


def question_or_refuse(sheet: Sheet, key: str) -> Question:
    """Return the question with this key; Refusal when no pinned questionnaire has it."""
    if key in sheet.by_key:
        return sheet.by_key[key]
    raise Refusal(
        "screenings.unknown_question",
        "質問「{key}」はこのスクリーニングにありません。",
        "This screening has no question “{key}”.",
        place=key,
        key=key[:60],
    )


def counting(sheet: Sheet, keys: Iterable[str], answers: Mapping[str, str]) -> list[str]:
    """Return the questions that progress counts: a question that may stay empty counts only once it is answered."""
    return [key for key in keys if answers.get(key) or key not in sheet.optional]


def progress(sheet: Sheet, score: Score, answers: Mapping[str, str]) -> tuple[int, int]:
    """Return (answered, asked), counting only what is asked."""
    counted = counting(sheet, score.asked, answers)
    return sum(1 for key in counted if answers.get(key)), len(counted)


def trigger_gaps(sheet: Sheet, answers: Mapping[str, str], visible: Sequence[str]) -> list[Problem]:
    """Return the visible trigger questions that have no answer."""
    problems = []
    for questionnaire in sheet.questionnaires:
        if questionnaire.kind != "trigger":
            continue
        for _, question in questionnaire.questions():
            if question.required and question.key in visible and not answers.get(question.key):
                text = Text("{key} {topic}：回答を選んでください。", "{key} {topic}: choose an answer.").filled(
                    key=question.key, topic=question.topic
                )
                problems.append(Problem("screenings.unanswered", text, question.key))
    return problems
