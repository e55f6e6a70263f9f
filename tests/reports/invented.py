"""An invented case for the tests of reports: a town's water company and its forecast of leaking pipes, in any size.

Nobody and nothing in it exists. The sizes of the framework are parameters, so that no template can rely on three phases, seven
items, four levels or six answers.
"""
# ruff: noqa: E501 - the sentences of the case are kept whole

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from governance.reports.content import SCHEMA, Content
from governance.reports.labels import TITLES
from governance.reports.words import Bilingual, Words

APPENDIX = {"glossary", "evidence", "ledger", "kyt", "versions", "verification"}


def pair(ja: str, en: str) -> Bilingual:
    return {"ja": ja, "en": en}


def coded(code: str, ja: str, en: str) -> dict[str, Any]:
    return {"code": code, "name": pair(ja, en)}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


PHASES = [
    pair("構想", "Concept"),
    pair("試作・評価", "Prototype and trial"),
    pair("導入", "Introduction"),
    pair("運用・廃止", "Operation and retirement"),
]
ITEMS = [
    (pair("住民の安全", "Safety of residents"), pair("安全", "Safety")),
    (pair("個人情報の保護", "Protection of personal data"), pair("個人情報", "Personal data")),
    (pair("地域間の公平", "Fairness between districts"), pair("公平", "Fairness")),
    (pair("適正な利用", "Proper use"), pair("適正利用", "Proper use")),
    (pair("透明性と説明責任", "Transparency and accountability"), pair("透明性", "Transparency")),
    (pair("情報セキュリティ", "Information security"), pair("セキュリティ", "Security")),
    (pair("法令・契約の遵守", "Law and contract"), pair("法令・契約", "Law, contract")),
    (pair("職員の技能と雇用", "Skills and jobs of staff"), pair("技能・雇用", "Skills, jobs")),
    (pair("環境への負荷", "Environmental burden"), pair("環境", "Environment")),
    (pair("供給網と事業継続", "Supply chain and continuity"), pair("供給網・継続", "Supply chain")),
    (pair("文化と地域への配慮", "Culture and community"), pair("文化・地域", "Community")),
]
LEVELS = {
    3: [pair("小", "Small"), pair("中", "Middle"), pair("大", "Large")],
    4: [pair("低", "Low"), pair("中", "Medium"), pair("高", "High"), pair("極高", "Extreme")],
    5: [
        pair("ごく低", "Very low"),
        pair("低", "Low"),
        pair("中", "Medium"),
        pair("高", "High"),
        pair("極高", "Extreme"),
    ],
}
ANSWERS = {
    6: [
        ("done", "◎", "1.0", pair("実施済・証跡あり", "Done, with evidence")),
        ("claimed", "○", "0.7", pair("実施済・証跡なし", "Done, no evidence")),
        ("partial", "△", "0.4", pair("一部・期限付き計画", "Partly, dated plan")),
        ("open", "×", "0.0", pair("未実施", "Not done")),
        ("na", "－", None, pair("該当なし（受理）", "Not applicable (accepted)")),
        ("na_open", "－", "0.0", pair("該当なし（未受理）", "Not applicable (not accepted)")),
    ],
    3: [
        ("yes", "", "1.0", pair("はい", "Yes")),
        ("some", "", "0.5", pair("一部", "Partly")),
        ("no", "", "0.0", pair("いいえ", "No")),
    ],
}
QUESTIONS = [
    (
        pair(
            "漏水を見落としたときの被害を、断水と道路の陥没を含めて洗い出しましたか。",
            "Was the harm of a missed leak worked out, including loss of supply and road collapse?",
        ),
        pair(
            "過去12年の事故記録から14の場面を選び、発生の条件と最悪の結果を一覧にした。夜間と降雪時は別に扱った。",
            "Fourteen scenes were drawn from twelve years of records and listed with their conditions and worst outcome; night and snow were treated apart.",
        ),
    ),
    (
        pair(
            "予測を使わない巡回点検と比べ、使う理由を示せますか。",
            "Compared with patrols without forecasts, can the reason for using them be shown?",
        ),
        "巡回のみの場合の発見率と所要日数を同じ地区で測った。\n・巡回のみ：発見率 41 %、平均 23 日\n・予測あり：発見率 68 %、平均 9 日",
    ),
    (
        pair(
            "水圧計の欠測や外れ値のとき、判断を人へ渡す仕組みを試しましたか。",
            "Was the hand-over to people tested for missing or outlying pressure readings?",
        ),
        pair(
            "欠測を3時間まで人工的に作り、担当者の画面に「判断できません」と出ることを確かめた。",
            "Gaps of up to three hours were simulated; the officer’s screen showed “cannot judge”.",
        ),
    ),
    (
        pair(
            "地区ごとの見落とし率を測り、差が許容の範囲にありますか。",
            "Were missed-leak rates measured by district, and is the gap within tolerance?",
        ),
        pair(
            "山側の3地区で見落とし率が 1.6 倍であった。計器の密度が低いためで、年度内に増設する。",
            "The rate was 1.6 times higher in three hillside districts, where gauges are sparse; more are to be installed this year.",
        ),
    ),
    (
        pair(
            "使用量から在宅や生活の様子が推し量られないことを確かめましたか。",
            "Was it checked that presence at home or habits cannot be inferred from consumption?",
        ),
        None,
    ),
    (
        pair(
            "予測の根拠を現場の担当者が理解できる言葉で示していますか。",
            "Are the grounds of a forecast shown in words that field staff understand?",
        ),
        pair(
            "管の年齢、土質、直近の圧力変動の三つを、影響の大きい順に示す。",
            "Age of the pipe, soil and recent change of pressure are shown in order of influence.",
        ),
    ),
]
EVIDENCE_TITLES = [
    pair("漏水被害の場面一覧 第3版", "List of leak scenes, 3rd ed."),
    pair("巡回点検との比較試験報告書", "Report of the comparison with patrols"),
    pair("欠測時の動作試験記録", "Test record for missing readings"),
    pair("地区別評価の集計表", "Evaluation by district"),
    pair("説明画面の利用者試験", "User test of the explanation screen"),
    pair("委託契約書（抜粋）", "Contract (extract)"),
]


