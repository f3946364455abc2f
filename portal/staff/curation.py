"""What the form of a record says of its care, and what an editor can say there besides changing it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.choices import Publication
from portal.core.database import lock_rows
from portal.curation import duplicates, links, verifications
from portal.curation import merge as curation_merge
from portal.curation.similarity import similar_to
from portal.curation.translations import older_of, plain
from portal.history.diff import pieces_of
from portal.models.curation import Double, Link
from portal.staff.worklists import admin_address

LANGUAGES = dict(settings.LANGUAGES)
AMISS = (Link.State.BROKEN, Link.State.MOVED, Link.State.FAILING)


@dataclass(frozen=True)
class Older:
    """A translation that is older than its English, as a form shows it."""

    pk: int
    language: str
    label: str
    href: str
    pieces: list
    may_settle: bool


class TranslationStatusMixin:
    """For the admin of a record, or of rows with a page of their own: which translations are older."""

    def get_urls(self):
        return [self._address("still-right", self.still_right_view), *super().get_urls()]

    def _address(self, name, view):
        url_name = f"{self.opts.app_label}_{self.opts.model_name}_{name.replace('-', '_')}"
        return path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=url_name)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["older"] = self._older(request, obj)
            context["still_right_url"] = admin_address(self.model, "still_right", obj.pk)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def _may_write(self, request, obj, language):
        return self.may_change_whole(request, obj) or language in self.languages(request, obj)

    def _older(self, request, obj):
        """What is older of a record and its rows. A query a kind of rows, however many there are."""
        found = list(older_of(obj))
        texts = {(obj._meta.label_lower, obj.pk): obj}
        for kind in {one.kind for one in found} - {obj._meta.label_lower}:
            rows = apps.get_model(kind)._base_manager.filter(pk__in=[one.row for one in found if one.kind == kind])
            texts |= {(kind, row.pk): row for row in rows}
        return [
            Older(
                one.pk,
                one.language,
                _label(text, one, obj),
                self._place(text, one, obj),
                differences(one.english, getattr(text, f"{one.field}_{settings.LANGUAGE_CODE}")),
                self._may_write(request, obj, one.language),
            )
            for one in found
            if (text := texts.get((one.kind, one.row)))
        ]

    def _place(self, text, one, obj):
        """Where the translation is written: in this form, or on the page of its own that a row has."""
        if text is obj:
            return f"#id_{one.field}_{one.language}"
        for inline in self.inlines:
            if inline.model is type(text):
                field = next(f for f in inline.model._meta.concrete_fields if f.related_model is self.model)
                return f"#{field.remote_field.get_accessor_name(model=inline.model)}-group"
        return admin_address(type(text), "change", text.pk)

    def _posted(self, request, object_id):
        """The record that something was said of."""
        if request.method != "POST":
            return None
        if (obj := self.get_object(request, unquote(object_id))) is None:
            raise Http404
        return obj

    def still_right_view(self, request, object_id):
        """Whoever writes a language says that translations in it need no change."""
        if (obj := self._posted(request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        chosen = [pk for pk in request.POST.getlist("older") if pk.isdecimal()]
        settled = list(older_of(obj).filter(pk__in=chosen))
        if not all(self._may_write(request, obj, one.language) for one in settled):
            raise PermissionDenied
        older_of(obj).filter(pk__in=[one.pk for one in settled]).delete()
        if settled:
            text = ngettext(
                "{count} translation is still right, and no longer counted as older.",
                "{count} translations are still right, and no longer counted as older.",
                len(settled),
            )
            self.message_user(request, text.format(count=len(settled)), messages.INFO)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))


class VerificationMixin(TranslationStatusMixin):
    """For the admin of a record: an editor can say that they looked it through and found it still right."""

    def get_urls(self):
        return [self._address("looked-through", self.looked_through_view), *super().get_urls()]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["last_look"] = verifications.last_look(obj)
            if self._may_look(request, obj):
                context["looked_through_url"] = admin_address(self.model, "looked_through", obj.pk)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def _may_look(self, request, obj):
        """To find a record right changes nothing in it: editors may, of what readers see too."""
        return "change" in self.actions_of(request) and obj.publication != Publication.ARCHIVED

    def looked_through_view(self, request, object_id):
        """An editor looked the record through and found it still right."""
        if (obj := self._posted(request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        if not self._may_look(request, obj):
            raise PermissionDenied
        verifications.look(obj, request.user)
        self.message_user(request, _("Kept: you looked it through today, and it is still right."), messages.INFO)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))


class MergeMixin(VerificationMixin):
    """For the admin of records: two that tell of the same thing become one."""

    def get_urls(self):
        if self.model not in duplicates.merged_models():
            return super().get_urls()
        return [self._address("merge", self.merge_view), *super().get_urls()]

    def may_merge(self, request):
        """One record is deleted, and the other one may be before readers."""
        return self.model in duplicates.merged_models() and {"delete", "publish"} <= self.actions_of(request)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["amiss"] = links.links_of(obj).filter(state__in=AMISS)
        if obj is not None and self.may_merge(request):
            context["merge_url"] = admin_address(self.model, "merge", obj.pk)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def merge_view(self, request, object_id):
        """Two records side by side: what stays of each."""
        if not self.may_merge(request):
            raise PermissionDenied
        key = (request.POST.get("with") or request.GET.get("with") or "").strip()
        if request.method == "POST":
            pks = [pk for pk in [unquote(object_id)] if pk.isdecimal()]
            lock_rows(self.model._base_manager.filter(Q(pk__in=pks) | Q(key=key)))
        if (kept := self.get_object(request, unquote(object_id))) is None:
            raise Http404
        other = self.model._base_manager.filter(key=key).exclude(pk=kept.pk).first()
        reasons = []
        if other is not None and request.method == "POST":
            try:
                return self._merged(request, kept, other)
            except curation_merge.Refused as refused:
                reasons = refused.reasons
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Merge two records"),
            "subtitle": str(kept),
            "kept": kept,
            "other": other,
            "asked": key,
            "change_url": admin_address(self.model, "change", kept.pk),
        }
        if other is None:
            context["likely"] = similar_to(kept)
        else:
            context |= {
                "reasons": reasons or curation_merge.why_not(kept, other),
                "choices": self._choices(request, kept, other),
                "moves": curation_merge.moves(kept, other),
                "seen": _moment(kept, other),
                "other_url": admin_address(self.model, "change", other.pk),
                "swapped_url": f"{admin_address(self.model, 'merge', other.pk)}?{urlencode({'with': kept.key})}",
            }
        return TemplateResponse(request, "admin/merge.html", context)

    def _choices(self, request, kept, other):
        """The columns that differ, each with whose text stands: as was chosen before, if the form comes back."""
        return [
            (one, request.POST.get(f"stays-{one.name}", one.default)) for one in curation_merge.choices(kept, other)
        ]

    def _merged(self, request, kept, other):
        """Merge as the form says, and lead to the record that stays."""
        if request.POST.get("seen") != _moment(kept, other):
            raise curation_merge.Refused([_("One of the two was changed meanwhile. Look through them again.")])
        taken = [one.name for one, stands in self._choices(request, kept, other) if stands == curation_merge.OTHER]
        gone = str(other)
        curation_merge.merge(kept, other, taken, request.user)
        LogEntry.objects.log_actions(request.user.pk, [kept], CHANGE, [{"changed": {"name": other.key}}])
        text = _("“{gone}” became one with this record. Its address leads here.").format(gone=gone)
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(admin_address(self.model, "change", kept.pk))


def _moment(*records):
    """What two records were like when a page showed them, for the page to say when it comes back."""
    return " ".join(f"{record.version}@{record.updated_at.timestamp()}" for record in records)


def doubles_page(site, request):
    """Records that may tell of the same thing, to be merged or told apart. A GET reads what was found last."""
    admins = [site.get_model_admin(model) for model in duplicates.merged_models() if site.is_registered(model)]
    admins = [admin for admin in admins if admin.may_change_whole(request)]
    if not admins:
        raise PermissionDenied
    if request.method == "POST":
        models = [admin.model for admin in admins]
        return _look(request, models) if "look" in request.POST else _tell_apart(request, models)
    context = {
        **site.each_context(request),
        "title": _("Likely doubles"),
        "looked_for_at": duplicates.looked_for_at(),
        "kinds": [
            (
                admin.model._meta.model_name,
                capfirst(admin.model._meta.verbose_name_plural),
                [_pair(admin, request, pair) for pair in duplicates.listed(admin.model)],
            )
            for admin in admins
        ],
    }
    return TemplateResponse(request, "admin/doubles.html", context)


def _look(request, models):
    """Compare the records of these models, and lead back to the list."""
    found = 0
    for model in models:
        if (count := model._base_manager.count()) > duplicates.MOST_AT_DESK:
            text = _(
                "{kind}: {count} records are too many to compare while you wait. The command find_doubles does it."
            )
            messages.warning(request, text.format(kind=capfirst(model._meta.verbose_name_plural), count=count))
        else:
            found += duplicates.find(model)
    text = ngettext("{count} pair looks alike.", "{count} pairs look alike.", found)
    messages.info(request, text.format(count=found))
    return HttpResponseRedirect(reverse("admin:doubles"))


def _tell_apart(request, models):
    """Store that the chosen pair is not the same, and lead back to the list."""
    chosen = request.POST.get("apart", "")
    kinds = [model._meta.label_lower for model in models]
    double = Double.objects.filter(kind__in=kinds, pk=chosen if chosen.isdecimal() else 0).first()
    if double is None:
        raise Http404
    duplicates.tell_apart(double, request.user)
    messages.info(request, _("Kept: these two are not the same."))
    return HttpResponseRedirect(f"{reverse('admin:doubles')}#{double.kind.partition('.')[2]}")


def _pair(admin, request, pair):
    """A pair as the page lists it. What readers see is proposed to stay, or what has been there longer."""
    kept, other = sorted(
        (pair.first, pair.second), key=lambda record: (record.publication != Publication.PUBLISHED, record.pk)
    )
    merge = f"{admin_address(admin.model, 'merge', kept.pk)}?{urlencode({'with': other.key})}"
    return {
        "pk": pair.pk,
        "reason": pair.reason,
        "records": [(record, admin_address(admin.model, "change", record.pk)) for record in (kept, other)],
        "merge_url": merge if admin.may_merge(request) else "",
    }


def differences(before, after):
    """Two texts as pieces, their spaces aside: pairs of "same", "del" or "ins" and words."""
    return [(what, "".join(words).strip()) for what, words in pieces_of(plain(before), plain(after))]


def _label(text, one, obj):
    """What a form calls a translated text: the row that it stands in, the field, the language."""
    field = text._meta.get_field(f"{one.field}_{settings.LANGUAGE_CODE}").translated_field.verbose_name
    label = f"{capfirst(field)} ({LANGUAGES[one.language]})"
    return label if text is obj else f"{capfirst(text._meta.verbose_name)} “{text}”: {label}"
