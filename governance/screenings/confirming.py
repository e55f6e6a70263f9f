"""What was brought along waits until somebody has looked at it: until then nothing is submitted.

An answer comes along with a move to newer questionnaires, from an earlier approval, or from a similar project; each says why it is to be
looked at. Confirming is a save like any other, at the revision that was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from governance.ledger.rules import moment
from governance.refusals import Conflict, Problem
from governance.screenings import filling
from governance.screenings.loading import Filled, load
from governance.screenings.models import Answer, ItemRating, Screening
from governance.screenings.planning import questions_of
from governance.screenings.rules import Entry
from governance.texts import Text
from governance.work import UnitOfWork

BECAUSE: Mapping[str, Text] = MappingProxyType(
    {
        "": Text(
            "質問票が新しい版になりました。いまの回答でよいか確かめてください。",
            "The questionnaire changed. Confirm that the answer still holds.",
        ),
        "moved": Text(
            "新しい版の質問に、前の質問への回答を候補として入れました。この質問への回答としてよいか確かめてください。",
            "The answer to a former question was put in as a suggestion. Confirm that it answers this question.",
        ),
        "reworded": Text(
            "前回から質問の内容が変わりました。いまの回答でよいか確かめてください。",
            "This question asks otherwise than last time. Confirm that the answer still holds.",
        ),
        "due": Text(
            "予定日を過ぎました。予定どおり済んだかを確かめ、回答を改めてください。",
            "The planned date has passed. Say whether it was done, and answer anew.",
        ),
        "evidence": Text(
            "付けた証跡の有効期限が切れたか、証跡が取り下げられました。回答と証跡がいまも正しいか確かめてください。",
            "Evidence of this answer expired or was removed. Confirm that answer and evidence still hold.",
        ),
        "trigger": Text(
            "再スクリーニングでは、判定シートの回答をすべて確かめます。変わっていないか見てください。",
            "A re-screening looks at the whole trigger sheet. Confirm that nothing has changed.",
        ),
        "similar": Text(
            "似た案件から写した回答です。この案件にも当てはまるか確かめ、必要なら書き直してください。",
            "Copied from a similar project. Confirm that it is true of this project, or answer anew.",
        ),
        "ratings": Text(
            "再スクリーニングの理由が影響や起こりやすさに関わります。いまの評価でよいか確かめてください。",
            "The reason of the re-screening touches severity or likelihood. Confirm that the rating still holds.",
        ),
    }
)
"""Code of `Answer.confirm_because` → what the reader is asked to do; `ratings` is that of ratings."""


def waiting(now: Filled) -> list[Answer]:
    """Return the answers to asked questions that are still to be confirmed, in the order of the pages."""
    return [now.answers[key] for key in now.score.asked if key in now.answers and now.answers[key].to_confirm]


def ratings_waiting(now: Filled) -> list[ItemRating]:
    """Return the ratings that are still to be confirmed, in the order of the items."""
    found = (now.ratings.get(each.item) for each in now.score.items)
    return [each for each in found if each is not None and each.to_confirm]


def count(now: Filled) -> int:
    """Return how many answers and ratings are still to be confirmed."""
    return len(waiting(now)) + len(ratings_waiting(now))


@dataclass(frozen=True)
class Group:
    """What waits on one page: the trigger sheet (item "sheet"), the facts, all ratings ("ratings"), or the questions of an item."""

    item: str
    title: Text
    answers: list[Answer]
    ratings: list[ItemRating]

    @property
    def codes(self) -> list[str]:
        """The different reasons to look, as codes of BECAUSE."""
        return ["ratings"] if self.ratings else list(dict.fromkeys(each.confirm_because for each in self.answers))


def groups(now: Filled) -> list[Group]:
    """Return what waits to be confirmed: the trigger sheet first, questions of no item, the ratings, then item by item."""
    titles = {
        "sheet": Text("判定シート", "Trigger sheet"),
        "facts": Text("案件の事実", "Facts"),
        "ratings": Text("影響と起こりやすさ", "Severity and likelihood"),
        **{item.code: item.name for item in now.sheet.framework.items},
    }
    places = {
        q.key: "sheet" if each.kind == "trigger" else section.item or "facts"
        for each in now.sheet.questionnaires
        for section, q in each.questions()
    }
    answers, ratings = waiting(now), ratings_waiting(now)
    found = [
        Group(
            place,
            title,
            [each for each in answers if places[each.question_key] == place],
            ratings if place == "ratings" else [],
        )
        for place, title in titles.items()
    ]
    return [each for each in found if each.answers or each.ratings]


def gaps(now: Filled) -> list[Problem]:
    """Return a sentence for each answer and rating that is still to be confirmed."""
    questions = questions_of(now.sheet)
    words = Text("{key} {topic}：{why}", "{key} {topic}: {why}")
    found = [
        Problem(
            "screenings.to_confirm",
            words.filled(
                key=each.question_key,
                topic=questions[each.question_key].topic,
                why=BECAUSE.get(each.confirm_because, BECAUSE[""]),
            ),
            each.question_key,
        )
        for each in waiting(now)
    ]
    rated = Text("{item}：{why}", "{item}: {why}")
    names = now.sheet.framework
    return found + [
        Problem(
            "screenings.to_confirm",
            rated.filled(item=names.item(each.item).name, why=BECAUSE["ratings"]),
            f"rating-{each.item}",
        )
        for each in ratings_waiting(now)
    ]


def confirm(
    work: UnitOfWork, row: Screening, revs: Mapping[str, int], ratings: Mapping[str, int] = MappingProxyType({})
) -> None:
    """Say of answers (by question) and ratings (by item) that they still hold, each at the revision that was looked at."""
    now = load(work.session, row)
    entries = []
    for key, rev in revs.items():
        answer = now.answers.get(key)
        if answer is not None and answer.to_confirm:
            entries.append(Entry(key, answer.value, answer.remark, answer.due_on, rev, answer.text, confirmed=True))
    filling.save_answers(work, row, entries)
    for each in ratings_waiting(now):
        if each.item in ratings:
            _confirm_rating(work, row, each, ratings[each.item])


def _confirm_rating(work: UnitOfWork, row: Screening, rating: ItemRating, rev: int) -> None:
    if rating.rev != rev:
        raise Conflict(
            "screenings.conflict",
            "この項目の評価は、あなたが開いた後にほかの人が変更しました。どちらの内容も失われていません。",
            "Somebody else changed the rating of this item after you opened it. Neither version is lost.",
            mine={},
            theirs={
                "severity": str(rating.severity),
                "likelihood": str(rating.likelihood),
                "at": moment(rating.saved_at),
            },
            rev=rating.rev,
            place=f"rating-{rating.item}",
        )
    rating.to_confirm, rating.author_id, rating.saved_at = False, work.actor.id, work.now
    work.session.flush()
    filling.summarise(work, row)
