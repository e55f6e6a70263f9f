"""The sentences and labels of the portfolio report, and what each of its figures means."""

from __future__ import annotations

from governance.texts import Text

TITLE = Text("AI倫理 ポートフォリオ報告書", "AI Ethics Portfolio Report")
MOST_MONTHS = 18

SUMMARY = Text("要旨", "Summary")
CASES = Text("案件の内訳", "Cases")
RISK = Text("リスクの分布", "Risk")
LEAD = Text("審査と所要日数", "Decisions and lead times")
CONDITIONS = Text("付帯条件", "Conditions")
BOARDS = Text("委員会の開催", "Committee sessions")
CHANGED = Text("審査者による変更と該当なし", "Changes by reviewers and “not applicable”")
INCIDENTS = Text("事故とヒヤリハット", "Incidents and near misses")
TERMS = Text("数値の定義", "What the figures mean")

MESSAGE = Text(
    "{period}に提出されたスクリーニングは{submitted}件、決定された審査は{decided}件である。期限を過ぎた付帯条件は{overdue}件ある。",
    "In {period}, {submitted} screenings were submitted and {decided} decisions recorded. {overdue} conditions are overdue.",
)
BELOW = Text(
    "{name}のこの年度の開催は{held}回で、規程の{needed}回に達していない。",
    "{name} has met {held} times this fiscal year; its rules ask for {needed}.",
)
FIGURE = Text("指標", "Figure")
CHANGE = Text("増減", "Change")
NAME = Text("区分", "Group")
SHARE = Text("割合", "Share")
KEY = {
    "registered": Text("新しく登録された案件", "Projects registered"),
    "submitted": Text("提出されたスクリーニング", "Screenings submitted"),
    "decided": Text("決定された審査", "Decisions recorded"),
    "median": Text("提出から決定までの日数（中央値）", "Days from submission to decision, median"),
    "ninetieth": Text("提出から決定までの日数（90%点）", "Days from submission to decision, 90th percentile"),
    "overdue": Text("期限を過ぎた付帯条件（期末）", "Conditions overdue at the end"),
    "sessions": Text("委員会の開催", "Committee sessions"),
    "external": Text("外部委員の割合（期末）", "Share of external members at the end"),
    "overridden": Text("審査者が変更した案件の割合", "Share of cases changed by reviewers"),
    "unasked": Text("該当なしの割合", "Share of “not applicable” answers"),
    "accidents": Text("事故", "Incidents"),
    "near_misses": Text("ヒヤリハット", "Near misses"),
}

BY_PHASE = Text("フェーズ別の提出", "Submissions by phase")
BY_SECTOR = Text("分野別の提出", "Submissions by sector")
BY_REGION = Text("地域別の提出", "Submissions by region")
BY_ROUTE = Text("審査経路別の提出", "Submissions by route")
BY_INHERENT = Text("固有リスク別の提出", "Submissions by inherent risk")
BY_RESIDUAL = Text("残余リスク別の提出", "Submissions by residual risk")
OTHERS = Text(
    "ほかの枠組みによる提出が{n}件あり、フェーズ・経路・リスクの内訳には含まない。",
    "{n} more submissions were made under other frameworks; phases, routes and risk do not count them.",
)
HEAT = Text("フェーズと実践項目ごとのリスク", "Risk by phase and item")
HEAT_CAPTION = Text(
    "期間中に提出された案件のうち最も高いリスク（残余。小さい数字は固有 → 残余）",
    "Highest level among the cases submitted (residual; small figures: inherent → residual)",
)
ITEM = Text("実践項目", "Item")
SPREAD = Text("残余リスクごとの件数（{levels}）", "Cases by residual level ({levels})")

BY_OUTCOME = Text("結果別の決定", "Decisions by outcome")
BY_BODY = Text("決定した機関", "Decisions by body")
OFFICES = {
    "department": Text("部門責任者", "Department head"),
    "team": Text("AI倫理専門チーム", "AI ethics expert team"),
    "board": Text("AI倫理委員会", "AI ethics committee"),
    "executive": Text("執行責任者", "Executive"),
}
SPANS = Text("所要日数", "Lead times in days")
STEP = Text("段階", "Step")
SPAN = {
    "cases": Text("件数", "Cases"),
    "median": Text("中央値", "Median"),
    "ninetieth": Text("90%点", "90th"),
}
EARLIER = Text("前の期間：{what}", "Before: {what}")
STEPS = {
    "fill": Text("開始から最初の提出まで", "From opening to first submission"),
    "wait": Text("提出から審査の引き受けまで", "From submission until taken for review"),
    "review": Text("引き受けから専門チームの審査の終わりまで", "Review by the expert team"),
    "decide": Text("審査の終わりから決定まで", "From the end of the review to the decision"),
    "total": Text("最初の提出から決定まで（全体）", "From first submission to decision (whole)"),
}
SPAN_NOTE = Text(
    "承認・条件付承認・不承認となった審査について、暦日で数える。差戻しのあとの日数を含む。",
    "Calendar days of reviews that ended in approval, conditional approval or rejection; time after returns is included.",
)
MONTHLY = Text("月ごとの提出と決定", "Submissions and decisions by month")
MONTH = Text("月", "Month")
SENT = Text("提出", "Submitted")
DONE = Text("決定", "Decided")

