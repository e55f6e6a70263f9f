"""The fixed words of a case report in both languages; everything else a report prints is part of its content.

A template names a label by its key; `{name}` places are filled by the caller. A test checks that every key is used and exists.
"""

from __future__ import annotations

from governance.texts import Text

# -- the document itself -------------------------------------------------------------------------------------------------
_DOCUMENT = {
    "none": Text("記載なし", "None stated"),
    "draft": Text("案", "DRAFT"),
    "contents": Text("目次", "Contents"),
    "version": Text("第{n}版", "Version {n}"),
    "case_revision": Text("案件改訂{n}", "Case revision {n}"),
    "version_line": Text("第{n}版（案件改訂{revision}）", "Version {n} (case revision {revision})"),
    "number_version": Text("文書番号・版", "Document, version"),
    "case": Text("対象案件", "Case"),
    "phase": Text("フェーズ", "Phase"),
    "addressees": Text("宛先", "Addressees"),
    "dated": Text("作成日", "Date"),
    "retention": Text("保存期限", "Retention"),
    "issued": Text("発行 {number}　{at}　目的：{purpose}", "Issued {number}, {at}, for: {purpose}"),
    "issued_bare": Text("発行 {number}　{at}", "Issued {number}, {at}"),
    "table": Text("表{n}", "Table {n}"),
    "figure": Text("図{n}", "Figure {n}"),
    "in_body": Text("第{n}節", "section {n}"),
    "in_appendix": Text("付録{n}", "appendix {n}"),
    "profile_line": Text("開示範囲：{name}（定義 {digest}）", "Disclosure: {name} (definition {digest})"),
    "profile_note": Text(
        "範囲の外の内容は、作成の前に取り除いた。添付の記録にもない。",
        "What the profile leaves out was taken away beforehand; the attached record does not hold it either.",
    ),
    "purpose_line": Text("目的：{purpose}", "For: {purpose}"),
    "left_out": Text(
        "本書の体裁により印刷していない節：{names}。内容は、開示範囲で除いたものを除き、添付の記録（record.json）にある。",
        "Not printed, by the layout of the house: {names}. Their content, as far as it is disclosed, is in the attached record "
        "(record.json).",
    ),
    "left_out_here": Text("本書の体裁により除いた節：{names}", "Left out by the layout of the house: {names}"),
    "of_revision": Text("（改訂{n}）", " (revision {n})"),
}

# -- words of table heads that several tables share ------------------------------------------------------------------------
_HEADS = {
    "answer": Text("回答", "Answer"),
    "date": Text("日付", "Date"),
    "due": Text("期限", "Due"),
    "evidence": Text("証跡", "Evidence"),
    "inherent": Text("固有", "Inherent"),
    "item": Text("実践項目", "Item"),
    "kind": Text("種類", "Kind"),
    "level": Text("区分", "Level"),
    "member": Text("委員", "Member"),
    "no": Text("番号", "No."),
    "note": Text("内容", "Note"),
    "owner": Text("担当", "Owner"),
    "person": Text("担当者", "Person"),
    "points": Text("点", "Points"),
    "question": Text("設問", "Question"),
    "reason": Text("理由", "Reason"),
    "residual": Text("残余", "Residual"),
    "result": Text("結果", "Result"),
    "rule": Text("規則", "Rule"),
    "state": Text("状態", "State"),
    "time": Text("日時", "Time"),
    "until": Text("期限", "Until"),
    "verifier": Text("確認者", "Verifier"),
}

