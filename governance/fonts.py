"""The fonts of the reports: shipped with the program, so that a report looks the same on every machine.

Fontconfig reads `FONTCONFIG_FILE` once, when Pango is first used, and WeasyPrint crashes where it finds no font at all. So
this module points it to `fonts.conf` (the shipped fonts alone) when it is imported, and the one module that imports
WeasyPrint imports this one first.
"""

from __future__ import annotations

import os

from governance.paths import FONTS, PACKAGE

FILES = (FONTS / "NotoSansJP_400Regular.ttf", FONTS / "NotoSansJP_700Bold.ttf")
CONFIGURATION = PACKAGE / "fonts.conf"

os.environ["FONTCONFIG_FILE"] = str(CONFIGURATION)


def missing() -> list[str]:
    """Return the names of the font files that are not there; a report can be made only when it is empty."""
    return [file.name for file in FILES if not file.is_file()]
