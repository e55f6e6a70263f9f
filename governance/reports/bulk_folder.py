"""Writes what a bulk job hands out into a folder of a bucket, for those who pass many reports on without a browser.

The files are those of the ZIP, read with the rights that the person has when the folder is written. MANIFEST.jsonl is written last, so a
folder without it is not whole. Writing again writes the same. What has left for the bucket is beyond erasure (docs/erasure.md).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import obstore
from obstore.exceptions import BaseError
from sqlalchemy import select

from governance.accounts.models import User
from governance.reports.bulk import job
from governance.reports.bulk_parts import parts_of
from governance.reports.bulk_zip import contents
from governance.reports.models import BulkFile, BulkJob
from governance.settings import Settings
from governance.storage.database import Database
from governance.storage.objects import UnreachableStore, bucket, open_store
from governance.texts import Text
from governance.work import SYSTEM, Actor, UnitOfWork, open_work

UNREACHED = Text(
    "報告書は発行しましたが、保存先のフォルダーに書き出せませんでした。ZIPで取得するか、保存先を直してから再開してください。",
    "The reports were issued, but could not be written into the folder of the bucket. Fetch the ZIP, or mend the place and go on.",
)
NO_PLACE = Text(
    "報告書は発行しましたが、書き出す先のバケット（GOVERNANCE_BULK_URL）が設定されていません。ZIPで取得してください。",
    "The reports were issued, but no bucket to write them into is configured (GOVERNANCE_BULK_URL). Fetch the ZIP.",
)
LEFT = Text(
    "発行を頼んだ人の利用が止まっているため、フォルダーに書き出しませんでした。",
    "Nothing was written into the folder: the account that ordered it is closed.",
)

log = logging.getLogger("governance.bulk")


@dataclass(frozen=True)
class Due:
    """A job whose folder is still to be written, and whose it is."""

    job_id: str
    person: str
    folder: str


def unwritten(work: UnitOfWork) -> list[Due]:
    """Return the running jobs that have made all their files and still have to write their folder."""
    waiting = select(BulkFile.id).where(BulkFile.job_id == BulkJob.id, BulkFile.state == "waiting").exists()
    mine = (BulkJob.state == "running", BulkJob.folder != "", BulkJob.written_at.is_(None), ~waiting)
    return [Due(row.id, row.asked_by, row.folder) for row in work.session.scalars(select(BulkJob).where(*mine))]


def write(database: Database, settings: Settings, due: Due) -> Text | None:
    """Write the folder of a job; return what kept it from being written, None when it was."""
    if not settings.bulk_url:
        return NO_PLACE
    with open_work(database, SYSTEM, read_only=True) as work:
        user = work.session.get_one(User, due.person)
        actor = Actor(user.id, user.roles) if user.is_active else None
    if actor is None:
        return LEFT
    with open_work(database, actor, read_only=True) as work:
        parts = parts_of(work, job(work, due.job_id))
    try:
        place = bucket(settings.bulk_url)
        for name, content in contents(open_store(settings), parts):
            obstore.put(place, f"{due.folder}/{name}", content)
    except (BaseError, OSError, UnreachableStore, ValueError) as error:
        log.warning("the folder %s was not written: %s", due.folder, type(error).__name__)
        return UNREACHED
    return None
