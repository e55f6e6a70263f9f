"""Takes out of minutes and decision letters what a redaction profile leaves out, before the record is made.

Minutes are frozen when they are written, so their blocks carry no sorts of matter: the labels of the product say here what each row,
column and part tells. A label that is not listed is left out. Whoever sat, signed or was told is named by office alone; names that
stood in the paper when it was frozen become offices wherever they are in a text, also those of accounts that have another name today.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governance.reports.redaction import LEFT_OUT, PEOPLE, UNSORTED, Block, Profile, redacted, unnamed
from governance.reports.words import Bilingual, Words, side

Content = Mapping[str, Any]


def _sorted(**labels: str) -> dict[str, str]:
    return {label: sort for sort, names in labels.items() for label in names.split()}


TITLES = _sorted(
    product="会議 結果 通知 審査結果 このあとの手続",
    reasons="訂正 開会 閉会 理由 委員会の意見 付帯条件",
    comments="質疑応答 審議の要旨 少数意見・意見",
    detail="出席 定足数と出席の要件 退席（利益相反） 採決",
)
"""Title of a section or part → what it tells as a whole, and what its paragraphs tell."""
LABELS = _sorted(
    product="結果 審査結果 意見（執行側の決定を待つ） 意見 フェーズ 種類 規則 計算 採決した結果 委員会規則",
    figures="開会〜閉会 審議した時間 有効期限 決定日 意見の日 番号 時刻 回 期限 出席した時間",
    identity="会議 案件番号・版 案件名 委員会 審査した機関",
    about="場所 オンライン 部門",
    reasons="理由 付議先 条件 免除を求める理由 票 第n版の理由",
    comments="質問 回答",
    digests="写しのダイジェスト 審査の対象（写しのダイジェスト）",
    detail="内外・専門",
    people="委員 宛先 担当 確認",
)
"""Label of a row of facts or head of a column → what it tells."""
_VARYING = (
    (re.compile(r"議題\d+　.*", re.DOTALL), "議題"),
    (re.compile(r"第\d+版の理由"), "第n版の理由"),
    (re.compile(r"資料は\d+日前までに配布"), "資料"),
)
"""Labels with a number or a name in them → the word they are listed under."""
WITHIN: Mapping[tuple[str, str], str] = {("退席（利益相反）", "理由"): "comments"}
"""Labels that tell something else under one title: why somebody stepped back is about them, not about the case."""
TITLES["議題"] = "product"
LABELS["資料"] = "figures"
OFFICES: Mapping[str, Bilingual] = {
    "委員": {"ja": "委員", "en": "Member"},
    "委員長": {"ja": "委員長", "en": "Chair"},
    "宛先": {"ja": "案件責任者", "en": "Project owner"},
    "担当": {"ja": "担当者", "en": "Owner"},
    "確認": {"ja": "確認者", "en": "Verifier"},
}
"""Label of a column or row of people → the office that stands for each; a chair is told by what stands behind the name."""
_TOP = ("schema", "title", "subject", "version", "house")
"""What a paper says of itself beside its sections; keys of the database stay inside."""


def redacted_paper(content: Content, kept: Profile, names: Mapping[str, Words]) -> dict[str, Any]:
    """Return the content of a paper as a profile tells it, with the profile; `names` are those of accounts with their roles."""
    whole = {**content, "profile": kept.stamp()}
    if kept.keeps_all:
        return whole
    known = dict(names) | dict(_names(content))
    sections = [each for each in (_section(section, kept) for section in content["sections"]) if each is not None]
    made = {name: whole[name] for name in _TOP if name in whole}
    made |= {"profile": whole["profile"], "sections": redacted(sections, kept, known)}
    if kept.keeps("digests"):
        made["items"] = [{"snapshot": each["snapshot"]} for each in content["items"]]
    if "signs" in content:
        made["signs"] = redacted_signs(content["signs"])
    made["subject"] = unnamed(made["subject"], known)
    return made


def redacted_signs(signs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return approvals without who gave them: the office stands above."""
    return [{**each, "name": LEFT_OUT} for each in signs]


def sort_of(words: Words, table: Mapping[str, str]) -> str:
    """Return the sort of matter under a label or title; no sort when nobody has listed it."""
    return table.get(_listed(words), UNSORTED)


def _listed(words: Words) -> str:
    label = side(words, "ja")
    return next((word for pattern, word in _VARYING if pattern.fullmatch(label)), label)


def _section(section: Block, kept: Profile) -> Block | None:
    blocks = _blocks(section["title"], section["blocks"], kept)
    return {"title": section["title"], "new": section["new"], "blocks": blocks} if blocks else None


def _blocks(title: Words, blocks: Sequence[Block], kept: Profile) -> list[Block]:
    """Return the blocks under a title with their sorts; none when the profile keeps nothing of what the title tells."""
    sort = sort_of(title, TITLES)
    if not kept.keeps(sort):
        return []
    return [each for each in (_block(block, title, kept) for block in blocks) if each is not None]


def _block(block: Block, title: Words, kept: Profile) -> Block | None:
    kind = block["kind"]
    if kind == "part":
        inner = _blocks(block["title"], block["blocks"], kept)
        return {**block, "blocks": inner} if inner else None
    if kind == "facts":
        rows = [[label, _person(label, value)] for label, value in block["rows"]]
        return {**block, "rows": rows, "matter": [_sort(title, label) for label, _ in rows]}
    if kind == "table":
        rows = [[_person(label, cell) for label, cell in zip(block["head"], row, strict=True)] for row in block["rows"]]
        return {**block, "rows": rows, "matter": [_sort(title, label) for label in block["head"]]}
    return {**block, "matter": sort_of(title, TITLES)}


def _sort(title: Words, label: Words) -> str:
    return WITHIN.get((_listed(title), _listed(label)), sort_of(label, LABELS))


def _person(label: Words, value: Words) -> Any:
    """Return a cell of a column of people with the office that stands for the name."""
    if sort_of(label, LABELS) != PEOPLE:
        return value
    chair = "（委員長）" in side(value, "ja")
    return {"person": value, "role": OFFICES["委員長" if chair else _listed(label)]}


# -- names that stood in the paper ---------------------------------------------------------------------------------------------------


def _names(content: Content) -> Iterator[tuple[str, Words]]:
    """Yield the names of people in the paper, without what stands behind them, with their offices."""
    for sign in content.get("signs", ()):
        yield from _sides(sign["name"], sign["office"])
    for section in content["sections"]:
        yield from _within(section["blocks"])


def _within(blocks: Sequence[Block]) -> Iterator[tuple[str, Words]]:
    for block in blocks:
        if block["kind"] == "part":
            yield from _within(block["blocks"])
        for label, value in _cells(block):
            if sort_of(label, LABELS) == PEOPLE:
                told = _person(label, value)
                yield from _sides(told["person"], told["role"])


def _cells(block: Block) -> Iterator[tuple[Words, Words]]:
    if block["kind"] == "facts":
        yield from ((label, value) for label, value in block["rows"])
    if block["kind"] == "table":
        for row in block["rows"]:
            yield from zip(block["head"], row, strict=True)


def _sides(name: Words, office: Words) -> Iterator[tuple[str, Words]]:
    for locale in ("ja", "en"):
        for each in re.split(r"、|, ", side(name, locale)):
            bare = re.split(r"（| \(", each)[0].strip()
            if len(bare) > 1:
                yield bare, office
