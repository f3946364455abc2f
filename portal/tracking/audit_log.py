"""The audit log of the admin: sign-ins, publications, exports, imports, deletions, changes of permissions.

It is append-only: the model, its querysets and database triggers refuse changes and deletions. An entry holds little
personal data: the username, and the network of the client in place of its IP address.
"""

import contextlib
import datetime
import functools
import ipaddress
from contextvars import ContextVar

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_used
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.after_response import after_response
from portal.core.choices import PublicationStatus
from portal.tracking.signals import Action, Phase

APPS = ("portal", "issues", "projects")
REFUSAL = "Entries of the audit are never changed or deleted."
REFUSAL_APART, REFUSALS_AN_HOUR = datetime.timedelta(minutes=10), 100
PERMISSION_FLAGS = ("is_active", "is_staff", "is_superuser")

_covered = ContextVar("covered", default=False)
_collected = ContextVar("collected", default=None)


class AppendOnlyError(TypeError):
    """Raised for an attempt to change or delete an entry."""

    def __init__(self):
        super().__init__(REFUSAL)


class AuditQuerySet(models.QuerySet):
    """A queryset that can only read and create; raises AppendOnlyError for changes and deletions."""

    def update(self, **values):
        raise AppendOnlyError

    def bulk_update(self, objs, fields, batch_size=None):
        raise AppendOnlyError

    def delete(self):
        raise AppendOnlyError

    def _raw_delete(self, using):
        raise AppendOnlyError


class AuditEntry(models.Model):
    """One action of one user. `who` is a username; `kind` and `key` name the record, account or group concerned."""

    class Action(models.TextChoices):
        SIGNED_IN = "signed-in", _("Signed in")
        SIGNED_OUT = "signed-out", _("Signed out")
        SIGN_IN_FAILED = "sign-in-failed", _("Sign-in failed")
        FACTOR_ADDED = "factor-added", _("Set up two-step verification")
        FACTOR_REMOVED = "factor-removed", _("Removed two-step verification")
        FACTOR_FAILED = "factor-failed", _("Failed two-step verification")
        RECOVERY_CODE_USED = "recovery-code-used", _("Used a recovery code")
        PASSWORD_CHANGED = "password-changed", _("Changed a password")
        PUBLISHED = "published", _("Published")
        UNPUBLISHED = "unpublished", _("Unpublished")
        DELETED = "deleted", _("Deleted")
        EXPORTED = "exported", _("Exported")
        IMPORTED = "imported", _("Imported")
        IMPORT_UNDONE = "import-undone", _("Undid an import")
        MERGED = "merged", _("Merged")
        RIGHTS_CHANGED = "rights-changed", _("Changed rights")
        PREVIEWS_ENDED = "previews-ended", _("Ended links to a preview")
        REFUSED = "refused", _("Was denied a page of the desk")
        THROTTLED = "throttled", _("Tried too often")

    at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    who = models.CharField(
        _("user"),
        max_length=150,
        blank=True,
        help_text=_("Empty: a server command, or an unknown username."),
    )
    what = models.CharField(_("action"), max_length=20, choices=Action)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    key = models.CharField(_("key"), max_length=200, blank=True)
    details = models.JSONField(_("details"), default=dict)
    network = models.CharField(_("network"), max_length=45, blank=True)

    is_audited = False

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log")
        default_permissions = ("view",)
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["kind", "key"], name="audit_of_a_record"),
            models.Index(fields=["who", "what", "network"], name="audit_of_an_account"),  # queried at each sign-in
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.what} {self.kind} {self.key}".rstrip()

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args, **kwargs):
        raise AppendOnlyError


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────


def log_action(what, who=None, record=None, **details):
    """Add an entry and return it: `who` did `what` to `record`. `details` must be JSON values.

    `who` is a user; None is the signed-in user of the current request, or nobody outside of a request.
    """
    request = context.request
    if who is None and request is not None and hasattr(request, "user") and request.user.is_authenticated:
        who = request.user
    return AuditEntry.objects.create(
        what=what,
        who=who.get_username() if who else "",
        kind=record._meta.model_name if record else "",
        key=object_key(record) if record else "",
        details=details,
        network=client_network(request),
    )


@contextlib.contextmanager
def covered_by_entry():
    """Write no entry for deletions in the block: the entry of what they are part of covers them."""
    token = _covered.set(True)
    try:
        yield
    finally:
        _covered.reset(token)


@contextlib.contextmanager
def one_entry_of_rights():
    """Write one entry for all changes of the rights of an account or group in the block, at its end."""
    token = _collected.set({})
    try:
        yield
        for record, details in _collected.get().values():
            log_action(AuditEntry.Action.RIGHTS_CHANGED, record=record, **details)
    finally:
        _collected.reset(token)


def _log_rights(record, **changed):
    collected = _collected.get()
    if collected is None:
        log_action(AuditEntry.Action.RIGHTS_CHANGED, record=record, **changed)
        return
    _record, details = collected.setdefault((type(record), record.pk), (record, {}))
    for name, value in changed.items():
        details[name] = sorted({*details.get(name, ()), *value}) if isinstance(value, list) else value


