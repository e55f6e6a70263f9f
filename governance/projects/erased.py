"""What is said where something was erased: the names of the parts, and the sentence instead of a file that is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from governance.formats import local_date
from governance.projects.models import Erasure
from governance.refusals import Refusal
from governance.texts import Text, joined

ZONE = ZoneInfo("Asia/Tokyo")
PART_NAMES: Mapping[str, Text] = {
    "answers": Text("回答の文章", "texts of the answers"),
    "comments": Text("コメント", "comments"),
    "evidence": Text("証跡", "evidence"),
    "operation": Text("運用の記録の文章", "texts on operation"),
    "exercises": Text("KYTの文章", "texts of KYT sessions"),
    "reasons": Text("経過の理由とメモ", "reasons and notes"),
    "project": Text("案件の名称・概要・顧客", "name, summary and customer of the project"),
    "reports": Text("発行した報告書の控え", "stored copies of reports"),
    "account": Text("氏名・メールアドレス・部署", "name, e-mail and department"),
    "training": Text("受講記録の備考", "remarks on training"),
}
"""Part of an erasure → how it is called within a sentence."""


def told(row: Erasure, on: date) -> Text:
    """Return when, under which erasure and what was erased."""
    words = Text(
        "消去第{number}号（{on}）により、次の内容が消去されました：{parts}。",
        "Erasure no. {number} ({on}) took away: {parts}.",
    )
    return words.filled(number=row.number, on=on.isoformat(), parts=joined(PART_NAMES[part] for part in row.parts))


def refuse_erased(row: Erasure | None) -> None:
    """Refuse to hand out a file that an erasure took away; say nothing while there is none. Raises Refusal."""
    if row is not None and row.decided_at is not None:
        raise Refusal(
            "erasure.gone",
            "このファイルは保存されていません。{told}記録とダイジェストは残っています。",
            "This file is not kept any more. {told} Its record and digests remain.",
            told=told(row, local_date(row.decided_at, ZONE)),
        )