@dataclass
class Sizes:
    """How large the invented framework is, and what is special about the case."""

    phases: int = 3
    items: int = 7
    levels: int = 4
    answers: int = 6
    severity: int = 4
    likelihood: int = 4
    method: str = "matrix"
    questions: int = 4
    draft: bool = False
    committee: bool = True
    bare: bool = False
    remarks: dict[str, Words] = field(default_factory=dict)


def case(sizes: Sizes | None = None) -> Content:
    """Return the whole content of a case of these sizes."""
    return _Builder(sizes or Sizes()).content()


def odd(**changes: Any) -> Content:
    """Return a case with 4 phases × 11 items, 5 levels, 3 answers and a 5 × 3 matrix."""
    return case(
        Sizes(**{"phases": 4, "items": 11, "levels": 5, "answers": 3, "severity": 5, "likelihood": 3, **changes})
    )


class _Builder:
    def __init__(self, sizes: Sizes) -> None:
        self.z = sizes
        self.levels = LEVELS[sizes.levels]
        self.answers = ANSWERS[sizes.answers]
        self.keys = [f"item{n + 1}" for n in range(sizes.items)]
        self.phase = f"F{min(2, sizes.phases)}"

    def content(self) -> Content:
        z = self.z
        parts: dict[str, Any] = {
            "schema": SCHEMA,
            "profile": {"code": "internal", "name": pair("社内", "Internal"), "digest": digest("internal")},
            "document": self.document(),
            "sections": [
                {"key": key, "part": "appendix" if key in APPENDIX else "body", "title": title.as_dict()}
                for key, title in TITLES.items()
            ],
            "framework": self.framework(),
            "people": self.people(),
            "summary": self.summary(),
            "decision": self.decision(),
            "scope": self.scope(),
            "method": self.method(),
            "triggers": self.triggers(),
            "route": self.route(),
            "risk": self.risk(),
            "grid": self.grid(),
            "details": self.details(),
            "loose": [],
            "carried": self.carried(),
            "unasked": [],
            "packs": self.packs(),
            "findings": self.findings(),
            "course": self.course(),
            "committee": self.committee(),
            "conditions": self.conditions(),
            "acceptance": self.acceptance(),
            "monitoring": self.monitoring(),
            "mapping": self.mapping(),
            "limits": self.limits(),
            "glossary": self.glossary(),
            "evidence": self.evidence(),
            "ledger": self.ledger(),
            "kyt": self.kyt(),
            "versions": self.versions(),
        }
        if z.bare:
            parts |= {
                key: []
                for key in (
                    "triggers",
                    "carried",
                    "packs",
                    "findings",
                    "conditions",
                    "limits",
                    "glossary",
                    "kyt",
                    "versions",
                    "scope",
                )
            }
            parts |= {"committee": None, "acceptance": None, "monitoring": None, "ledger": None}
            parts["mapping"] = {"note": None, "frameworks": []}
            parts["summary"] = {"message": None, "route_by": None, "top": []}
            parts["course"] = {"steps": [], "comments": [], "consulted": [], "diffs": []}
            for detail in parts["details"]:
                for asked in detail["questions"]:
                    asked |= {
                        "finding": None,
                        "evidence": [],
                        "remark": None,
                        "answer": None,
                        "points": None,
                        "due_on": None,
                        "ruling": None,
                    }
            parts["evidence"] = []
        return parts  # type: ignore[return-value]

    # -- document ------------------------------------------------------------------------------------------------------
    def document(self) -> dict[str, Any]:
        draft = self.z.draft
        return {
            "number": "MZM-R1-2026-0007",
            "version": 1 if draft else 2,
            "case_revision": 2,
            "title": pair("AI倫理 案件報告書", "AI Ethics Case Report"),
            "subject": pair("配水管の漏水予測AI", "Forecast of leaking water pipes"),
            "case": "MZM-2026-0007",
            "phase": self.phase,
            "classification": pair("関係者限り", "Restricted"),
            "issuer": pair("みほん水道株式会社 AI倫理室", "Mihon Water Co., AI Ethics Office"),
            "addressees": [
                pair("みほん水道株式会社 経営会議", "Mihon Water Co., Management Board"),
                pair("監査室", "Internal Audit"),
            ],
            "dated": "2026-10-30",
            "frozen_at": "2026-10-28T02:15:00Z",
            "state": "draft" if draft else "final",
            "retention": pair("2036-10-29 まで（10年）", "Until 2036-10-29 (ten years)"),
            "disclaimer": pair(
                "本評価は意思決定の支援であり、法令適合を保証しません。",
                "This assessment supports decisions; it does not certify compliance with law.",
            ),
            "approvals": [
                {"step": pair("作成", "Prepared"), "person": "checker", "on": "2026-10-29", "id": "SIG-0411"},
                {"step": pair("審査", "Reviewed"), "person": "lead", "on": "2026-10-29", "id": "SIG-0412"},
                {
                    "step": pair("承認", "Approved"),
                    "person": "chief",
                    "on": None if draft else "2026-10-30",
                    "id": None if draft else "SIG-0413",
                },
            ],
        }

    def people(self) -> dict[str, Any]:
        return {
            "owner": {
                "name": pair("仮名 みのり", "Minori Kamei"),
                "role": pair("案件責任者（管路部）", "Project owner, Pipelines"),
            },
            "author": {
                "name": pair("例示 健", "Ken Reiji"),
                "role": pair("案件担当（管路部）", "Project member, Pipelines"),
            },
            "lead": {
                "name": pair("髙見 見本子", "Mihoko Takami"),
                "role": pair("AI倫理専門チーム 主査", "Lead, AI ethics expert team"),
            },
            "checker": {
                "name": pair("𠮷川 試", "Tamesu Yoshikawa"),
                "role": pair("AI倫理専門チーム", "AI ethics expert team"),
            },
            "chief": {
                "name": pair("架空 泉", "Izumi Kaku"),
                "role": pair("AI倫理担当役員", "Executive in charge of AI ethics"),
            },
            "quality": {"name": None, "role": pair("品質保証部 検証担当", "Quality assurance, verifier")},
            "desk": {"name": pair("書記 あおい", "Aoi Shoki"), "role": pair("委員会事務局", "Committee secretariat")},
        }

    # -- framework -----------------------------------------------------------------------------------------------------
    def framework(self) -> dict[str, Any]:
        z = self.z
        graded = z.method == "matrix"
        severity = [
            pair("すぐに回復する", "Soon undone"),
            pair("回復に手間がかかる", "Takes effort to undo"),
            pair("回復が難しい", "Hard to undo"),
            pair("生命や権利を損なう", "Harms life or rights"),
            pair("広い地域で生命を損なう", "Harms life over a wide area"),
        ]
        likelihood = [
            pair("通常は起きない", "Not normally expected"),
            pair("起こりうる", "Possible"),
            pair("起きやすい", "Likely"),
            pair("既に起きている", "Already happening"),
        ]
        return {
            "phases": [{"code": f"F{n + 1}", "name": PHASES[n]} for n in range(z.phases)],
            "items": [
                {"key": key, "no": n + 1, "name": ITEMS[n][0], "short": ITEMS[n][1]} for n, key in enumerate(self.keys)
            ],
            "levels": [{"rank": n + 1, "name": name} for n, name in enumerate(self.levels)],
            "answers": [
                {"code": code, "mark": mark, "coefficient": c, "name": name} for code, mark, c, name in self.answers
            ],
            "severity": [{"value": n + 1, "text": severity[n]} for n in range(z.severity)] if graded else [],
            "likelihood": [{"value": n + 1, "text": likelihood[n]} for n in range(z.likelihood)] if graded else [],
            "matrix": [
                [{"value": str(s * lk), "level": self.level(s * lk)} for lk in range(1, z.likelihood + 1)]
                for s in range(1, z.severity + 1)
            ]
            if graded
            else [],
            "cuts": pair("区分は枠組みの表による。", "Levels follow the table of the framework."),
        }

    def level(self, product: int) -> int:
        return max(1, -(-product * self.z.levels // (self.z.severity * self.z.likelihood)))

    # -- assessment ----------------------------------------------------------------------------------------------------
    def grades(self, n: int) -> tuple[int, int]:
        return (n * 3 + 1) % self.z.severity + 1, (n * 2 + 1) % self.z.likelihood + 1

    def ranks(self, n: int, shift: int = 0) -> tuple[int, int]:
        s, lk = self.grades(n + shift)
        inherent = self.level(s * lk)
        return inherent, max(1, inherent - (n + shift) % 2)

    def risk(self) -> dict[str, Any]:
        rated = [self.rated(n, key) for n, key in enumerate(self.keys)]
        return {
            "rated": rated,
            "totals": [],
            "inherent": max(r["inherent"] for r in rated),
            "residual": max(r["residual"] for r in rated),
            "aggregate": pair("項目の最大。平均しない", "Maximum of the items, never averaged"),
            "index": "43",
            "changes": [
                {
                    "kind": pair("下限", "Floor"),
                    "subject": pair("1 安全", "1 Safety"),
                    "change": "S 1 → 2",
                    "ground": pair("判定項目 T04：S ≧ 2", "Trigger T04: S ≥ 2"),
                    "by": None,
                    "on": None,
                },
                {
                    "kind": pair("審査者の変更", "Reviewer change"),
                    "subject": pair("3 公平", "3 Fairness"),
                    "change": "L 1 → 2",
                    "ground": pair(
                        "山側の地区で差が出ており、起きないとする根拠がない。",
                        "Hillside districts show a gap; nothing supports “not expected”.",
                    ),
                    "by": "lead",
                    "on": "2026-10-02",
                },
            ],
            "stops": [
                {"id": "H1", "text": pair("禁止された用途", "Prohibited practice"), "hit": False, "note": None},
                {
                    "id": "H2",
                    "text": pair("人が止められない物理的な作動", "Physical actuation nobody can stop"),
                    "hit": False,
                    "note": pair("弁の操作は常に人が行う。", "Valves are always worked by people."),
                },
            ],
        }

    def rated(self, n: int, key: str) -> dict[str, Any]:
        graded = self.z.method == "matrix"
        s, lk = self.grades(n)
        inherent, residual = self.ranks(n)
        control = (
            None
            if n == 3
            else {"num": f"{10 + n}.4", "den": f"{14 + n}.0", "pct": f"{100 * (10.4 + n) / (14 + n):.1f}"}
        )
        return {
            "item": key,
            "inherent": inherent,
            "residual": residual,
            "control": control,
            "severity": {
                "chosen": max(1, s - (n == 0)),
                "final": s,
                "reason": pair(
                    "断水は半日以内に復旧できるが、陥没は人身に及びうる。",
                    "Supply returns within half a day, but a collapse may injure people.",
                ),
            }
            if graded
            else None,
            "likelihood": {
                "chosen": lk,
                "final": lk,
                "reason": "この5年に同種の事例が2件あった。"
                if n % 2
                else pair("計器の欠測は週に数回起きる。", "Readings are lost several times a week."),
            }
            if graded
            else None,
            "ground": str(s * lk) if graded else pair(f"{12 + n} / 40 点", f"{12 + n} of 40 points"),
            "why": pair("統制が基準に達したため1段階下げた。", "Controls reach the mark: one step down.")
            if residual < inherent
            else pair("統制が基準に達しない。", "Controls below the mark."),
            "counterfactual": {
                "questions": [f"B{n + 1}b", f"B{n + 1}d"],
                "to": self.answers[0][3],
                "control": {"num": "13.0", "den": "16.0", "pct": "81.3"},
                "residual": max(1, residual - 1),
            }
            if n in {2, 5} and residual > 1
            else None,
        }

    def grid(self) -> list[dict[str, Any]]:
        rows = []
        for p in range(self.z.phases):
            done = p < 2
            cells = [
                dict(zip(("inherent", "residual"), self.ranks(n, 0 if p == 1 else 2), strict=True))
                if (done and (n + p) % 5 != 4) or p == 1
                else None
                for n in range(self.z.items)
            ]
            rows.append(
                {
                    "phase": f"F{p + 1}",
                    "cells": cells,
                    "state": [pair("承認 2026-04-17", "Approved 2026-04-17"), pair("本報告書", "This report")][p]
                    if done
                    else pair("未実施", "Not yet"),
                }
            )
        return rows

    def answer(self, n: int) -> tuple[str, str | None]:
        code, _, coefficient, _ = self.answers[n % len(self.answers)]
        return code, coefficient

    def asked(self, key: str, item: str, n: int, prefix_finding: bool = True) -> dict[str, Any]:
        text, remark = QUESTIONS[n % len(QUESTIONS)]
        code, c = self.answer(n)
        weight = 3 if n % 4 == 0 else 1 + n % 2
        return {
            "key": key,
            "item": item,
            "gate": weight == 3,
            "text": text,
            "answer": code,
            "said": None,
            "entries": [],
            "due_on": "2027-01-29" if c in {"0.4", "0.5"} else None,
            "remark": self.z.remarks.get(key, remark),
            "ruling": pair(
                "該当なしを受理（髙見 見本子、2026-10-02）", "Not applicable, accepted (M. Takami, 2026-10-02)"
            )
            if code == "na"
            else None,
            "weight": str(weight),
            "points": f"{weight * float(c):.1f}" if c is not None else None,
            "evidence": [f"E{n % len(EVIDENCE_TITLES) + 1:02}"] if code in {"done", "yes"} else [],
            "finding": "F1" if prefix_finding and key == "B3d" else None,
        }

    def details(self) -> list[dict[str, Any]]:
        return [
            {
                "item": item,
                "questions": [self.asked(f"B{n + 1}{'abcdefgh'[q]}", item, n + q) for q in range(self.z.questions)],
            }
            for n, item in enumerate(self.keys)
        ]

    def carried(self) -> list[dict[str, Any]]:
        return [
            {
                "phase": "F1",
                "note": None,
                "questions": [
                    self.asked(f"A{n + 1}{'ab'[q]}", item, n + q, False)
                    for n, item in enumerate(self.keys)
                    for q in range(2)
                ],
            }
        ]

    def packs(self) -> list[dict[str, Any]]:
        return [
            {
                "code": "PHYS",
                "name": pair("設備と物理的な作動", "Equipment and physical actuation"),
                "trigger": "T04",
                "questions": [
                    self.asked(f"PHYS{n + 1}", self.keys[n % len(self.keys)], n + 1, False) for n in range(5)
                ],
            }
        ]

    def triggers(self) -> list[dict[str, Any]]:
        texts = [
            pair(
                "禁止または制限された用途に当たる疑いがありますか", "Could the use be a prohibited or restricted one?"
            ),
            pair("人の評価や契約の可否に使いますか", "Is it used to judge people or contracts?"),
            pair("個人に関するデータを扱いますか", "Does it handle data about persons?"),
            pair("生活に欠かせない設備の運転や保全に使いますか", "Is it used to run or maintain essential facilities?"),
            pair(
                "判断の結果が人の確認なしに設備を動かしますか",
                "Do its results move equipment without a person’s confirmation?",
            ),
        ]
        return [
            {
                "id": f"T{n + 1:02}",
                "text": texts[n % 5],
                "answer": pair("はい", "Yes")
                if n in {3, 8}
                else pair("分からない", "Do not know")
                if n == 2
                else pair("いいえ", "No"),
                "fired": n in {2, 3, 8},
                "unsure": n == 2,
                "reason": pair(
                    "配水の計画に用いるが、弁は人が操作する。", "Used in planning supply; valves are worked by people."
                )
                if n % 3 == 0
                else "使用量は地区単位で集計し、世帯の値は扱わない。"
                if n % 3 == 2
                else None,
                "confirmed": pair("専門チームが確認（2026-09-18）", "Confirmed by the expert team (2026-09-18)")
                if n == 2
                else None,
                "effects": [pair("委員会", "Committee"), pair("1 安全 S ≧ 2", "1 Safety S ≥ 2"), "PHYS"]
                if n == 3
                else [pair("標準", "Standard")]
                if n in {2, 8}
                else [],
            }
            for n in range(12)
        ]

    def route(self) -> dict[str, Any]:
        return {
            "result": coded("board", "委員会", "Committee"),
            "steps": [
                pair("判定項目で最も重い経路：T04 → 委員会", "Heaviest route by trigger: T04 → committee"),
                pair("固有リスクによる経路：標準", "Route by inherent risk: standard"),
            ],
            "deciders": pair(
                "委員会。条件付承認、差戻し、不承認、付議のいずれか。",
                "The committee: approval with conditions, return, rejection or escalation.",
            ),
        }

    def summary(self) -> dict[str, Any]:
        return {
            "message": pair(
                "配水管の漏水を予測し、巡回の順序を提案するAIについて、付帯条件2件の下で試行を認める。地区間の見落とし率の差が残るため、公平の区分は下がらない。",
                "A trial of the AI that forecasts leaks and proposes the order of patrols is allowed under two conditions. Fairness is not lowered, because the rate of missed leaks still differs between districts.",
            ),
            "route_by": pair("T04（生活に欠かせない設備）による", "set by T04 (essential facilities)"),
            "top": [
                {
                    "item": self.keys[2 % self.z.items],
                    "text": pair(
                        "計器の少ない山側の地区で漏水の発見が遅れ、被害が偏る。",
                        "Leaks are found later in hillside districts with few gauges, so harm is uneven.",
                    ),
                    "treatment": "F1 → C1",
                },
                {
                    "item": self.keys[0],
                    "text": pair(
                        "欠測の間に道路の陥没が進む。", "A road collapse develops while readings are missing."
                    ),
                    "treatment": pair("監視指標 K1", "Indicator K1"),
                },
            ],
        }

    # -- review --------------------------------------------------------------------------------------------------------
    def decision(self) -> dict[str, Any] | None:
        if self.z.draft:
            return None
        return {
            "outcome": coded("approved_with_conditions", "条件付承認", "Approved with conditions"),
            "body": pair(
                "AI倫理委員会（2026年度 第2回、2026-10-23）", "AI Ethics Committee (FY2026, second meeting, 2026-10-23)"
            ),
            "by": "desk",
            "on": "2026-10-23",
            "reason": pair(
                "被害の場面は網羅され、人が最後に確かめる手順もある。地区間の差は期限を定めた条件で管理できると判断した。",
                "The scenes of harm are complete and a person checks last. The gap between districts can be managed by conditions with dates.",
            ),
            "escalated_to": None,
            "valid_until": "2027-10-22",
            "next_review": "2027-09-01",
            "precedents": [
                {
                    "number": "MZM-2025-004",
                    "on": "2025-11-14",
                    "outcome": coded("approved_with_conditions", "条件付承認", "Approved with conditions"),
                    "session": pair("2025年度 第2回", "FY2025, meeting 2"),
                    "note": pair(
                        "差の縮小に期限を定めて条件とした前例に合わせる。",
                        "As before, closing the gap is a condition with a date.",
                    ),
                }
            ],
        }

    def committee(self) -> dict[str, Any] | None:
        if self.z.draft or not self.z.committee:
            return None
        seats = [
            ("久利 見子", "Miko Kuri", "external", "法・倫理（委員長）", "Law and ethics (chair)", "present"),
            ("試田 一", "Hajime Shida", "external", "水工学", "Hydraulics", "remote"),
            ("仮野 ゆき", "Yuki Karino", "external", "一般・利用者", "Public", "present"),
            ("例本 誠", "Makoto Reimoto", "internal", "設備保全", "Maintenance", "present"),
            ("見崎 章", "Akira Misaki", "internal", "管路計画", "Pipeline planning", "recused"),
        ]
        names = {
            "present": ("出席", "Present"),
            "remote": ("出席（遠隔）", "Present (remote)"),
            "recused": ("退席（利益相反）", "Recused (left the room)"),
        }
        return {
            "name": pair("AI倫理委員会", "AI Ethics Committee"),
            "session": pair("2026年度 第2回", "FY2026, second meeting"),
            "on": "2026-10-23",
            "time": "10:00–11:40 JST",
            "place": pair("本社 会議室A（遠隔併用）", "Head office, room A, with remote attendance"),
            "authority": pair("決定機関", "Deciding body"),
            "rules": pair("委員会規程 2026年4月版", "Committee rules, April 2026"),
            "members": [
                {
                    "name": pair(ja, en),
                    "side": coded(side, "外部" if side == "external" else "内部", side.title()),
                    "expertise": pair(x, y),
                    "attendance": coded(a, *names[a]),
                    "vote": None,
                }
                for ja, en, side, x, y, a in seats
            ],
            "checks": [
                {
                    "rule": pair("議決権を持つ委員", "Eligible members"),
                    "arithmetic": pair("任命 5 − 退席 1 ＝ 4", "Appointed 5 − recused 1 = 4"),
                    "result": "4",
                    "met": None,
                },
                {
                    "rule": pair("定足数（過半数）", "Quorum (more than half)"),
                    "arithmetic": pair("出席 4 ＞ 4 ÷ 2", "Present 4 > 4 ÷ 2"),
                    "result": pair("成立", "Met"),
                    "met": True,
                },
                {
                    "rule": pair("出席者の外部過半数", "External majority present"),
                    "arithmetic": pair("外部 3 ＞ 内部 1", "External 3 > internal 1"),
                    "result": None,
                    "met": True,
                },
                {
                    "rule": pair("開催通知", "Notice"),
                    "arithmetic": pair("資料送付 6 日前 ≧ 7 日前", "Materials 6 days before ≥ 7 days"),
                    "result": None,
                    "met": False,
                },
            ],
            "votes": pair(
                "賛成 3、反対 1、棄権 0。賛成 3 ＞ 出席 4 ÷ 2（3名以上）。",
                "3 for, 1 against, 0 abstaining. For 3 > present 4 ÷ 2 (at least 3).",
            ),
            "recusals": [
                {
                    "member": pair("見崎 章", "Akira Misaki"),
                    "reason": pair(
                        "案件と同じ管路部に所属する。説明の後、審議と採決の前に退席した。",
                        "Belongs to the same division; left after explaining, before discussion and vote.",
                    ),
                }
            ],
            "issues": [
                {
                    "topic": pair(
                        "計器の増設を待たずに山側の地区で試行してよいか",
                        "May the trial include hillside districts before gauges are added?",
                    ),
                    "resolution": pair(
                        "増設までは巡回の頻度を下げないことを条件とする。", "Only while patrols are not reduced there."
                    ),
                }
            ],
            "minutes": None,
            "dissents": [
                {
                    "by": pair("外部・一般の委員", "External member, public"),
                    "text": pair(
                        "「差があると分かっている地区を、分かったまま試行に含めるべきではない。」",
                        "“Districts known to be served worse should not be part of a trial.”",
                    ),
                }
            ],
        }

    def conditions(self) -> list[dict[str, Any]]:
        if self.z.draft:
            return []
        return [
            {
                "id": "C1",
                "text": pair(
                    "山側の3地区に圧力計を増設し、見落とし率の差を 1.2 倍以内とする。",
                    "Add gauges in three hillside districts; bring the gap in missed leaks within 1.2 times.",
                ),
                "kind": coded("pre_launch", "本格導入の前", "Before full introduction"),
                "finding": "F1",
                "owner": "owner",
                "verifier": "quality",
                "due": "2027-03-31",
                "state": coded("open", "未着手・対応中", "Open"),
                "closed": False,
                "overdue": False,
                "evidence": None,
                "verdict": None,
            },
            {
                "id": "C2",
                "text": "増設までの間、山側の巡回の頻度を下げないことを月ごとに報告する。",
                "kind": coded("periodic", "毎月", "Monthly"),
                "finding": None,
                "owner": "author",
                "verifier": "checker",
                "due": "2026-11-10",
                "state": coded("submitted", "提出済・検証待ち", "Submitted"),
                "closed": False,
                "overdue": True,
                "evidence": pair("巡回記録 10月分", "Patrol record, October"),
                "verdict": None,
            },
            {
                "id": "C3",
                "text": pair("欠測時の表示の文言を改める。", "Reword the notice for missing readings."),
                "kind": coded("pre_start", "試行開始の前", "Before the trial"),
                "finding": None,
                "owner": "owner",
                "verifier": "quality",
                "due": "2026-10-27",
                "state": coded("verified", "検証済", "Verified"),
                "closed": True,
                "overdue": False,
                "evidence": pair("画面の写し", "Screen copy"),
                "verdict": pair("確認した（2026-10-27）", "Confirmed (2026-10-27)"),
            },
        ]

    def findings(self) -> list[dict[str, Any]]:
        return [
            {
                "id": "F1",
                "severity": coded("major", "主要", "Major"),
                "title": pair("地区間で見落とし率に差がある", "Missed-leak rates differ between districts"),
                "questions": ["B3d", "PHYS2"],
                "origin": coded("reviewer", "審査者の指摘", "raised by the reviewer"),
                "fact": pair(
                    "山側の3地区で、見落とし率が他の 1.6 倍である。計器の密度は 1 km² 当たり 0.8 台で、平地の半分に満たない。",
                    "In three hillside districts the rate is 1.6 times higher. There are 0.8 gauges per km², less than half of the plain.",
                ),
                "criteria": pair(
                    "質問票 試作・評価 2.0 の B3d。社内基準「地域間の公平」3.1節。",
                    "Questionnaire, prototype 2.0, B3d; internal standard “Fairness between districts”, 3.1.",
                ),
                "cause": None,
                "impact": pair(
                    "被害が特定の地区に偏り、事業への信頼を損なう。",
                    "Harm falls on certain districts and trust is lost.",
                ),
                "recommendation": pair(
                    "計器を増設し、差が 1.2 倍以内になるまで本格導入しない。",
                    "Add gauges; no full introduction until the gap is within 1.2 times.",
                ),
                "owner": "owner",
                "due": "2027-03-31",
                "condition": None if self.z.draft else "C1",
            }
        ]

    def course(self) -> dict[str, Any]:
        names = {
            "draft": ("作成中", "Draft"),
            "submitted": ("提出済", "Submitted"),
            "in_review": ("専門チーム審査中", "In review"),
            "returned": ("差戻し", "Returned"),
            "board_queued": ("付議待ち", "Queued for committee"),
            "approved_with_conditions": ("条件付承認", "Approved with conditions"),
        }
        path = ["draft", "submitted", "in_review", "returned", "submitted", "in_review", "board_queued"] + (
            [] if self.z.draft else ["approved_with_conditions"]
        )
        steps = [
            {
                "at": f"2026-09-{10 + 2 * n:02}T01:{n:02}:00Z",
                "before": coded(path[n - 1], *names[path[n - 1]]) if n else None,
                "after": coded(code, *names[code]),
                "actor": "author" if code in {"draft", "submitted"} else "lead",
                "note": pair("地区別の評価を加えるため差し戻した。", "Returned to add the evaluation by district.")
                if code == "returned"
                else None,
            }
            for n, code in enumerate(path)
        ]
        return {
            "steps": steps,
            "consulted": [],
            "comments": [
                {
                    "at": "2026-09-15T04:30:00Z",
                    "by": "lead",
                    "question": "B3d",
                    "text": "地区ごとの件数が示されていません。",
                    "reply": pair("改訂2で表を加えた。", "A table was added in revision 2."),
                }
            ],
            "diffs": [
                {
                    "earlier": 1,
                    "later": 2,
                    "answers": [
                        {
                            "question": "B3d",
                            "before": self.answers[0][3],
                            "after": self.answers[-1][3],
                            "effect": pair("公平 77.5 % → 73.8 %", "Fairness 77.5 % → 73.8 %"),
                        }
                    ],
                }
            ],
        }

    def acceptance(self) -> dict[str, Any] | None:
        if self.z.draft:
            return None
        return {
            "level": self.ranks(2 % self.z.items)[1],
            "body": None,
            "by": "chief",
            "on": "2026-10-30",
            "id": "SIG-0414",
            "until": "2027-10-22",
            "why": pair(
                "試行の範囲では巡回を減らさないため、差が残っても従来より悪くならない。",
                "Patrols are not reduced during the trial, so nobody is worse off than before.",
            ),
            "risks": [
                {
                    "item": self.keys[2 % self.z.items],
                    "level": self.ranks(2 % self.z.items)[1],
                    "text": pair("地区間の見落とし率の差（C1 まで）", "Gap between districts (until C1)"),
                }
            ],
        }

    def monitoring(self) -> dict[str, Any]:
        return {
            "indicators": [
                {
                    "id": "K1",
                    "name": pair("欠測時間の割合", "Share of missing readings"),
                    "unit": "%",
                    "latest": pair("0.8%（2026-09-01、範囲内）", "0.8% (2026-09-01, Within range)"),
                    "alarm": pair("2%以下", "2% or less"),
                    "interval": pair("1日ごと", "Every 1 days"),
                    "every_days": 1,
                    "action": pair("警報と再スクリーニング", "Alert and re-screening"),
                    "owner": "author",
                    "title": pair("欠測時間の割合の推移", "Share of missing readings"),
                    "count": 3,
                    "out": 1,
                    "readings": [
                        {"at": "2026-08-30T00:00:00Z", "value": "0.9", "verdict": "in"},
                        {"at": "2026-08-31T00:00:00Z", "value": "2.4", "verdict": "high"},
                        {"at": "2026-09-01T00:00:00Z", "value": "0.8", "verdict": "in"},
                    ],
                    "bands": [{"since": "2026-04-01T00:00:00Z", "low": "", "high": "2"}],
                },
                {
                    "id": "K2",
                    "name": pair("地区間の見落とし率の比", "Ratio of missed leaks"),
                    "unit": "",
                    "latest": pair("測定値なし", "No reading"),
                    "alarm": pair("1.8以下", "1.8 or less"),
                    "interval": pair("90日ごと", "Every 90 days"),
                    "every_days": 90,
                    "action": pair("警報", "Alert"),
                    "owner": "owner",
                    "title": pair("測定値はまだありません。", "There are no readings yet."),
                    "count": 0,
                    "out": 0,
                    "readings": [],
                    "bands": [{"since": "2026-04-01T00:00:00Z", "low": "", "high": "1.8"}],
                },
            ],
            "next_review": "2027-09-01",
            "basis": pair("区分に応じ12か月以内", "Within 12 months by level"),
            "rescreen": [
                pair("予測の対象を家庭の引込管へ広げるとき", "When forecasts extend to service pipes of homes"),
                pair("計器または学習データを替えるとき", "When gauges or training data change"),
            ],
            "since": "2026-03-01",
            "alerts": [
                {
                    "on": "2026-08-31",
                    "indicator": "K1",
                    "text": pair("欠測時間の割合が範囲を外れました。", "The share of missing readings left its range."),
                    "state": pair("確認済み", "Acknowledged"),
                    "reason": "計器の更新による一時的な欠測",
                }
            ],
            "incidents": [
                {
                    "id": "J1",
                    "kind": pair("ヒヤリハット", "Near miss"),
                    "on": "2026-08-12",
                    "title": "停電で予測が半日止まった",
                    "severity": pair("軽微", "Slight"),
                    "state": pair("終結", "Closed"),
                    "effect": "巡回を手動に切り替えた",
                    "cause": "予備電源の点検漏れ",
                    "prevention": "月次点検に加えた",
                    "consequence": pair("なし", "None"),
                    "told": ["架空市水道局（2026-08-13）"],
                }
            ],
        }

    def mapping(self) -> dict[str, Any]:
        refs = [
            {
                "ref": pair(f"第{n + 1}項", f"Clause {n + 1}"),
                "questions": [f"B{n % self.z.items + 1}a", f"B{n % self.z.items + 1}b"],
                "met": (2, 1, 0, 0)[n % 4],
                "applicable": (2, 2, 2, 0)[n % 4],
                "state": ("met", "part", "gap", "none")[n % 4],
            }
            for n in range(9)
        ]
        return {
            "note": pair(
                "参考の対応であり、同等性や適合を示さない。網羅率は、対応する設問がすべて係数 0.7 以上である参照の割合をいう。",
                "Indicative only. Coverage is the share of references whose mapped questions all reach 0.7.",
            ),
            "frameworks": [
                {
                    "name": pair("架空のAI指針", "Invented AI guideline"),
                    "note": pair("第2版、基準日 2026-10-01", "2nd ed., as of 2026-10-01"),
                    "references": refs,
                    "met": 3,
                    "mapped": 7,
                    "coverage": "42.9",
                }
            ],
        }

    # -- rest ----------------------------------------------------------------------------------------------------------
    def scope(self) -> list[dict[str, Any]]:
        return [
            {
                "term": pair("システム", "System"),
                "text": pair(
                    "配水区域の圧力計240台の値から漏水の起きやすい管を順位付けし、巡回の順序を提案する。",
                    "Ranks pipes by likelihood of a leak from 240 pressure gauges and proposes the order of patrols.",
                ),
            },
            {"term": pair("版", "Version"), "text": "leak-rank 1.4 (sha256 5d0c…a1)"},
            {"term": pair("役割", "Role"), "text": pair("開発者・利用者", "Developer and user")},
            {"term": pair("地域", "Region"), "text": pair("みほん市の配水区域", "Supply area of Mihon City")},
            {"term": pair("対象外", "Out of scope"), "text": None},
        ]

    def method(self) -> dict[str, Any]:
        return {
            "paragraphs": [
                pair(
                    "案件責任者と担当者が回答し、専門チームが証跡を照合した。照合したのは関門設問のすべてと、他の設問から無作為に選んだ3割である。",
                    "Owner and members answered; the expert team checked evidence for every gate and for a random third of the rest.",
                ),
                pair("審査者は案件に属したことがない。", "The reviewers never belonged to the project."),
            ],
            "versions": [
                {"term": pair("枠組み", "Framework"), "text": "mihon 3.0"},
                {"term": pair("質問票", "Questionnaire"), "text": pair("試作・評価 2.0", "Prototype 2.0")},
                {"term": pair("採点方式", "Scoring"), "text": self.z.method},
            ],
        }

    def limits(self) -> list[Words]:
        return [
            pair(
                "回答は関係者の自己申告であり、照合していない回答には事実と異なるものが残りうる。",
                "Answers are declared; unchecked ones may be wrong.",
            ),
            pair(
                "本書は法的助言でも認証でもない。特定の企業の公式な製品ではない。",
                "Neither legal advice nor certification; no official product of any company.",
            ),
        ]

    def glossary(self) -> list[dict[str, Any]]:
        return [
            {
                "term": pair("固有リスク", "Inherent risk"),
                "text": pair("統制を考えないときのリスク。", "Risk before controls."),
            },
            {
                "term": pair("残余リスク", "Residual risk"),
                "text": pair("統制を考えた後に残るリスク。", "Risk that remains after controls."),
            },
        ]

    def evidence(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"E{n + 1:02}",
                "kind": pair("文書", "Document"),
                "title": title,
                "date": f"2026-0{n + 3}-1{n}",
                "digest": digest(title["ja"]),
            }
            for n, title in enumerate(EVIDENCE_TITLES)
        ]

    def ledger(self) -> dict[str, Any]:
        kinds = [
            ("ScreeningOpened", "スクリーニングを開始", "Screening opened"),
            ("ScreeningSubmitted", "スクリーニングを提出", "Screening submitted"),
            ("ReviewTaken", "審査を開始", "Review taken"),
            ("DecisionRecorded", "審査結果を記録", "Decision recorded"),
        ]
        return {
            "origin": "mihon.example/ledger",
            "size": 1204,
            "root": digest("root"),
            "key": "mihon-ledger-2026",
            "at": "2026-10-30T03:00:00Z",
            "events": [
                {
                    "seq": 1100 + 7 * n,
                    "at": f"2026-09-{10 + n:02}T01:00:00Z",
                    "type": kinds[n % 4][0],
                    "label": pair(*kinds[n % 4][1:]),
                    "actor": pair("例示 健（案件担当）", "Ken Reiji (member)"),
                    "leaf": digest(f"leaf{n}"),
                }
                for n in range(14)
            ],
        }

    def kyt(self) -> list[dict[str, Any]]:
        return [
            {
                "on": "2026-09-25",
                "leader": "checker",
                "participants": 6,
                "scenario": pair(
                    "大雨の翌朝、提案の順に巡回する場面", "Patrol in the proposed order on the morning after heavy rain"
                ),
                "goal": pair(
                    "「順番より先に、音と色」指さし確認、よし！",
                    "“Sound and colour before the order” — point and call.",
                ),
                "hazards": [
                    {
                        "mark": "◎",
                        "text": pair(
                            "順位の低い管の濁りを見過ごす。", "Turbid water from a low-ranked pipe is passed over."
                        ),
                        "measure": pair("※ 通報を順位より先に見る。", "※ Reports before ranks."),
                    },
                    {
                        "mark": "",
                        "text": pair("画面を見ながら歩いて転ぶ。", "Falling while reading the screen."),
                        "measure": None,
                    },
                ],
            }
        ]

    def versions(self) -> list[dict[str, Any]]:
        return [
            {
                "version": 1,
                "on": "2026-10-16",
                "by": "checker",
                "text": pair("委員会に付す前の版（案）", "Draft before the committee"),
            }
        ] + (
            []
            if self.z.draft
            else [
                {"version": 2, "on": "2026-10-30", "by": "checker", "text": pair("審査結果を加えた", "Decision added")}
            ]
        )
