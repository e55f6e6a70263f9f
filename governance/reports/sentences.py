"""The product's own sentences in a report's content: method, limits, summary, findings, monitoring.

Figures are filled in from the framework, the score and the decision; nothing here decides anything. Labels of the page are in
labels.py; sentences that explain a score come from screenings/explain.py, the same as on the pages.
"""

from __future__ import annotations

from governance.texts import Text

TITLE = Text("AI倫理 案件報告書", "AI Ethics Case Report")
ISSUER = Text("AI倫理専門チーム", "AI-ethics expert team")
CLASSIFICATION = Text("社外秘", "Confidential")
DISCLAIMER = Text(
    "本評価は意思決定の支援であり、法令適合を保証しません。",
    "This assessment supports decisions; it does not certify compliance with law.",
)
STEPS = {
    "submitted": Text("提出", "Submitted"),
    "reviewed": Text("確認", "Checked"),
    "decided": Text("決定", "Decided"),
}

# -- summary ---------------------------------------------------------------------------------------------------------------
DECIDED = Text(
    "「{project}」の{phase}について、{body}は「{outcome}」と決定した。残余リスクは「{residual}」、固有リスクは「{inherent}」である。",
    "On {phase} of “{project}”, {body} decided: {outcome}. The residual risk is {residual}, the inherent risk {inherent}.",
)
UNDECIDED = Text(
    "「{project}」の{phase}について、審査結果はまだ出ていない。現時点の残余リスクは「{residual}」、固有リスクは「{inherent}」である。",
    "There is no decision yet on {phase} of “{project}”. The residual risk is {residual} at present, the inherent risk {inherent}.",
)
OPEN_CONDITIONS = Text("付帯条件は{all}件、うち{open}件が完了していない。", "Of {all} conditions, {open} are open.")
LEADING = {
    "trigger": Text("{rule}", "{rule}"),
    "inherent": Text("固有リスク「{rule}」", "inherent risk {rule}"),
    "residual": Text("残余リスク「{rule}」", "residual risk {rule}"),
    "override": Text("審査者の判断", "ruling of the reviewer"),
    "stop": Text("停止事由 {rule}", "hard stop {rule}"),
}
STOPPED = Text("停止事由 {codes} が解消していない。", "Hard stops {codes} stand.")
EXECUTIVE = Text(
    "執行側（{committee}の意見「{advised}」を受けて）", "The executive, advised by the {committee}: {advised}"
)
BOARD_MEETING = Text("{committee}（{year}年度 第{number}回）", "{committee} (FY{year}, meeting {number})")
SESSION = Text("{year}年度 第{number}回", "FY{year}, meeting {number}")

# -- challenges of the reviewer ---------------------------------------------------------------------------------------------
CHALLENGE = Text("第{revision}版　{what}。{reason}", "Revision {revision}: {what}. {reason}")
CHANGED = Text("回答「{before}」→ 審査者の見方「{after}」", "answer “{before}” → as the reviewer sees it “{after}”")
DOUBTED = Text("回答「{before}」への疑義", "doubt about the answer “{before}”")
MOVED = Text(
    "{item}の{axis} {before} → 審査者の見方 {after}", "{axis} of {item} {before} → as the reviewer sees it {after}"
)
AXES = {"severity": Text("影響 S", "severity S"), "likelihood": Text("起こりやすさ L", "likelihood L")}

RISKS = Text("主なリスク：{text}", "Main risks: {text}")
OPEN_POINTS = Text("残る論点：{text}", "Open points: {text}")

