"""Change the key of a record. Its former key redirects to it, if readers ever saw the record."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from portal.core.database import lock_rows
from portal.curation.merge import redirect_key, rewrite_marks
from portal.models import Alias, FormerKey, Source
from portal.models.alias import AliasedMixin


def key_problem(model, key, record=None):
    """Return why a record of a model cannot have a key, in words; "" if it can.

    `record` is the record that gets the key: it may have its own former key again.
    """
    taken = model._base_manager.filter(key=key)
    former = FormerKey.objects.filter(kind=model._meta.model_name, key=key)
    if record is not None:
        taken, former = taken.exclude(pk=record.pk), former.exclude(now=record.key)
    return gettext("Another record has or had this key.") if taken.exists() or former.exists() else ""


def change_key(record, key):
    """Store a new key of a record, within the transaction of the caller, and return the record.

    Names, corrections, removed records and citation marks follow. The former key redirects to the record, if readers
    ever saw it. Raise ValidationError if the record cannot have the key.
    """
    model, old = type(record), record.key
    lock_rows([record])
    record = model._base_manager.get(pk=record.pk)
    if problem := key_problem(model, key, record):
        raise ValidationError({"key": problem})
    kind = model._meta.model_name
    FormerKey.objects.filter(kind=kind, key=key).delete()  # its own former key
    record.prepare_key_change()
    record.key = key
    record.full_clean(exclude=[field.name for field in model._meta.fields if field.name != "key"])
    record.version += 1
    record.save()
    if isinstance(record, AliasedMixin):
        for alias in Alias.objects.filter(kind=kind, key=old):
            alias.key = key
            alias.save()
    if model is Source:
        rewrite_marks(old, key)
    if record.was_public:
        redirect_key(kind, old, key)
    return record