def log_refusal(what, request, who=None, **details):
    """Add an entry, after the response is sent, that `what` was refused to `who` (a user or None).

    So that many refusals do not fill the table, nothing is added in two cases: the account was refused the same
    from the same network within REFUSAL_APART (10 minutes), or the last hour has REFUSALS_AN_HOUR (100) entries of
    `what` already.
    """
    name, network = who.get_username() if who is not None and who.is_authenticated else "", client_network(request)
    page = getattr(request.resolver_match, "view_name", "")

    def add():
        now = timezone.now()
        recent = AuditEntry.objects.filter(what=what, at__gt=now - datetime.timedelta(hours=1)).order_by()
        found = list(recent.values_list("who", "network", "at")[:REFUSALS_AN_HOUR])
        again = any((name, network) == entry[:2] and entry[2] > now - REFUSAL_APART for entry in found)
        if not again and len(found) < REFUSALS_AN_HOUR:
            AuditEntry.objects.create(at=now, what=what, who=name, network=network, details={"page": page, **details})

    after_response(request, add)  # the response time must not show whether the account exists


def object_key(record):
    """Return the key of a record, the username of an account, the name of a group, or else the primary key.

    At most 200 characters, as the column has.
    """
    for name in ("key", "username", "name"):
        if value := getattr(record, name, ""):
            return str(value)[:200]
    return str(record.pk)


def right_name(right):
    """Return the codename of a permission, or `object_key` of a group or account."""
    return right.codename if isinstance(right, Permission) else object_key(right)


def client_network(request):
    """Return the client's network as a string: /24 of an IPv4 address, /48 of IPv6. Empty if `request` is None."""
    if request is None:
        return ""
    return str(network_at(get_adapter().get_client_ip(request)))


def network_at(address):
    """Return the /24 network of an IPv4 address, or the /48 network of an IPv6 one."""
    address = ipaddress.ip_address(address)
    return ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False)


# ── Signal receivers ─────────────────────────────────────────────────────────────────────────────────────────


def connect_signals():
    """Connect the receivers that log sign-ins and changes of accounts, groups and permissions.

    `PortalConfig.ready` calls it once: all models must be loaded.
    """
    user = get_user_model()
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit")
    authentication_failed.connect(_factor_failed, dispatch_uid="audit")
    authenticator_used.connect(_factor_used, dispatch_uid="audit")
    post_save.connect(_factor_saved, sender=Authenticator, dispatch_uid="audit")
    post_delete.connect(_factor_deleted, sender=Authenticator, dispatch_uid="audit")
    pre_save.connect(_before_account, sender=user, dispatch_uid="audit")
    post_save.connect(_account_saved, sender=user, dispatch_uid="audit")
    m2m_changed.connect(_rights_related, sender=user.groups.through, dispatch_uid="audit")
    m2m_changed.connect(_rights_related, sender=user.user_permissions.through, dispatch_uid="audit")
    m2m_changed.connect(_rights_related, sender=Group.permissions.through, dispatch_uid="audit")
    for model in (user, Group):
        post_delete.connect(_deleted, sender=model, dispatch_uid="audit")


def audited_models():
    """Return the models of the portal's apps that editors work on: all except those with `is_audited = False`.

    Excluded are tables that the portal derives from the records: indexes, histories, results of checks, counters.
    """
    return [
        model for model in apps.get_models() if model._meta.app_label in APPS and getattr(model, "is_audited", True)
    ]


@functools.cache
def is_published_kind(model):
    """Return True if the model has the field `publication`."""
    return any(field.name == "publication" for field in model._meta.concrete_fields)


def _signed_in(sender, request, user, **kwargs):
    log_action(AuditEntry.Action.SIGNED_IN, who=user)


def _signed_out(sender, request, user, **kwargs):
    if user is not None:
        log_action(AuditEntry.Action.SIGNED_OUT, who=user)


def _sign_in_failed(sender, credentials, **kwargs):
    # A name without an account is not stored: it may be a password that was typed into the wrong field.
    user = get_user_model()
    tried = user._default_manager.filter(
        **{f"{user.USERNAME_FIELD}__iexact": credentials.get("username") or ""}
    ).first()
    log_action(AuditEntry.Action.SIGN_IN_FAILED, who=tried)


def _factor_failed(sender, user, authenticator, **kwargs):
    log_action(AuditEntry.Action.FACTOR_FAILED, who=user, factor=authenticator.type)


def _factor_used(sender, user, authenticator, **kwargs):
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        log_action(AuditEntry.Action.RECOVERY_CODE_USED, who=user)


def _factor_saved(sender, instance, created, raw, **kwargs):
    if created and not raw:
        log_action(AuditEntry.Action.FACTOR_ADDED, record=instance.user, factor=instance.type)


def _factor_deleted(sender, instance, **kwargs):
    log_action(AuditEntry.Action.FACTOR_REMOVED, record=instance.user, factor=instance.type)


