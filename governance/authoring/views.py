"""The pages of authors: published questionnaires, drafts, their editors and the translation view."""

from __future__ import annotations

from governance.authoring import (
    backtest_views,
    draft_views,
    moving_views,
    question_views,
    section_views,
    text_views,
    version_views,
)

blueprints = (
    version_views.blueprint,
    draft_views.blueprint,
    text_views.blueprint,
    question_views.blueprint,
    section_views.blueprint,
    backtest_views.blueprint,
    moving_views.blueprint,
)