# -- method ----------------------------------------------------------------------------------------------------------------
SEPARATION = Text(
    "案件の責任者と担当者が回答し、AI倫理専門チームが確認した。"
    "案件に関わったことのある者は、確認にも決定にも加わらない（職務の分離）。",
    "The owner and members of the project answered; the AI-ethics expert team checked. Nobody who ever took part in the project "
    "takes part in check or decision (separation of duties).",
)
INHERENT = Text(
    "実践項目ごとに影響 S と起こりやすさ L を選び、積 S×L を区分に読み替えて固有リスクとした。"
    "判定項目による下限と加算は、規則により加えた。",
    "For each item, severity S and likelihood L were chosen and their product S×L was read as a level: the inherent risk. Minimums "
    "and increments of the triggers were added by rule.",
)
CONTROL = Text(
    "対策の効きは「係数×重み」の合計を重みの合計で割った値である。"
    "{limit}%以上で、かつ必須（★）がすべて係数{gate}以上のとき、区分を{step}段だけ下げて残余リスクとした。",
    "Control effectiveness is the sum of coefficient × weight over the sum of weights. Where it is at least {limit}% and every gate "
    "(★) has a coefficient of at least {gate}, the level is lowered by {step}: the residual risk.",
)
NOT_APPLICABLE = Text(
    "該当なしは、審査者が理由を受理したときに限り分母から除いた。未回答と未受理は 0 として数えた。"
    "案件全体の区分は項目の最大であり、平均しない。",
    "“Not applicable” left the sum only where a reviewer accepted the reason; unanswered or unaccepted counts as 0. The level of "
    "the case is the maximum of its items, never a mean.",
)
POINTS = Text(
    "回答の選択肢に付いた点数を合計し、{totals}の最大に対する割合を区分に読み替えて固有リスクとした。",
    "Points of the chosen answers were added up; the share of {totals} in their maximum was read as a level: the inherent risk.",
)
COMBINED = {
    "worst": Text(
        "リスクの合計が複数あるときは、割合のもっとも高いものによる。",
        "Of several risk totals the one with the highest share counts.",
    ),
    "sum": Text(
        "リスクの合計が複数あるときは、点数の和を最大の和で割る。",
        "Of several risk totals the points are added and divided by the sum of the maxima.",
    ),
    "mean": Text(
        "リスクの合計が複数あるときは、割合を平均する。", "Of several risk totals the mean of the shares counts."
    ),
}
MITIGATION = Text(
    "{total}がその最大の{reaches}%以上に達したとき、リスクの点数から{off}%を差し引いて残余リスクとした。達しないときは差し引かない。",
    "Where {total} reaches at least {reaches}% of its maximum, {off}% is taken off the risk points: the residual risk. Below that "
    "nothing is taken off.",
)
ROUNDED = Text(
    "差し引いた後の点数は、四捨五入して整数としてから比べた。",
    "Points left after that are rounded to whole points, halves up, before they are compared.",
)
POINTS_ONLY_ASKED = Text(
    "尋ねていない質問への回答は数えない。未回答は 0 点とした。割合は、丸める前の値で比べた。",
    "Answers to questions that are not asked do not count; unanswered questions give no points. Shares are compared before rounding.",
)
FROZEN = Text(
    "数値と回答は、{revision}回目の提出に対して凍結した写し（{stage}）による。",
    "Figures and answers are those of the snapshot frozen for submission {revision} ({stage}).",
)
STAGES = {
    "submitted": Text("提出時", "at submission"),
    "checked": Text("専門チームの確認後", "after the check of the expert team"),
}
AGGREGATE_OF_POINTS = Text(
    "リスクの点数は最大の{before}%、低減策の後は{after}%。項目の最大ではない",
    "Risk points are {before}% of their maximum, {after}% after mitigation; not the maximum of the items",
)
LEAST = Text("最も点数の低い回答", "the answer with the fewest points")
AGGREGATE = Text("{n}項目の最大。平均しない", "Maximum of {n} items, never a mean")
CUT = Text("{low}～{high} を{level}", "{low}–{high} {level}")
CUTS = Text("S×L が {cuts}とする。", "S×L of {cuts}.")
BOUNDS = {
    "inclusive": (
        Text("{high}%以下を{level}", "up to {high}% {level}"),
        Text("{low}%超{high}%以下を{level}", "over {low}% up to {high}% {level}"),
        Text("{low}%超を{level}", "over {low}% {level}"),
    ),
    "exclusive": (
        Text("{high}%未満を{level}", "under {high}% {level}"),
        Text("{low}%以上{high}%未満を{level}", "from {low}% to under {high}% {level}"),
        Text("{low}%以上を{level}", "from {low}% {level}"),
    ),
}
"""The first level, those between, and the last, by what belongs to a bound."""
SHARES = Text("リスクの点数の割合が {cuts}とする。", "Shares of the risk points: {cuts}.")
VERSIONS = {
    "framework": Text("枠組み", "Framework"),
    "questionnaire": Text("質問票", "Questionnaire"),
    "scoring": Text("採点方式", "Scoring method"),
    "snapshot": Text("写しのダイジェスト", "Digest of the snapshot"),
}

