"""Decisions about issuing reports that need no database: numbers, languages, what a purpose must say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from governance.refusals import Problem, Refusals
from governance.texts import Text

CASE, PORTFOLIO, MAPPING, FORM, LEDGER = "case", "portfolio", "mapping", "form", "ledger"
NAMES: Mapping[str, Text] = MappingProxyType(
    {
        CASE: Text("案件報告書", "Case report"),
        PORTFOLIO: Text("ポートフォリオ報告書", "Portfolio report"),
        MAPPING: Text("外部枠組み対応表", "Mapping to external frameworks"),
        FORM: Text("質問票の記入用紙", "Blank questionnaire form"),
        LEDGER: Text("監査台帳の抜粋", "Ledger extract"),
    }
)
"""The kinds of the register. R2, the papers of the meeting room, has a register of its own (papers.py)."""
CODES: Mapping[str, str] = MappingProxyType({CASE: "R1", PORTFOLIO: "R3", MAPPING: "R4", FORM: "R5", LEDGER: "R6"})
"""What stands in the number for the kind (domain.md §7)."""
LANGUAGES: Mapping[str, Text] = MappingProxyType(
    {
        "ja": Text("日本語", "Japanese"),
        "en": Text("英語", "English"),
        "both": Text("日英併記", "Both, side by side"),
    }
)
MAX_PURPOSE = 200
MAX_REASON = 2000
_NUMBER = re.compile(r"AIG-R\d-(\d{4})-(\d{4,})")


def next_number(year: int, last: str | None, kind: str = CASE) -> str:
    """Return the number after `last`, counted anew each year: AIG-R1-2026-0001.

    The kinds share one count, so that a number missing from the register is seen.
    """
    found = _NUMBER.fullmatch(last or "")
    count = int(found[2]) + 1 if found and int(found[1]) == year else 1
    return f"AIG-{CODES[kind]}-{year}-{count:04}"


def last_of(year: int, numbers: Iterable[str]) -> str | None:
    """Return the highest of these numbers that is of this year: around New Year an act of the old one may follow one of the new."""
    of_year = [number for number in numbers if number.rpartition("-")[0].endswith(f"-{year}")]
    return max(of_year, key=lambda number: int(number.rpartition("-")[2]), default=None)


def check_request(lang: str, purpose: str) -> None:
    """Refuse an unknown language or a purpose that says nothing: every issue is recorded with why it was made (domain.md §7)."""
    problems = []
    if lang not in LANGUAGES:
        problems.append(Problem("reports.lang", Text("言語を選んでください。", "Choose a language."), "lang"))
    if not purpose.strip():
        problems.append(
            Problem("reports.purpose", Text("発行の目的を書いてください。", "Say what the report is for."), "purpose")
        )
    if len(purpose.strip()) > MAX_PURPOSE:
        text = Text("目的は{n}文字以内で書いてください。", "Use at most {n} characters.").filled(n=MAX_PURPOSE)
        problems.append(Problem("reports.purpose_long", text, "purpose"))
    Refusals.raise_any(problems)


def check_reason(reason: str) -> None:
    """Refuse an annulment without a reason: nobody may take an issued report out of force in silence."""
    problems = []
    if not reason.strip():
        problems.append(
            Problem("reports.reason", Text("取消の理由を書いてください。", "Say why it is annulled."), "reason")
        )
    if len(reason.strip()) > MAX_REASON:
        text = Text("理由は{n}文字以内で書いてください。", "Use at most {n} characters.").filled(n=MAX_REASON)
        problems.append(Problem("reports.reason_long", text, "reason"))
    Refusals.raise_any(problems)