# -- sections 1 to 3: summary, scope, method -------------------------------------------------------------------------------
_SUMMARY = {
    "decision": Text("審査結果", "Decision"),
    "undecided": Text("未決定", "Not decided"),
    "route": Text("審査経路", "Route"),
    "inherent_residual": Text("固有リスク → 残余リスク", "Inherent → residual"),
    "valid_until": Text("有効期限", "Valid until"),
    "next_review": Text("次回の再評価", "Next review"),
    "trend_index": Text("推移用の指数 {n}/100", "Trend index {n}/100"),
    "escalated_to": Text("付議先", "Escalated to"),
    "levels_by_item": Text("項目別の区分", "Level by item"),
    "main_risks": Text("主なリスク", "Main risks"),
    "what_may_happen": Text("何が起こりうるか", "What may happen"),
    "treatment": Text("扱い", "Treatment"),
    "open_conditions": Text("完了していない付帯条件", "Open conditions"),
    "condition": Text("条件", "Condition"),
    "when": Text("時期", "When"),
    "ground_of_decision": Text("決定の根拠", "Ground of the decision"),
    "dissent_in": Text("少数意見は{section}に全文を記す。", "The dissent is given in full in {section}."),
    "scope": Text("評価の範囲", "Scope"),
    "levels": Text("リスク区分", "Levels"),
    "versions_in_force": Text("適用した版", "Versions in force"),
    "grades": Text("影響 S と起こりやすさ L の段階", "Grades of severity S and likelihood L"),
    "grade": Text("段階", "Grade"),
    "severity": Text("影響 S", "Severity S"),
    "likelihood": Text("起こりやすさ L", "Likelihood L"),
    "answer_scale": Text("回答の記号と係数", "Answer marks and coefficients"),
    "mark": Text("記号", "Mark"),
    "coefficient": Text("係数", "Coefficient"),
    "outside_fraction": Text("分母から除く", "Leaves the denominator"),
}

# -- sections 4 and 5: triggers, route, risk -------------------------------------------------------------------------------
_RISK = {
    "triggers": Text("判定項目と回答", "Triggers and answers"),
    "trigger": Text("判定項目", "Trigger"),
    "effects": Text("経路・下限・追加", "Route, floor, pack"),
    "to_confirm": Text("要確認", "To be confirmed"),
    "derivation": Text("審査経路の導出", "How the route was derived"),
    "step": Text("手順 {n}", "Step {n}"),
    "deciders": Text("決定できる者", "Who may decide"),
    "assessment": Text("{n}項目の評価", "Assessment of the {n} items"),
    "by_points": Text("算出", "How reached"),
    "control": Text("対策の効き", "Control effect."),
    "step_down": Text("段階を下げたか", "Step down"),
    "why_level": Text("区分の理由", "Why this level"),
    "totals": Text("点数の合計", "Totals of points"),
    "whole_case": Text("案件全体", "Whole case"),
    "differs": Text(
        "* 下限または審査者の変更により、選んだ値と異なる（「{table}」の表）。",
        "* Differs from the value chosen, by a floor or a change of the reviewer (see “{table}”).",
    ),
    "radar": Text("固有（破線）と残余（実線）", "Inherent (dashed), residual (solid)"),
    "matrix": Text("S×L と項目の位置（固有）", "S×L with the items (inherent)"),
    "heat_map": Text(
        "フェーズと項目のリスク（残余。小さい数字は固有 → 残余）",
        "Residual risk by phase and item (small figures: inherent → residual)",
    ),
    "values_of": Text("{figure}の値（固有 → 残余）", "Values of {figure} (inherent → residual)"),
    "not_assessed": Text("未評価", "Not yet"),
    "grade_reasons": Text("影響と起こりやすさの理由（選んだ値）", "Reasons for severity and likelihood (as chosen)"),
    "severity_reason": Text("影響の理由", "Reason for severity"),
    "likelihood_reason": Text("起こりやすさの理由", "Reason for likelihood"),
    "changes": Text("下限・変更・停止", "Floors, changes, stops"),
    "subject": Text("対象", "Subject"),
    "change": Text("変化", "Change"),
    "ground_person_date": Text("根拠・者・日付", "Ground, person, date"),
    "stop": Text("停止事由 {n}", "Hard stop {n}"),
    "hit": Text("● 該当", "● Hit"),
    "not_hit": Text("該当しない", "Not hit"),
    "lowering": Text("あと何を行えば下がるか（最小の組）", "What would lower the level (smallest set)"),
    "points_then": Text("そのときの点数", "Points then"),
    "effect_then": Text("実施したときの対策の効き", "Effectiveness then"),
}

