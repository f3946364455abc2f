"""Several pasted references as a table to confirm: the ticked rows become draft sources, all or none."""

from collections import Counter

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.citations import parsers
from portal.curation.similarity import MatchIndex, similar_records
from portal.models import Source
from portal.staff.pages import admin_address, admin_path
from portal.staff.reference_import import PASTED, used_keys, with_lookup

MOST_LOOKUPS = 5  # DOIs of one paste that are looked up; each may take seconds
NAMES = ("title", "title_original", "author", "publisher", "date", "kind", "language", "url", "doi", "edition")


class ReferenceRowForm(forms.ModelForm):
    """A row of the table: a source that is created if it is ticked."""

    is_ticked = forms.BooleanField(required=False)
    url = Source._meta.get_field("url").formfield(assume_scheme="https")

    class Meta:
        model = Source
        fields = (*NAMES, "licence_en", "key")
        widgets = {"licence_en": forms.HiddenInput, "edition": forms.HiddenInput}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        for field in self.fields.values():
            field.help_text = ""

    @property
    def wants(self):
        """Return True if the row of a bound form is ticked."""
        return bool(self.data.get(self.add_prefix("is_ticked")))

    def missing(self):
        """Return the labels of the required fields that are empty."""
        return [field.label for name, field in self.fields.items() if field.required and not self[name].value()]

    def cells(self):
        """Return the columns of the row: lists of fields with their errors, which only ticked rows have."""
        columns = (
            ("title", "title_original"),
            ("author", "publisher"),
            ("date", "kind", "language"),
            ("url", "doi", "key"),
        )
        is_checked = self.is_bound and self.wants
        return [[(self[name], self[name].errors if is_checked else ()) for name in names] for names in columns]


class ReferenceTableMixin:
    """The page of several references, for the admin of sources."""

    def get_urls(self):
        return [admin_path(self, "references/", self.references_view, "references"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        url = admin_address(self.model, "references") if self.has_add_permission(request) else ""
        return super().changelist_view(request, {"references_url": url} | (extra_context or {}))

    def references_view(self, request):
        """Show the pasted references as a table. A POST with the number of `rows` creates the ticked ones."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        pasted, problem, rows = request.POST.get(PASTED, ""), "", []
        count = request.POST.get("rows", "")
        if count.isdecimal() and len(count) < 4:
            row_forms = [ReferenceRowForm(request.POST, prefix=f"row-{number}") for number in range(int(count))]
            problem = self._stored(request, row_forms)
            if not problem:
                return HttpResponseRedirect(f"{admin_address(self.model, 'changelist')}?publication__exact=draft")
            rows = self._rows([(form, []) for form in row_forms])
        elif request.method == "POST":
            try:
                rows = self._parsed(pasted)
            except parsers.UnreadableReference as error:
                problem = str(error)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Several references"),
            "list_url": admin_address(self.model, "changelist"),
            "pasted": pasted[: parsers.LONGEST],
            "problem": problem,
            "rows": rows,
        }
        return TemplateResponse(request, "admin/references.html", context)

    def _parsed(self, pasted):
        """Return the rows of a text. A row is ticked if the portal does not seem to have its source."""
        taken, lookups, pairs = used_keys(self.model), 0, []
        for number, reference in enumerate(parsers.read_all(pasted)):
            notes = []
            if reference.bare and settings.DOI_LOOKUP_URL:
                lookups += 1
                if lookups <= MOST_LOOKUPS:
                    reference, problem = with_lookup(reference)
                else:
                    problem = _("Only {count} DOIs are looked up at once.").format(count=MOST_LOOKUPS)
                notes += filter(None, [problem])
            key = parsers.proposed_key(reference, taken)
            taken.add(key)
            form = ReferenceRowForm(initial=reference.fields | {"key": key}, prefix=f"row-{number}")
            pairs.append((form, [*notes, *reference.left_out]))
        rows = self._rows(pairs)
        for row in rows:
            row["form"].initial["is_ticked"] = not row["known"]
        return rows

    def _rows(self, pairs):
        """Return what the table shows of each form: also the sources that may be the same, and what was not used."""
        index = MatchIndex(self.model)
        return [
            {
                "form": form,
                "known": [
                    (match, admin_address(self.model, "change", match.record.pk)) for match in self._alike(form, index)
                ],
                "left_out": left_out,
                "is_bare": not (form["title"].value() or form["title_original"].value()),
            }
            for form, left_out in pairs
        ]

    def _alike(self, form, index):
        values = {name: str(form[name].value() or "") for name in NAMES}
        names = [values["title"], values["title_original"]]
        return similar_records(
            self.model, names, url=values["url"], doi=values["doi"], apart=[values["publisher"]], index=index
        )

    def _stored(self, request, row_forms):
        """Create the sources of the ticked rows and return "", or return why none was created."""
        ticked = [form for form in row_forms if form.wants]
        if not ticked:
            return _("Tick a reference first.")
        refused = [form for form in ticked if not form.is_valid()]
        if refused or self._add_repeated(ticked):
            return _("Nothing was created. Correct the marked fields, or untick the reference.")
        with transaction.atomic():
            made = [form.save() for form in ticked]
        LogEntry.objects.log_actions(request.user.pk, made, ADDITION, [{"added": {}}])
        words = ngettext("{count} source was created as a draft.", "{count} sources were created as drafts.", len(made))
        self.message_user(request, words.format(count=len(made)), messages.SUCCESS)
        return ""

    def _add_repeated(self, ticked):
        """Add an error to each key and address that stands in two rows. Return True if there is one."""
        found = False
        for name in ("key", "url"):
            counts = Counter(form.cleaned_data[name] for form in ticked)
            for form in ticked:
                if form.cleaned_data[name] and counts[form.cleaned_data[name]] > 1:
                    form.add_error(name, _("Another ticked reference has the same value."))
                    found = True
        return found