# -- scope -----------------------------------------------------------------------------------------------------------------
SCOPE = {
    "name": Text("案件", "Project"),
    "summary": Text("概要", "Summary"),
    "phase": Text("フェーズ", "Phase"),
    "system_version": Text("システムの版", "Version of the system"),
    "department": Text("部門", "Department"),
    "sector": Text("分野", "Sector"),
    "own_roles": Text("自社の役割", "Own role"),
    "customer": Text("顧客", "Customer"),
    "end_subjects": Text("影響を受ける人", "People affected"),
    "regions": Text("地域", "Regions"),
    "techniques": Text("技術", "Techniques"),
    "period": Text("回答から提出まで", "From opening to submission"),
}

# -- changes and rulings ---------------------------------------------------------------------------------------------------
CHANGE_KINDS = {
    "floor": Text("下限", "Minimum"),
    "bump": Text("加算", "Increment"),
    "not_applicable": Text("該当なしの判断", "Ruling on “not applicable”"),
    "evidence": Text("証跡の判断", "Ruling on evidence"),
    "hard_stop": Text("停止事由の判断", "Ruling on a hard stop"),
    "route": Text("審査経路の変更", "Change of route"),
}
RULED = {
    "accepted": Text("受理", "accepted"),
    "refused": Text("不受理", "not accepted"),
    "disproved": Text("事実と異なる", "disproved"),
    "raised": Text("検出", "raised"),
    "cleared": Text("非該当", "cleared"),
    "confirmed": Text("確認", "confirmed"),
    "released_legal": Text("解除（法務）", "released (legal)"),
    "released_team": Text("解除（専門チーム）", "released (expert team)"),
}
RULING = Text("{kind}：{outcome}（{who}、{on}）。{reason}", "{kind}: {outcome} ({who}, {on}). {reason}")

# -- findings --------------------------------------------------------------------------------------------------------------
SEVERITIES = {
    "critical": Text("重大", "Critical"),
    "major": Text("主要", "Major"),
    "minor": Text("軽微", "Minor"),
    "observation": Text("所見", "Observation"),
}
CONTRADICTION_TITLE = Text("食い違う回答（{keys}）", "Answers that do not fit together ({keys})")
BY_RULE = Text("規則による自動の指摘", "raised by rule")
GATE_TITLE = Text("必須（★）の{key}「{topic}」が未達", "Gate {key} (★) “{topic}” is open")
GATE_FACT = Text("回答は「{answer}」である。", "The answer is “{answer}”.")
GATE_CRITERIA = Text("{key}：{text}", "{key}: {text}")
GATE_ADVICE = Text(
    "{key}を実施し、証跡を添えて再評価を受ける。", "Carry out {key}, attach evidence and have it assessed again."
)
STOP_TITLE = Text("停止事由 {code}「{name}」が成立", "Hard stop {code} “{name}” stands")

