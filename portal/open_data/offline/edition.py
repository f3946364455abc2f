"""The stored offline edition: its two files, the state of the content that they have, and what happens on a take-down.

`manage.py write_offline` writes the files and describes them in `edition.json`. If a record or picture in them is
withdrawn, the files are deleted at once and `withdrawn.json` says so until the next edition is written.
"""

import contextlib
import json
import logging
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils import timezone

from portal.http.page_cache import cached_for_version, release_hash
from portal.models import FormerKey, Picture
from portal.tracking import content_version

logger = logging.getLogger(__name__)

ZIP, ZIM = "offline.zip", "offline.zim"
DESCRIPTION, WITHDRAWN, WORK = "edition.json", "withdrawn.json", "work"
# The models of the records in the edition, by name: portal.apps imports this module.
RECORDS = (
    *("issues.issue", "issues.indicator", "issues.event", "issues.term", "portal.place", "portal.source"),
    *("projects.project", "projects.organisation", "projects.agreement", "projects.result"),
)
# An edition is written again after these days even if no content has changed: pages state values of the day.
DAYS = timedelta(days=7)


def folder() -> Path:
    """Return the folder of the edition that the portal offers."""
    return Path(settings.DATA_DIR) / "offline"


def published_records() -> dict[str, dict[str, str]]:
    """Return the key of each published record by its primary key, as text, for each label of a model."""
    return {
        label: {str(pk): key for pk, key in apps.get_model(label).objects.published().values_list("pk", "key")}
        for label in RECORDS
    }


def shown_pictures() -> list[str]:
    """Return the digests of all pictures that readers see."""
    return sorted(set(Picture.objects.public().values_list("digest", flat=True)))


def withdrawn(records: dict[str, dict[str, str]], pictures: list[str]) -> int:
    """Return how many of the records and pictures of an edition readers may not see any more.

    A record that was merged into another one is not withdrawn: its former key leads there.
    """
    now = published_records()
    merged = set(FormerKey.objects.values_list("kind", "key"))
    gone = [
        key
        for label, known in records.items()
        for pk, key in known.items()
        if pk not in now.get(label, {}) and (label.partition(".")[2], key) not in merged
    ]
    return len(gone) + len(set(pictures) - set(shown_pictures()))


@dataclass(frozen=True)
class OfflineEdition:
    """A stored edition. `number` is its content version, `records` the keys of its records by model and primary key."""

    number: int
    release: str  # a hash of the code that wrote it
    base: str  # the address of the portal, which its pages name
    made: str  # date and time in ISO 8601
    zip_size: int  # bytes
    zim_size: int | None  # None: it was written without libzim
    records: dict[str, dict[str, str]]
    pictures: list[str]

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.made)

    @property
    def is_due(self) -> bool:
        """Whether a new edition should be written: one for a change or after DAYS, but at most one a day."""
        if timezone.localdate(self.made_at) == timezone.localdate():
            return False
        now = (content_version.state().number, release_hash(), settings.PUBLIC_URL)
        return (self.number, self.release, self.base) != now or timezone.now() - self.made_at >= DAYS


def store(edition: OfflineEdition, where: Path) -> None:
    """Describe the files that stand in the folder `where`. From now on they are offered."""
    write_atomically(where / DESCRIPTION, json.dumps(asdict(edition), ensure_ascii=False).encode())
    (where / WITHDRAWN).unlink(missing_ok=True)


def stored_edition(where: Path) -> OfflineEdition | None:
    """Return the edition in the folder, or None if there is none or one of its files is missing or cut short."""
    try:
        edition = OfflineEdition(**json.loads((where / DESCRIPTION).read_bytes()))
        sizes = [(ZIP, edition.zip_size), (ZIM, edition.zim_size)]
        if all((where / name).stat().st_size == size for name, size in sizes if size is not None):
            return edition
    except (OSError, ValueError, TypeError):
        pass
    return None


def current_edition() -> OfflineEdition | None:
    """Return the edition that readers may get, or None. An edition with a withdrawn record is deleted first."""
    edition = stored_edition(folder())
    if edition is None or edition.number == content_version.state().number:
        return edition
    if cached_for_version(lambda: withdrawn(edition.records, edition.pictures), "offline", edition.made):
        withdraw()
        return None
    return edition


def withdraw() -> None:
    """Delete the files of the edition and all pages of an unfinished one, and leave a note with the time."""
    write_atomically(folder() / WITHDRAWN, json.dumps({"at": timezone.now().isoformat(timespec="seconds")}).encode())
    for name in (DESCRIPTION, ZIP, ZIM):
        (folder() / name).unlink(missing_ok=True)
    shutil.rmtree(folder() / WORK, ignore_errors=True)
    logger.warning("The offline edition was deleted: a record in it was withdrawn. Run manage.py write_offline.")


def withdrawn_at() -> datetime | None:
    """Return when the edition was deleted because of a withdrawn record; None if there is a newer one, or none was."""
    try:
        return datetime.fromisoformat(json.loads((folder() / WITHDRAWN).read_bytes())["at"])
    except (OSError, ValueError, KeyError):
        return None


def withdraw_after_commit(sender, log, is_committed, **kwargs) -> None:
    """Receive `changes_flushed`: delete the edition if a record in it was withdrawn. Without an edition, do nothing."""
    if is_committed and (folder() / DESCRIPTION).exists():
        current_edition()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is either complete or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".new-{path.name}")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
