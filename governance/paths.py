"""Where the shipped files lie, because the same code runs from a checkout and from an installed wheel.

A checkout keeps `seeds/`, `templates/` and `migrations/` beside the package; the wheel carries them in
`governance/shipped/`. Nobody else works out a path from `__file__`.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = PACKAGE.parent
_SHIPPED = PACKAGE / "shipped"


def _root() -> Path:
    """Return the folder that holds `seeds/`, `templates/` and `migrations/`."""
    return _SHIPPED if _SHIPPED.is_dir() else _CHECKOUT


SEEDS = _root() / "seeds"
TEMPLATES = _root() / "templates"
MIGRATIONS = _root() / "migrations"
STATIC = PACKAGE / "static"
VENDOR = STATIC / "vendor"
FONTS = VENDOR / "fonts"
TRANSLATIONS = PACKAGE / "translations"
