"""The maintenance of records in the admin: links, verifications, aliases, duplicates and merges."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.choices import PublicationStatus
from portal.core.database import lock_rows
from portal.curation import duplicates, links, verifications
from portal.curation import merge as curation_merge
from portal.curation.similarity import find_similar
from portal.models import Alias, AliasedMixin
from portal.models.curation import DuplicateCandidate, ExternalLink
from portal.models.held_file import held_files
from portal.models.workflow import RESTING_STATES, allowed_actions
from portal.staff.pages import admin_address, admin_path, posted_object

AMISS = (ExternalLink.LinkStatus.BROKEN, ExternalLink.LinkStatus.MOVED, ExternalLink.LinkStatus.FAILING)


class CurationMixin:
    """The maintenance of a record: broken links, the last verification, its aliases, the merge with a duplicate."""

    def get_urls(self):
        urls = [admin_path(self, "<path:object_id>/looked-through/", self.verify_view, "looked_through")]
        if self.model in duplicates.merged_models():
            urls.append(admin_path(self, "<path:object_id>/merge/", self.merge_view, "merge"))
        return [*urls, *super().get_urls()]

    def curation_context(self, request, obj):
        """Return what the form of `obj` shows of its links, its verification, its aliases and its merge."""
        context = {
            "amiss": links.links_of(obj).filter(state__in=AMISS),
            "last_verification": verifications.last_verification(obj),
        }
        if self._may_verify(request, obj):
            context["verify_url"] = admin_address(self.model, "looked_through", obj.pk)
        if isinstance(obj, AliasedMixin) and "view" in allowed_actions(request.user, Alias):
            of_record = urlencode({"kind__exact": self.opts.model_name, "key": obj.key})
            context["aliases_url"] = f"{admin_address(Alias, 'changelist')}?{of_record}"
            context["aliases_count"] = len(obj.aliases)
        context["files_of_record"] = [
            (model._meta.verbose_name_plural, count, f"{admin_address(model, 'changelist')}?{owner}__exact={obj.pk}")
            for model, owner, count in held_files(obj)
            if "view" in allowed_actions(request.user, model)
        ]
        if self.may_merge(request):
            context["merge_url"] = admin_address(self.model, "merge", obj.pk)
        return context

    def _may_verify(self, request, obj):
        """Return True if the user may verify the record.

        Editors may verify published records too, since a verification does not change the record.
        """
        return "change" in self.actions_of(request) and obj.publication not in RESTING_STATES

    def verify_view(self, request, object_id):
        """Store that the user verified the record and found it still correct."""
        if (obj := posted_object(self, request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        if not self._may_verify(request, obj):
            raise PermissionDenied
        verifications.verify(obj, request.user)
        self.message_user(request, _("Marked as verified today: still correct."), messages.INFO)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))

    def may_merge(self, request):
        """Return True if the user may merge records: a merge deletes one, and may change a published one."""
        return self.model in duplicates.merged_models() and {"delete", "publish"} <= self.actions_of(request)

    def merge_view(self, request, object_id):
        """Show two records side by side. A POST merges them."""
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
            except curation_merge.MergeError as refused:
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
            context["likely"] = find_similar(kept)
        else:
            context |= {
                "reasons": reasons or curation_merge.merge_blockers(kept, other),
                "choices": self._choices(request, kept, other),
                "moves": curation_merge.related_moves(kept, other),
                "seen": last_changes(kept, other),
                "other_url": admin_address(self.model, "change", other.pk),
                "swapped_url": f"{admin_address(self.model, 'merge', other.pk)}?{urlencode({'with': kept.key})}",
            }
        return TemplateResponse(request, "admin/merge.html", context)

    def _choices(self, request, kept, other):
        """Return pairs of a differing column and the chosen record, KEPT or OTHER; the default if none was chosen."""
        return [
            (one, request.POST.get(f"stays-{one.name}", one.default))
            for one in curation_merge.merge_choices(kept, other)
        ]

    def _merged(self, request, kept, other):
        """Merge the records with the choices of the form, and redirect to the record that is kept."""
        if request.POST.get("seen") != last_changes(kept, other):
            raise curation_merge.MergeError([_("One of the two records has changed. Check them again.")])
        taken = [one.name for one, stands in self._choices(request, kept, other) if stands == curation_merge.OTHER]
        gone = str(other)
        curation_merge.merge(kept, other, taken, request.user)
        LogEntry.objects.log_actions(request.user.pk, [kept], CHANGE, [{"changed": {"name": other.key}}])
        text = _("“{gone}” was merged into this record. Its address redirects here.").format(gone=gone)
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(admin_address(self.model, "change", kept.pk))


def last_changes(*records):
    """Return the version and the time of the last change of each record, to detect a change since a page was shown."""
    return " ".join(f"{record.version}@{record.updated_at.timestamp()}" for record in records)


def duplicates_page(site, request):
    """List pairs of likely duplicates. A POST searches for them, or marks a pair as distinct.

    A GET reads the stored result of the last search.
    """
    admins = [site.get_model_admin(model) for model in duplicates.merged_models() if site.is_registered(model)]
    admins = [admin for admin in admins if admin.may_change_whole(request)]
    if not admins:
        raise PermissionDenied
    if request.method == "POST":
        models = [admin.model for admin in admins]
        return _search(request, models) if "look" in request.POST else _mark_distinct(request, models)
    context = {
        **site.each_context(request),
        "title": _("Likely duplicates"),
        "looked_for_at": duplicates.last_search_at(),
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


def _search(request, models):
    """Search for duplicates among the records of these models, and redirect to the list."""
    found = 0
    for model in models:
        if (count := model._base_manager.count()) > duplicates.MOST_AT_DESK:
            text = _(
                "{kind}: {count} records are too many to compare while you wait. The command find_duplicates does it."
            )
            messages.warning(request, text.format(kind=capfirst(model._meta.verbose_name_plural), count=count))
        else:
            found += duplicates.find_duplicates(model)
    text = ngettext("{count} pair of likely duplicates.", "{count} pairs of likely duplicates.", found)
    messages.info(request, text.format(count=found))
    return HttpResponseRedirect(reverse("admin:doubles"))


def _mark_distinct(request, models):
    """Store that the chosen pair are different records, and redirect to the list."""
    chosen = request.POST.get("apart", "")
    kinds = [model._meta.label_lower for model in models]
    double = DuplicateCandidate.objects.filter(kind__in=kinds, pk=chosen if chosen.isdecimal() else 0).first()
    if double is None:
        raise Http404
    duplicates.mark_distinct(double, request.user)
    messages.info(request, _("Marked as different."))
    return HttpResponseRedirect(f"{reverse('admin:doubles')}#{double.kind.partition('.')[2]}")


def _pair(admin, request, pair):
    """Return what the page shows of a pair.

    The published record is proposed to be kept; if both or neither are published, the older one.
    """
    kept, other = sorted(
        (pair.first, pair.second), key=lambda record: (record.publication != PublicationStatus.PUBLISHED, record.pk)
    )
    merge = f"{admin_address(admin.model, 'merge', kept.pk)}?{urlencode({'with': other.key})}"
    return {
        "pk": pair.pk,
        "reason": pair.reason,
        "records": [(record, admin_address(admin.model, "change", record.pk)) for record in (kept, other)],
        "merge_url": merge if admin.may_merge(request) else "",
    }