# -- sections 6 to 8: questions, packs, findings ---------------------------------------------------------------------------
_ANSWERS = {
    "reading_key": Text(
        "★は必須の設問。点は「係数×重み／重み」。証跡は番号、題名、日付、SHA-256 の先頭12桁で示す。",
        "★ marks gate questions. Points are coefficient × weight out of weight. Evidence is given by number, title, date and "
        "the first 12 digits of its SHA-256.",
    ),
    "reading_key_points": Text(
        "点は「リスクの点数／最大の点数」。証跡は番号、題名、日付、SHA-256 の先頭12桁で示す。",
        "Points are risk points out of the most a question can give. Evidence is given by number, title, date and the first 12 "
        "digits of its SHA-256.",
    ),
    "full_digits": Text("全桁は{section}に記す。", "All digits are given in {section}."),
    "question_remark": Text("設問・備考・証跡", "Question, remark, evidence"),
    "not_answered": Text("未回答", "Not answered"),
    "planned": Text("予定 {on}", "Planned {on}"),
    "finding": Text("指摘 {id}", "Finding {id}"),
    "loose": Text("項目によらない設問", "Questions of no single item"),
    "unasked": Text("尋ねなくなった質問への回答", "Answers no longer asked"),
    "unasked_table": Text(
        "点数にも経路にも使っていない回答", "Answers that counted neither in the points nor in the route"
    ),
    "carried": Text("引き継いだ回答（{phase}）", "Answers carried forward ({phase})"),
    "carried_table": Text(
        "{phase}フェーズの回答（対策の効きの計算に含む）", "Answers of the phase {phase}, part of the fractions"
    ),
    "topic": Text("確認事項", "Topic"),
    "answer_short": Text("回答", "Ans."),
    "pack_by": Text("追加質問群 {code}（{trigger} による）", "Pack {code}, added by {trigger}"),
    "weight_of": Text("重大度", "Severity"),
    "questions": Text("設問 {keys}", "Questions {keys}"),
    "fact": Text("事実", "Condition"),
    "criteria": Text("基準", "Criteria"),
    "cause": Text("原因", "Cause"),
    "impact": Text("影響", "Consequence"),
    "recommendation": Text("推奨", "Recommendation"),
    "owner_due": Text("担当・期限", "Owner, due"),
    "bound_to": Text("付帯条件 {id}", "Condition {id}"),
}

