"""The page of a framework version: everything that is data in it, said in words. (Questionnaires have pages of their own.)

It stands here and not in questionnaires because what a trigger does is explained by the screenings, which lie above them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from flask import Blueprint
from flask.typing import ResponseReturnValue

from governance.accounts.rules import authorize
from governance.pages import current_work, loaded, page, permission, today
from governance.questionnaires.conditions import Condition, sentence
from governance.questionnaires.definition import Effect, Framework, Question
from governance.questionnaires.models import FrameworkVersion
from governance.questionnaires.services import current_questionnaires, framework_in, questionnaire_in
from governance.questionnaires.values import values_of
from governance.reviews.committee import EXPERTISE
from governance.reviews.committee_words import RULES, TIES
from governance.reviews.committee_words import VALUES as RULE_VALUES
from governance.reviews.rules import OUTCOMES
from governance.screenings.explain import effect_of, level
from governance.texts import Text, both, joined
from governance.work import UnitOfWork

blueprint = Blueprint("frameworks", __name__)

COMMITTEE = {
    "authority": Text("権限", "Authority"),
    "min_members": Text("委員の人数（以上）", "Members, at least"),
    "external_share": Text("外部委員の割合（超）", "Share of external members, more than"),
    "expertise_required": Text("必要な専門", "Expertise needed"),
    "min_sessions_per_fiscal_year": Text("年度内の開催回数（以上）", "Meetings a fiscal year, at least"),
    "alert_month": Text("開催の不足を知らせる月", "Month in which too few meetings are noted"),
    "quorum_share": Text("定足数（超）", "Quorum, more than"),
    "external_majority_present": Text("出席者の過半数が外部委員", "External majority among those present"),
    "lay_present": Text("一般・利用者の立場の委員の出席（以上）", "Lay members present, at least"),
    "lay_expertise": Text("一般・利用者の立場とみなす専門", "Expertise that counts as lay"),
    "decision_share": Text("可決に必要な割合（超）", "Share that carries a motion, more than"),
    "tie": Text("可否同数のとき", "On a tie"),
    "chair_casting_vote": Text("委員長の決裁権", "Casting vote of the chair"),
    "remote_counts": Text("遠隔の出席を数える", "Remote attendance counts"),
    "circulation": Text("書面・持ち回り", "Decision by circulation"),
    "notice_days": Text("資料を送る期限（会議の何日前）", "Materials are sent, days before"),
    "appeal_days": Text("異議の申立て（日以内）", "Appeal, within days"),
    "overdue_reminder_days": Text(
        "条件の期限超過から一時停止まで（日）", "Days from an overdue condition to suspension"
    ),
    "overdue_suspends": Text("期限超過で一時停止にする", "An overdue condition suspends"),
    "votes_shown": Text("票の見せ方", "How votes are shown"),
}
VALUES = {
    "deciding": Text("決定する", "decides"),
    "advisory": Text("助言する", "advises"),
    "deferred": Text("継続審査", "deferred"),
    "expedited_only": Text("迅速審査だけ", "for expedited review only"),
    "totals": Text("合計だけ", "totals only"),
    "True": Text("はい", "Yes"),
    "False": Text("いいえ", "No"),
    "humanities": Text("人文", "Humanities"),
    **EXPERTISE,
}
WORDS = {value: text for (_key, value), text in RULE_VALUES.items()} | dict(TIES)


class Rule(NamedTuple):
    """One rule that a trigger fires: when, what it does, and what it rests on."""

    trigger: str
    topic: Text
    when: Text
    does: Text
    basis: str


@blueprint.get("/frameworks/<framework_id>")
@permission("questionnaire:view")
def show(framework_id: str) -> ResponseReturnValue:
    """Show one version of a framework: phases, items, scale, levels, matrix, triggers, hard stops, deciders, committee."""
    work = current_work()
    authorize(work.actor, "questionnaire:view")
    row = loaded(FrameworkVersion, framework_id)
    framework = framework_in(row)
    questions = _questions(work, framework)
    return page(
        "questionnaires/framework.html",
        row=row,
        framework=framework,
        levels=len(framework.levels),
        level=lambda n: level(framework, n),
        rules=[_rule(framework, effect, questions) for effect in framework.effects],
        stops=_stops(framework, questions),
        matrix=matrix(framework),
        deciders=_deciders(framework),
        committee=committee_words(framework),
        in_force=row.effective_on <= today(),
    )


def _questions(work: UnitOfWork, framework: Framework) -> dict[str, Question]:
    """Return every question in force under the framework, by key."""
    rows = current_questionnaires(work, framework.key, [phase.code for phase in framework.phases])
    return {q.key: q for row in rows for _, q in questionnaire_in(row).questions()}


def _rule(framework: Framework, effect: Effect, questions: Mapping[str, Question]) -> Rule:
    found = questions.get(effect.trigger)
    topic = found.topic if found else both(effect.trigger)
    return Rule(
        effect.trigger, topic, in_words(framework, effect.when, questions), effect_of(framework, effect), effect.basis
    )


def in_words(framework: Framework, when: Condition, questions: Mapping[str, Question]) -> Text:
    """Return a condition as a sentence whose values read as on the form."""

    def label(key: str, value: str) -> Text:
        question = questions.get(key)
        return values_of(framework, question).get(value, both(value)) if question else both(value)

    return sentence(when, label)


def _stops(framework: Framework, questions: Mapping[str, Question]) -> list[tuple[str, Text, Text, Text]]:
    proved_wrong = Text(
        "審査で、必須（★）の証跡が事実と異なると分かった", "The review found the evidence of a gate (★) to be untrue"
    )
    return [
        (stop.code, stop.name, in_words(framework, stop.when, questions) if stop.when else proved_wrong, stop.advice)
        for stop in framework.hard_stops
    ]


def matrix(framework: Framework) -> list[tuple[int, Text, list[tuple[int, int]]]]:
    """Return the matrix from the gravest severity down: (grade, name, [(product, rank of its level), …])."""
    return [
        (
            s,
            framework.severity[s - 1].name,
            [(s * n, framework.level_of_product(s * n)) for n in range(1, len(framework.likelihood) + 1)],
        )
        for s in range(len(framework.severity), 0, -1)
    ]


def _deciders(framework: Framework) -> list[tuple[int, Text, Text, Text | None]]:
    """Return per residual level who may decide what, and which outcome needs a recorded reason."""
    return [
        (
            framework.level_rank(row.residual),
            joined([framework.name_of("bodies", code) for code in row.bodies]),
            joined([OUTCOMES.get(code, both(code)) for code in row.outcomes]),
            joined([OUTCOMES.get(code, both(code)) for code in row.reason_required]) if row.reason_required else None,
        )
        for row in framework.deciders
    ]


def committee_words(framework: Framework) -> list[tuple[Text, Text]]:
    """Return the defaults of committees as label and value."""

    def word(value: object) -> Text:
        return VALUES.get(str(value)) or WORDS.get(str(value), both(str(value)))

    labels = COMMITTEE | {key: rule.name for key, rule in RULES.items() if key not in COMMITTEE}
    order = [key for key in labels if key in framework.committee]
    rest = [key for key in framework.committee if key not in labels]
    return [(labels.get(key, both(key)), _words(word, framework.committee[key])) for key in (*order, *rest)]


def _words(word: Callable[[object], Text], value: object) -> Text:
    return joined([word(each) for each in value]) if isinstance(value, list) else word(value)
