"""All pages of learning: those of KYT and those of training share one blueprint."""

from governance.learning import course_views, kyt_views, training_views
from governance.learning.framing import blueprint

__all__ = ["blueprint", "course_views", "kyt_views", "training_views"]