# -- sections 9 and 10: course of review, committee ------------------------------------------------------------------------
_COURSE = {
    "steps": Text("状態の推移（日時は {zone}）", "Changes of state ({zone})"),
    "actor": Text("行為者", "Actor"),
    "comments": Text("審査者の意見と回答（日時は {zone}）", "Comments and replies ({zone})"),
    "comment": Text("意見", "Comment"),
    "reply": Text("回答", "Reply"),
    "consulted": Text("機関の意見（日時は {zone}）", "Opinions of bodies ({zone})"),
    "consulted_body": Text("機関", "Body"),
    "consulted_question": Text("照会した内容", "What it was asked"),
    "consulted_opinion": Text("意見", "Opinion"),
    "consulted_waits": Text("回答待ち", "Not answered yet"),
    "diffs": Text("改訂の差分", "Changes between revisions"),
    "diff": Text("改訂{earlier}から改訂{later}への変更", "From revision {earlier} to revision {later}"),
    "before": Text("変更前", "Before"),
    "after": Text("変更後", "After"),
    "score_effect": Text("評点への影響", "Effect on score"),
    "no_session": Text("委員会には付議していない。", "The case was not put to a committee."),
    "not_decided_yet": Text(
        "この版を作成した時点で、審査結果は出ていない。", "There was no decision when this version was made."
    ),
    "session": Text("会議", "Session"),
    "committee_session": Text("会議体・回", "Committee, session"),
    "time_place": Text("日時・場所", "Time and place"),
    "authority_rules": Text("権限・規程", "Authority, rules"),
    "attendance_table": Text("委員と出欠", "Members and attendance"),
    "side": Text("区分", "Kind"),
    "expertise": Text("専門", "Expertise"),
    "attendance": Text("出欠", "Attendance"),
    "vote": Text("投票", "Vote"),
    "quorum_vote": Text("定足数と議決の計算", "Quorum and vote"),
    "arithmetic": Text("計算", "Arithmetic"),
    "met": Text("満たす", "Met"),
    "not_met": Text("満たさない", "Not met"),
    "recusals": Text("審議からの退席（利益相反）", "Recusals"),
    "issues": Text("論点と解決", "Controverted issues and resolution"),
    "issue": Text("論点", "Issue"),
    "resolution": Text("解決", "Resolution"),
    "dissents": Text("少数意見", "Dissent"),
    "precedents": Text("引用した先例", "Precedents cited"),
    "precedent": Text("先例", "Precedent"),
    "decision_body": Text("決定者", "Decided by"),
    "decided_on": Text("決定日", "Date"),
}

# -- sections 11 to 15: conditions, acceptance, monitoring, mapping, limits ------------------------------------------------
_AFTER = {
    "conditions": Text("付帯条件", "Conditions"),
    "condition_when": Text("条件（時期・指摘）", "Condition (when, finding)"),
    "state_evidence": Text("状況・証跡", "State, evidence"),
    "overdue": Text("▲ 期限超過", "▲ Overdue"),
    "acceptance": Text("残余リスクの受容", "Acceptance of residual risk"),
    "not_accepted": Text(
        "残余リスクの受容は、まだ記録されていない。", "Acceptance of the residual risk is not yet recorded."
    ),
    "accepted_by": Text("受容した者", "Accepted by"),
    "accepted_risks": Text("受容した残余リスクの内容", "Risks accepted"),
    "indicators": Text("監視指標", "Indicators"),
    "indicator": Text("指標", "Indicator"),
    "latest": Text("最新の測定値", "Latest reading"),
    "alarm": Text("許容範囲", "Range"),
    "interval": Text("頻度", "Interval"),
    "alarm_action": Text("範囲を外れたとき", "When out of range"),
    "readings": Text("{count}件、うち範囲外{out}件", "{count} readings, {out} out of range"),
    "alerts": Text("前回の審査結果以後の警報", "Alerts since the last decision"),
    "alert_what": Text("起きたこと", "What happened"),
    "happened_on": Text("発生日", "Date"),
    "incident": Text("事故・ヒヤリハット", "Incident or near miss"),
    "severity_state": Text("影響の大きさ・状態", "Severity, state"),
    "cause_prevention": Text("原因と再発防止", "Cause and prevention"),
    "prevention": Text("再発防止", "Prevention"),
    "effect": Text("影響", "Effect"),
    "told_others": Text("外部への報告", "Reported to"),
    "consequence": Text("案件への影響", "Consequence for the case"),
    "reassessment": Text("再評価", "Re-assessment"),
    "rescreen_rule": Text("再評価の規準 {n}", "Re-screening rule {n}"),
    "incidents": Text("前回の審査結果以後の事故・ヒヤリハット", "Incidents and near misses since the last decision"),
    "coverage": Text("網羅率", "Coverage"),
    "framework": Text("枠組み", "Framework"),
    "version_note": Text("版の注記", "Note on version"),
    "reference": Text("参照", "Reference"),
    "mapped_questions": Text("設問", "Questions"),
    "mapping_result": Text("判定（充足した設問）", "Result (questions met)"),
    "mapping_met": Text("充足", "Met"),
    "mapping_part": Text("一部", "Partly"),
    "mapping_gap": Text("未充足", "Not met"),
    "mapping_none": Text("該当なし", "Not applicable"),
}

