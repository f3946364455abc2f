"""Fill the form of a new source from a pasted reference. Nothing is stored before the form is saved."""

from django.conf import settings
from django.utils.translation import gettext as _

from portal.citations import doi, parsers
from portal.curation.similarity import similar_records
from portal.models import FormerKey

PASTED = "_reference"


class ReferenceImportMixin:
    """The import of a reference, for the admin of sources.

    In the bases it comes after DuplicateWarningMixin, so that it replaces the list of likely duplicates in the context.
    """

    add_form_template = "admin/source_form.html"

    def add_view(self, request, form_url="", extra_context=None):
        context = {"from_reference": True} | (extra_context or {})
        if request.method == "POST" and PASTED in request.POST and self.has_add_permission(request):
            pasted = request.POST[PASTED]
            try:
                request.reference, context["reference_problem"] = self._read(pasted)
            except parsers.UnreadableReference as error:
                context |= {"reference_problem": str(error), "pasted": pasted[: parsers.LONGEST]}
            request.method = "GET"  # show the form of a new source, filled from the reference
        return super().add_view(request, form_url, context)

    def _read(self, pasted):
        """Return the reference in a text, and a message about a failed DOI lookup, or ""."""
        reference, problem = parsers.read(pasted), ""
        if reference.bare and settings.DOI_LOOKUP_URL:
            try:
                found = parsers.read(doi.looked_up(reference.fields["doi"]))
            except (doi.Unanswered, parsers.UnreadableReference) as error:
                problem = str(error)
            else:
                found.fields |= reference.fields
                reference = found
        return reference, problem

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        if reference := getattr(request, "reference", None):
            initial |= reference.fields | {"key": self._free_key(reference)}
        return initial

    def _free_key(self, reference):
        taken = set(self.model.objects.order_by().values_list("key", flat=True))
        former = FormerKey.objects.filter(kind=FormerKey.Kind.SOURCE)
        return parsers.proposed_key(reference, taken.union(former.values_list("key", flat=True)))

    def render_change_form(self, request, context, *args, **kwargs):
        if reference := getattr(request, "reference", None):
            fields = reference.fields
            alike = similar_records(
                self.model,
                [fields.get("title", ""), fields.get("title_original", "")],
                url=fields.get("url", ""),
                doi=fields.get("doi", ""),
                apart=[fields.get("publisher", "")],
            )
            context |= {"reference": reference, **self.shown(alike)}
            context["reference_hints"] = [words for words, holds in self._hints(fields) if holds]
        return super().render_change_form(request, context, *args, **kwargs)

    @staticmethod
    def _hints(fields):
        """Yield pairs of what the editor still has to do and whether that applies to the reference."""
        yield _("Enter the title in English."), "title" not in fields
        yield _("Choose the kind; the reference does not state it."), "kind" not in fields
        yield _("Say in which language it is: the reference does not state it."), "language" not in fields