def _stored(instance, fields, update_fields):
    """Return the stored values of `fields` as a dict, before a save; None if the save cannot change them."""
    if instance._state.adding or (update_fields is not None and not set(fields) & set(update_fields)):
        return None
    return type(instance)._base_manager.filter(pk=instance.pk).values(*fields).first()


def _before_account(sender, instance, raw, update_fields, **kwargs):
    instance._audited = None if raw else _stored(instance, PERMISSION_FLAGS, update_fields)


def _account_saved(sender, instance, created, raw, **kwargs):
    if raw:
        return
    before = dict.fromkeys(PERMISSION_FLAGS, False) if created else instance._audited
    if before:
        changed = {name: value for name in PERMISSION_FLAGS if (value := getattr(instance, name)) != before[name]}
        if changed:
            _log_rights(instance, **changed)
    if not created and instance._password is not None:  # Django clears `_password` after this signal
        log_action(AuditEntry.Action.PASSWORD_CHANGED, record=instance)


def _related(through, instance, model):
    """Return the primary keys of the objects of `model` that the through table relates to an instance."""
    own, other = (
        next(field.name for field in through._meta.fields if field.related_model is end)
        for end in (type(instance), model)
    )
    return set(through._base_manager.filter(**{own: instance}).values_list(other, flat=True))


def _rights_related(sender, instance, action, model, pk_set, **kwargs):
    if action == "pre_clear":
        pk_set = _related(sender, instance, model)
    elif action not in {"post_add", "post_remove"}:
        return
    if pk_set:
        names = sorted(map(right_name, model._default_manager.filter(pk__in=pk_set)))
        change = "given" if action == "post_add" else "taken"
        _log_rights(instance, **{change: names})


def log_actions_for_rows(sender, change, phase, **kwargs):
    """Receive `rows_changed`: log when a record is published, is no longer published, or is deleted."""
    if change.action is Action.DELETE and phase is Phase.AFTER:
        _deleted(sender, change.instance, change.origin)
    elif change.is_raw or not is_published_kind(sender):
        return
    elif change.action is Action.SAVE:
        _log_saved(change, phase)
    elif change.action is Action.UPDATE and "publication" in change.values:
        _log_updated(change, phase)


def _log_saved(change, phase):
    record = change.instance
    if phase is Phase.BEFORE:
        change.memo["audit"] = _stored(record, ("publication",), change.fields)
    elif change.is_created or change.memo["audit"]:
        before = PublicationStatus.DRAFT if change.is_created else change.memo["audit"]["publication"]
        log_publication(record, before, record.publication)


def _log_updated(change, phase):
    if phase is Phase.BEFORE:
        change.memo["audit"] = list(change.rows)
    else:
        for record in change.memo["audit"]:
            log_publication(record, record.publication, change.values["publication"])


def log_publication(record, before, after):
    """Add an entry if the publication state changed from or to published."""
    if before != after and PublicationStatus.PUBLISHED in {before, after}:
        what = AuditEntry.Action.PUBLISHED if after == PublicationStatus.PUBLISHED else AuditEntry.Action.UNPUBLISHED
        log_action(what, record=record, **{"from": before, "to": after})


def _deleted(sender, instance, origin, **kwargs):
    # Rows that are deleted in a cascade need no entry: the record's own entry covers them. Records always get one.
    if _covered.get():
        return
    asked_for = getattr(origin, "model", type(origin)) is sender
    if asked_for or is_published_kind(sender):
        log_action(AuditEntry.Action.DELETED, record=instance)


# ── Database triggers ────────────────────────────────────────────────────────────────────────────────────────

# Triggers stop changes that do not use the model. SQLite fires no delete trigger for INSERT OR REPLACE unless the
# connection turns on recursive_triggers, so a trigger on insert refuses an existing id. PostgreSQL fires no row trigger
# for TRUNCATE, so that has a trigger of its own.
GUARDS = {
    "sqlite": [
        f"CREATE TRIGGER audit_keeps_on_{act} BEFORE {act} ON portal_auditentry {condition}"
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for act, condition in (
            ("update", ""),
            ("delete", ""),
            ("insert", "WHEN EXISTS (SELECT 1 FROM portal_auditentry WHERE id = NEW.id) "),
        )
    ],
    "postgresql": [
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON portal_auditentry "
        "FOR EACH ROW EXECUTE FUNCTION audit_keeps()",
        "CREATE TRIGGER audit_keeps_all BEFORE TRUNCATE ON portal_auditentry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()",
    ],
}
RELEASES = {
    "sqlite": [f"DROP TRIGGER IF EXISTS audit_keeps_on_{act}" for act in ("update", "delete", "insert")],
    "postgresql": [
        "DROP TRIGGER IF EXISTS audit_keeps ON portal_auditentry",
        "DROP TRIGGER IF EXISTS audit_keeps_all ON portal_auditentry",
        "DROP FUNCTION IF EXISTS audit_keeps()",
    ],
}