CONDITION_FIGURES = {
    "set": Text("期間中に付けられた条件", "Set in the period"),
    "settled": Text("期間中に完了または免除された条件", "Verified or waived in the period"),
    "open": Text("期末に残る条件", "Open at the end"),
    "overdue": Text("期末に期限を過ぎていた条件", "Overdue at the end"),
}
OVERDUE = Text("{on}に期限を過ぎていた条件", "Conditions overdue on {on}")
CASE = Text("案件番号", "Case")
PROJECT = Text("案件名", "Project")
CONDITION = Text("条件", "Condition")
TIMING = Text("時期", "When")
DUE = Text("期限", "Due")
LATE_BY = Text("遅れ（日）", "Days late")
OWNER = Text("担当", "Owner")

BOARD = Text("委員会", "Committee")
HELD = Text("開催（期間）", "In period")
OF_YEAR = Text("年度の開催と規程", "Fiscal year against rule")
SEATS = Text("外部委員／委員", "External of members")
RECUSALS = Text("退席", "Recusals")
DISSENTS = Text("少数意見／票", "Dissents of votes")
MET = Text("{held}回（規程{needed}回以上）満たす", "{held} of at least {needed}: met")
NOT_MET = Text("▲{held}回（規程{needed}回以上）満たさない", "▲{held} of at least {needed}: not met")
SESSIONS = Text("開催の一覧", "Sessions")
SESSION = Text("回", "Session")
NTH = Text("{year}年度 第{n}回", "FY{year}, no. {n}")
DAY = Text("開催日", "Day")
PRESENT = Text("出席", "Present")
PRESENT_EXTERNAL = Text("出席者のうち外部", "External of those present")
ITEMS = Text("議題", "Items")

SAMPLED = Text("抜き取り確認で経路が低すぎた軽易な案件", "Light cases drawn that should have gone higher")
RULINGS = {
    ("not_applicable", "accepted"): Text("「該当なし」を受理した回答", "“Not applicable” accepted"),
    ("not_applicable", "refused"): Text("「該当なし」を認めなかった回答", "“Not applicable” refused"),
    ("evidence", "disproved"): Text("証跡が事実と異なるとした判断", "Evidence disproved"),
    ("hard_stop", "confirmed"): Text("停止要件に該当するとした判断", "Hard stops confirmed"),
}
WEAK = Text("該当なしの多い質問", "Questions often declared not applicable")
WEAK_NOTE = Text(
    "割合が高い質問は、条件が広すぎるか、問い方が分かりにくいおそれがある。回答が{n}件に満たない質問は除く。",
    "A high share suggests a condition that is too wide or a question hard to understand. Those with fewer than {n} answers are left out.",
)
WEAK_CAPTION = Text("該当なしの割合（%）", "Share declared not applicable (%)")
QUESTION = Text("質問", "Question")
TOPIC = Text("確認事項", "Topic")
GIVEN = Text("該当なし／回答", "Not applicable of answers")
RATE = Text("割合", "Share")

SEVERITY = Text("重大さ", "Severity")
INCIDENT_KINDS = {"incident": Text("事故", "Incidents"), "near_miss": Text("ヒヤリハット", "Near misses")}
INCIDENT_STATES = {
    "open": Text("調査中", "Under investigation"),
    "analysed": Text("分析済み", "Analysed"),
    "closed": Text("終結", "Closed"),
}
CONSEQUENCES = {
    "screening": Text("再スクリーニングに至ったもの", "Led to a re-screening"),
    "suspension": Text("一時停止に至ったもの", "Led to a suspension"),
}
FOLLOWED = Text("その後の扱い", "What followed")

DEFINED = (
    (
        Text("対象", "What counts"),
        Text(
            "発行者が閲覧できる案件だけを数える。日は日本時間の暦日で、期間が終わっていないときは作成日までを数える。",
            "Only cases the issuer may see count. Days are calendar days in Japan; a period still running counts to the day of the report.",
        ),
    ),
    (
        Text("提出", "Submissions"),
        Text(
            "期間中に最後に提出されたスクリーニング。再提出のあったものは最後の提出の日に数える。複数の地域の案件は、地域ごとに数える。",
            "Screenings last submitted in the period; one sent again counts on its last day. A case of several regions counts in each.",
        ),
    ),
    (
        Text("所要日数", "Lead times"),
        Text(
            "中央値と、9割がそれ以下に収まる日数（最近順位法による90%点）。",
            "The median, and the days that nine tenths do not exceed (90th percentile by nearest rank).",
        ),
    ),
    (
        Text("期限を過ぎた条件", "Overdue conditions"),
        Text(
            "期末に期限を過ぎ、完了・免除・報告のいずれもされていない条件。",
            "Conditions past their date at the end, neither verified nor waived nor reported.",
        ),
    ),
    (
        Text("審査者が変更した案件", "Cases changed by reviewers"),
        Text(
            "決定された案件のうち、審査者が経路を変更したか、回答・評価への疑義を認めた案件。",
            "Decided cases in which a reviewer changed the route or upheld a doubt about an answer or grade.",
        ),
    ),
    (
        Text("該当なしの割合", "Share of “not applicable”"),
        Text(
            "期間中に提出されたスクリーニングの回答のうち「該当なし」の割合。受理されたかどうかを問わない。",
            "Answers “not applicable” among all answers of screenings submitted in the period, accepted or not.",
        ),
    ),
    (
        Text("外部委員の割合", "Share of external members"),
        Text(
            "期末に任期中の委員（代理を除く）のうち外部委員。",
            "External among the members whose term ran at the end, alternates apart.",
        ),
    ),
    (
        Text("事故とヒヤリハット", "Incidents and near misses"),
        Text("期間中に報告されたもの。", "Those reported in the period."),
    ),
)
