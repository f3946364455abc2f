"""What needs an editor's care: lists to work down, on the first page of the desk and as a filter of every list."""

import datetime

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from modeltranslation.translator import NotRegistered, translator

from portal.choices import Confidence, Publication
from portal.models import Record

# The editors’ own words, and the terms that publishers state: English serves every reader.
LEFT_IN_ENGLISH = {"evidence", "note", "licence"}
LOOKED_AT_WITHIN = datetime.timedelta(days=365)
MY_DRAFTS = 12


def untranslated(model, language):
    """The condition that a record has a text in English and not in `language`; None if its texts have one language."""
    try:
        fields = translator.get_options_for_model(model).all_fields
    except NotRegistered:
        return None
    missing = Q()
    for field in fields:
        if field not in LEFT_IN_ENGLISH:
            other = f"{field}_{language}"
            missing |= Q(**{f"{field}_en__gt": ""}) & (Q(**{other: ""}) | Q(**{other: None}))
    return missing or None


def _where(*fields, **condition):
    """A condition for the models that have these fields, None for others."""

    def of(model):
        try:
            for field in fields:
                model._meta.get_field(field)
        except FieldDoesNotExist:
            return None
        return Q(**condition)

    return of


# What may need care: words, and the condition on a model's records (or None if the model cannot need it).
CARES = {
    "draft": (_("Drafts"), _where("publication", publication=Publication.DRAFT)),
    "review": (_("Waiting for review"), _where("publication", publication=Publication.IN_REVIEW)),
    "scheduled": (_("Scheduled"), _where("publication", publication=Publication.SCHEDULED)),
    "ko": (_("Korean missing"), lambda model: untranslated(model, "ko")),
    "ru": (_("Russian missing"), lambda model: untranslated(model, "ru")),
    "source": (_("Without a source"), _where("citations", citations=None)),
    "dates": (_("Without dates"), _where("start", start=None)),
    "budget": (_("Without a budget"), _where("budget", budget=None)),
    "position": (_("Without a position"), _where("latitude", latitude=None)),
    "confidence": (_("Low confidence"), _where("confidence", confidence=Confidence.LOW)),
    "stale": (
        _("Not changed for a year"),
        lambda model: Q(updated_at__lt=timezone.now() - LOOKED_AT_WITHIN),
    ),
}


def admin_address(model, page, *args):
    """The address of a page of the admin of a model."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def in_care(queryset):
    """The records that editors still answer for: all but the archived ones."""
    return queryset.exclude(publication=Publication.ARCHIVED)


class CareFilter(admin.SimpleListFilter):
    """Records of a list that need a kind of care."""

    title = _("what needs care")
    parameter_name = "care"

    def lookups(self, request, model_admin):
        return [(name, words) for name, (words, of) in CARES.items() if of(model_admin.model) is not None]

    def queryset(self, request, queryset):
        if self.value() not in dict(self.lookup_choices):
            return queryset
        # The primary keys, since a join of several rows would show a record several times.
        found = in_care(queryset.model.objects).filter(CARES[self.value()][1](queryset.model)).order_by()
        return queryset.filter(pk__in=found.values("pk"))


class Desk:
    """The first page of the desk, for the editor who asks."""

    def __init__(self, site, request):
        self.site, self.request = site, request
        self.models = [
            model
            for model in apps.get_models()
            if issubclass(model, Record)
            and site.is_registered(model)
            and site.get_model_admin(model).has_view_permission(request)
        ]

    def cares(self):
        """Each care in words, with the kinds of records that need it: name, how many, the address of the list."""
        found = {name: [] for name in CARES}
        for model in self.models:
            conditions = {name: of(model) for name, (_words, of) in CARES.items()}
            counts = in_care(model.objects).aggregate(
                **{
                    name: Count("pk", filter=condition, distinct=True)
                    for name, condition in conditions.items()
                    if condition is not None
                }
            )
            for name, count in counts.items():
                if count:
                    url = f"{admin_address(model, 'changelist')}?care={name}"
                    found[name].append((capfirst(model._meta.verbose_name_plural), count, url))
        return [(CARES[name][0], lists) for name, lists in found.items()]

    def my_drafts(self):
        """The drafts that the editor worked on, the last one first."""
        entries = (
            LogEntry.objects.filter(user=self.request.user)
            .order_by("-action_time")
            .values_list("content_type", "object_id")[:200]
        )
        kinds = {ContentType.objects.get_for_model(model).pk: model for model in self.models}
        wanted = dict.fromkeys((kind, pk) for kind, pk in entries if kind in kinds)
        drafts = {
            (kind, str(record.pk)): record
            for kind in dict.fromkeys(kind for kind, _pk in wanted)
            for record in kinds[kind].objects.filter(
                publication=Publication.DRAFT, pk__in=[pk for one, pk in wanted if one == kind]
            )
        }
        found = [drafts[one] for one in wanted if one in drafts][:MY_DRAFTS]
        return [(record, admin_address(type(record), "change", record.pk)) for record in found]
