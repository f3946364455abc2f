"""Fill the form of a new source from a pasted reference. Nothing is stored before the form is saved."""

from django.conf import settings
from django.utils.translation import gettext as _

from portal.citations import doi, parsers
from portal.curation.similarity import similar_records
from portal.models import FormerKey

PASTED = "_reference"


def with_lookup(reference):
    """Return a reference with what the registry of DOIs adds to a bare DOI, and a message if that failed, or ""."""
    if not (reference.bare and settings.DOI_LOOKUP_URL):
        return reference, ""
    try:
        found = parsers.read(doi.looked_up(reference.fields["doi"]))
    except (doi.Unanswered, parsers.UnreadableReference) as error:
        return reference, str(error)
    found.fields |= reference.fields
    return found, ""


def used_keys(model):
    """Return the keys that a record of a model has or had."""
    former = FormerKey.objects.filter(kind=model._meta.model_name).values_list("key", flat=True)
    return {*model.objects.order_by().values_list("key", flat=True), *former}


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
                request.reference, context["reference_problem"] = with_lookup(parsers.read(pasted))
            except parsers.UnreadableReference as error:
                context |= {"reference_problem": str(error), "pasted": pasted[: parsers.LONGEST]}
            request.method = "GET"  # show the form of a new source, filled from the reference
        return super().add_view(request, form_url, context)

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        if reference := getattr(request, "reference", None):
            initial |= reference.fields | {"key": parsers.proposed_key(reference, used_keys(self.model))}
        return initial

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
            context |= {"reference": reference, "pasted": request.POST[PASTED], **self.shown(alike)}
            context["reference_hints"] = [words for words, holds in self._hints(fields) if holds]
        return super().render_change_form(request, context, *args, **kwargs)

    @staticmethod
    def _hints(fields):
        """Yield pairs of what the editor still has to do and whether that applies to the reference."""
        yield _("Enter the title in English."), "title" not in fields
        yield _("Choose the kind; the reference does not state it."), "kind" not in fields
        yield _("Say in which language it is: the reference does not state it."), "language" not in fields