# -- appendix --------------------------------------------------------------------------------------------------------------
_APPENDIX = {
    "glossary": Text("用語", "Glossary"),
    "evidence_list": Text("証跡（内容は収めない）", "Evidence (contents not included)"),
    "title": Text("題名", "Title"),
    "ledger_records": Text("監査台帳の記録（日時は {zone}）", "Ledger records ({zone})"),
    "event": Text("監査イベント", "Event"),
    "actor_role": Text("行為者（役割）", "Actor (role)"),
    "leaf": Text("葉のハッシュ（先頭32桁）", "Leaf hash (first 32 digits)"),
    "checkpoint": Text("チェックポイント", "Checkpoint"),
    "ledger_origin": Text("台帳の名", "Name of the ledger"),
    "tree_size": Text("木の大きさ", "Tree size"),
    "root_hash": Text("根のハッシュ", "Root hash"),
    "signing_key": Text("署名鍵・時刻", "Signing key, time"),
    "kyt_session": Text("実施の記録", "Session"),
    "kyt_leader": Text("日付・進行", "Date, leader"),
    "kyt_people": Text("参加 {n}名", "{n} participants"),
    "scene": Text("場面", "Scene"),
    "team_goal": Text("行動目標", "Team goal"),
    "hazards": Text("危険と対策（評点には用いない）", "Hazards and measures (not part of the score)"),
    "hazard": Text("危険", "Hazard"),
    "measure": Text("対策", "Measure"),
    "report_versions": Text("本書の版", "Versions of this report"),
    "edition": Text("版", "Version"),
    "paper_issued": Text("発行 {at}", "Issued {at}"),
    "paper_check": Text("検証", "How to check this paper"),
    "paper_check_note": Text(
        "このPDFには、内容の機械で読める記録（{name}）が添付されています。検証ページに上のダイジェストまたはファイルのSHA-256を入れると、発行の記録と照合できます。",
        "Its content is attached as a machine-readable record ({name}). Enter the digest above or the file’s SHA-256 on the page for "
        "verification to compare it with the record of the issue.",
    ),
    "record_digest": Text("記録のダイジェスト（SHA-256）", "Digest of the record (SHA-256)"),
    "qr_digest": Text("左の符号は上のダイジェストを表す。", "The code holds the digest above."),
    "qr_page": Text(
        "左の符号は検証ページの番地である：{address}", "The code leads to the verification page: {address}"
    ),
    "verify_1": Text(
        "1. 本書（PDF/A-3u）に添付された {name} を取り出す。", "1. Take out {name}, attached to this PDF/A-3u file."
    ),
    "verify_2": Text(
        "2. 取り出したファイルの SHA-256 を計算し、上の値と比べる。正準形（RFC 8785）で添付しているため、そのまま一致する。",
        "2. Compute its SHA-256 and compare with the value above. The attachment is in canonical form (RFC 8785), so it matches as it is.",
    ),
    "verify_3": Text(
        "3. 監査台帳の各記録が、本書に記した大きさと根のハッシュの木（RFC 9162）に含まれることを、台帳の検証手段で確かめる。",
        "3. With the ledger's verifier, check that the records are in the tree (RFC 9162) of the size and root given.",
    ),
    "verify_4": Text(
        "4. 本書の数値と文が {name} の値と同じであることを確かめる。発行の番号・日時・目的だけは表紙の一か所にあり、記録には含まれない。",
        "4. Compare figures and text with {name}. Only number, time and purpose of issue, in one place on the cover, are not part of it.",
    ),
    "verify_5": Text(
        "5. 表示されたページの書き換えは、ファイル全体のダイジェストを発行台帳と照合することでのみ分かる。",
        "5. A change to the visible pages alone shows only when the digest of the whole file is compared with the register of issues.",
    ),
    "offline": Text("このサービスを使わない検証", "Checking without this service"),
    "offline_place": Text("台帳の番号 / 件数", "Entry / entries"),
    "offline_root": Text("ルート", "Root"),
    "offline_key": Text("公開鍵", "Public key"),
    "offline_print": Text("鍵の指紋", "Fingerprint of the key"),
    "offline_1": Text(
        "1. 検証プログラム（verify_report.py、検証ページから入手できる1つのファイル）を用意する。通信はしない。次のように使う：{command}",
        "1. Get the verifier (verify_report.py, one file from the verification page); it uses no network. Run: {command}",
    ),
    "offline_2": Text(
        "2. 公開鍵は、本書からではなく、監査人が別の経路で受け取ったものを使う。上の鍵は見分けるための参考である。",
        "2. Use a public key that the auditor got some other way, never the one in this report; it is printed only to be recognised.",
    ),
    "offline_3": Text(
        "3. RECORD OK は、添付の記録が署名された台帳に入っていることを示す。ページの1文字の変更まで分かるのは、証明ファイル"
        "（.tlog-proof）を与えたときの FILE OK だけである。",
        "3. RECORD OK: the attached record is in the signed ledger. Only FILE OK, with the sidecar (.tlog-proof), covers every "
        "letter of these pages.",
    ),
    "offline_4": Text(
        "4. HISTORY OK は、以前に保管したチェックポイントから台帳が書き換えられていないことを示す。"
        "添付の checkpoint.txt も保管できる。",
        "4. HISTORY OK: the ledger was not rewritten since a checkpoint that you kept. The attached checkpoint.txt may be kept for that.",
    ),
    "offline_command": Text(
        "python verify_report.py 報告書.pdf --proof 報告書.pdf.tlog-proof --key 公開鍵 --checkpoint 保管したもの",
        "python verify_report.py REPORT.pdf --proof REPORT.pdf.tlog-proof --key KEY --checkpoint SAVED",
    ),
}

