"""Store translations: who may write which text, and how. The rules are those of the forms.

Who may change a text stores it at once. An editor who may not change a published record makes a revision of it, as with
the button *Revise*: it goes to review at once, and further texts of the record join it.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.import_export.tables import same_lines
from portal.models import Record, Revision, workflow
from portal.models.curation import OutdatedTranslation
from portal.publishing.checks import publishing_blockers
from portal.staff.translation.texts import TextKind
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason, parts_of, version_at

REASONS = {"ko": ChangeReason.TRANSLATED_KO, "ru": ChangeReason.TRANSLATED_RU}


class Right(StrEnum):
    """How a user may write a translation."""

    DIRECT = "direct"
    REVISION = "revision"
    NONE = "none"


class NotStoredError(Exception):
    """A translation cannot be stored. `reasons` are messages for the user."""

    def __init__(self, reasons):
        super().__init__(reasons)
        self.reasons = list(reasons)


@dataclass(frozen=True)
class TranslatedRow:
    """A row whose texts a user translates into the language `target`; `kind` is its TextKind.

    `revisions` are the open revisions of the user by kind and primary key of their record, if they were fetched before.
    """

    kind: TextKind
    row: object
    target: str
    request: object
    revisions: dict | None = None

    @property
    def record(self):
        """Return the object whose form has the texts."""
        return self.kind.record_of(self.row)

    def right(self):
        """Return how the user may write the texts."""
        page, record = self.kind.page, self.record
        if page.may_change_whole(self.request, record) or self.target in page.languages(self.request, record):
            return Right.DIRECT
        if isinstance(record, Record) and workflow.can_revise(page.actions_of(self.request), record.publication):
            return Right.REVISION if self.revision is None or self.revision.is_editable else Right.NONE
        return Right.NONE

    @cached_property
    def revision(self):
        """Return the user's open revision of the record, or None."""
        if not isinstance(self.record, Record):
            return None
        if self.revisions is not None:
            revision = self.revisions.get((self.record._meta.label_lower, self.record.pk))
        else:
            revision = Revision.objects.open().of(self.record).filter(author=self.request.user).first()
        if revision is not None:
            revision.target = self.record
        return revision

    def texts(self, right):
        """Return the translations by the names of their texts: the stored ones, or those of the user's revision."""
        stored = {field: getattr(self.row, f"{field}_{self.target}") or "" for field in self.kind.fields}
        if right == Right.REVISION and self.revision is not None:
            states = self.revision.as_record().revised.get(self.kind.model, {})
            if state := states.get(self.row.pk):
                return {field: state[f"{field}_{self.target}"] or "" for field in stored}
        return stored

    def store(self, texts, still_right=()):
        """Store translations by the names of their texts. Return the names of those that changed.

        `still_right` are the names of outdated translations that the user confirms. Call it in a transaction, with the
        record locked. Raise NotStoredError, with nothing changed, if the user may not write them or if a public record
        gets new publishing blockers.
        """
        right = self.right()
        if right == Right.NONE:
            raise NotStoredError([_("You may not change this text.")])
        before = self.texts(right)
        texts = {field: same_lines(text or "").strip() for field, text in texts.items()}
        changed = {field: text for field, text in texts.items() if text != before[field].strip()}
        with transaction.atomic():
            if changed and right == Right.REVISION:
                self._revise(changed)
            elif changed:
                self._store(changed)
            if still_right and right == Right.DIRECT:
                outdated = OutdatedTranslation.objects.filter(kind=self.kind.label, row=self.row.pk)
                outdated.filter(language=self.target, field__in=set(still_right) - set(changed)).delete()
        return list(changed)

    def _store(self, changed):
        records = [one for one in self.kind.watched(self.row) if one.publication in workflow.PUBLIC_STATES]
        known = {one.pk: set(publishing_blockers(one)) for one in records}
        columns = [f"{field}_{self.target}" for field in changed]
        for column, text in zip(columns, changed.values(), strict=True):
            setattr(self.row, column, text)
        try:
            self.row.validate_constraints()
        except ValidationError as error:
            raise NotStoredError(error.messages) from error
        with change_reason(REASONS[self.target]):
            _save(self.row, columns)
            if self.record is not self.row:
                _save(self.record, [])
        for one in records:
            blockers = publishing_blockers(type(one)._base_manager.get(pk=one.pk))
            if new := [blocker.text for blocker in blockers if blocker not in known[one.pk]]:
                raise NotStoredError(new)
        LogEntry.objects.log_actions(self.request.user.pk, [self.record], CHANGE, [{"changed": {}}])

    def _revise(self, changed):
        record, revision = self.record, self.revision
        if revision is None:
            revision = Revision(
                kind=record._meta.label_lower,
                record=record.pk,
                author=self.request.user,
                state=Revision.State.IN_REVIEW,
                why=REASONS[self.target],
            )
            revision.target = record
        now = version_at(record, kinds=parts_of(record))
        after = {model: dict(states) for model, states in revision.as_record().revised.items()}
        texts = {f"{field}_{self.target}": text for field, text in changed.items()}
        if self.row.pk not in after[self.kind.model]:
            raise NotStoredError([_("Your revision removes this text.")])
        after[self.kind.model][self.row.pk] = after[self.kind.model][self.row.pk] | texts
        revision.rewrite(now, after)
        revision.why = revision.why or REASONS[self.target]
        revision.save()


def _save(row, columns):
    """Save the columns of a row; of a record also its next version."""
    if isinstance(row, Record):
        row.version += 1
        columns = [*columns, "version", "updated_at"]
    row.save(update_fields=columns)