# -- after the decision ----------------------------------------------------------------------------------------------------
BASIS = Text(
    "残余「{level}」の案件は{months}か月以内に再評価する。",
    "A case of residual {level} is assessed again within {months} months.",
)
RESCREEN = (
    Text("モデル、学習データまたは判断の閾値を変更するとき", "Change of model, training data or decision threshold"),
    Text("用途、対象者、地域または提供先を広げるとき", "New use, people, region or recipient"),
    Text(
        "重大な事故、苦情の増加または法令・指針の改正があったとき",
        "Serious incident, rising complaints, or new law or guideline",
    ),
)
VOTES = Text(
    "賛成 {f}、反対 {a}、棄権 {x}（出席 {n}、可決に必要な賛成 {need}）。",
    "{f} for, {a} against, {x} abstaining ({n} present, {need} needed).",
)
DISSENTER = {"external": Text("外部の委員", "External member"), "internal": Text("内部の委員", "Internal member")}
SIDES = {"external": Text("外部", "External"), "internal": Text("内部", "Internal")}
CHAIR = Text("（委員長）", " (chair)")
ALTERNATE = Text("（{name}の代理）", " (alternate for {name})")
ATTENDANCE = {
    "in_person": Text("出席", "Present"),
    "remote": Text("出席（遠隔）", "Present (remote)"),
    "absent": Text("欠席", "Absent"),
    "recused": Text("退席（利益相反）", "Recused (left the room)"),
}
AUTHORITY = {"deciding": Text("決定機関", "Deciding body"), "advisory": Text("助言機関", "Advisory body")}
RULES_VERSION = Text("委員会規程 {version}版", "Committee rules, version {version}")
OPINION = Text(
    "専門チームの意見（{recommendation}）：{opinion}", "Opinion of the expert team ({recommendation}): {opinion}"
)
DIFF_EFFECT = Text("{item} {before} → {after}%", "{item} {before} → {after}%")

# -- appendix --------------------------------------------------------------------------------------------------------------
MAPPING = Text(
    "参考の対応であり、同等性や適合を示さない。網羅率は、対応する設問がすべて係数 {gate} 以上である参照の割合をいう。",
    "Indicative only; shows neither equivalence nor conformity. Coverage is the share of references whose mapped questions all "
    "reach a coefficient of {gate}.",
)
MAPPING_OF_POINTS = Text(
    "参考の対応であり、同等性や適合を示さない。網羅率は、対応する設問がすべて最も点数の低い回答である参照の割合をいう。",
    "Indicative only; shows neither equivalence nor conformity. Coverage is the share of references whose mapped questions all have "
    "the answer with the fewest risk points.",
)
EDITION = Text("{edition}、基準日 {dated}。{note}", "{edition}, list of {dated}. {note}")
EVIDENCE_KINDS = {"file": Text("ファイル", "File"), "link": Text("リンク", "Link")}
EVIDENCE_VERSION = Text("{kind} 第{n}版", "{kind}, version {n}")
EVIDENCE_UNTIL = Text("{kind}（{on}まで有効）", "{kind}, valid until {on}")
VERSION_NOTES = {
    True: Text("審査結果の前の版（案）", "Before the decision (draft)"),
    False: Text("審査結果を含む版", "With the decision"),
}
LIMITS = (
    Text(
        "回答は案件の関係者による自己申告であり、専門チームは提出された証跡の範囲で確認した。確認していない事実と異なるものが残りうる。",
        "Answers are declared by the project; the expert team checked them as far as evidence was given. Some may still be wrong.",
    ),
    Text(
        "本書は法的助言でも、規格や法令への適合の認証でもない。",
        "This report is neither legal advice nor a certificate of conformity.",
    ),
    Text(
        "証跡の内容は収めず、題名、日付、SHA-256 による参照だけを記す。",
        "Contents of evidence are not included; it is referred to by title, date and SHA-256.",
    ),
    Text(
        "本書の評価は記載した版と時点のものであり、その後の変更には及ばない。",
        "The assessment holds for the versions and time stated and not for later changes.",
    ),
)