# -- titles of the sections, for those who compose a content ----------------------------------------------------------------
TITLES = {
    "summary": Text("要旨", "Summary"),
    "scope": Text("評価の範囲と前提", "Scope and assumptions"),
    "method": Text("方法", "Method"),
    "triggers": Text("スクリーニング結果", "Screening result"),
    "risk": Text("リスク評価", "Risk assessment"),
    "questions": Text("設問別の詳細", "Detail by question"),
    "packs": Text("追加質問群", "Additional packs"),
    "findings": Text("指摘事項", "Findings"),
    "course": Text("審査経緯", "Course of review"),
    "committee": Text("委員会の審議", "Committee session"),
    "conditions": Text("付帯条件と対応状況", "Conditions and progress"),
    "acceptance": Text("残余リスクと受容", "Residual risk and acceptance"),
    "monitoring": Text("監視・再評価計画", "Monitoring and re-assessment"),
    "mapping": Text("外部枠組みとの対応", "Framework mapping"),
    "limits": Text("限界・免責", "Limits and disclaimer"),
    "glossary": Text("用語", "Glossary"),
    "evidence": Text("証跡一覧", "Evidence"),
    "ledger": Text("監査台帳の抜粋", "Ledger excerpt"),
    "kyt": Text("危険予知トレーニングの記録", "KYT record"),
    "versions": Text("改訂履歴", "Revision history"),
    "verification": Text("本文ダイジェストと検証方法", "Digest and verification"),
}

LABELS: dict[str, Text] = {**_DOCUMENT, **_HEADS, **_SUMMARY, **_RISK, **_ANSWERS, **_COURSE, **_AFTER, **_APPENDIX}
