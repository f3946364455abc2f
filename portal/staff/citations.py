"""Help with citations in prose: a lookup of sources while the editor types, and a preview of the text."""

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_slug
from django.http import JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from portal.core.choices import PublicationStatus
from portal.core.citation_marks import Footnotes, cited_keys, render_prose
from portal.search.glossary_terms import GlossaryMarker
from portal.search.ranking import matching

MOST_SOURCES = 8
LONGEST_PROSE = 50_000  # characters
LONGEST_QUESTION = 100
MOST_WORDS = 6


class CitationPreviewForm(forms.Form):
    """The text to preview: the name of its field, its language and its content."""

    field = forms.CharField(max_length=80, validators=[validate_slug])
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    text = forms.CharField(max_length=LONGEST_PROSE, required=False, strip=False)


class CitationLookupMixin:
    """The lookup of sources to cite and the preview of prose, for the admin of sources."""

    def get_urls(self):
        return [
            path("cite/", self.admin_site.admin_view(require_GET(self.cite_view)), name="portal_source_cite"),
            path("prose/", self.admin_site.admin_view(require_POST(self.prose_view)), name="portal_source_prose"),
            *super().get_urls(),
        ]

    def cite_view(self, request):
        """Return the sources that contain all words of `q`, drafts too, as JSON.

        At most MOST_SOURCES sources; `q` is cut to LONGEST_QUESTION characters and MOST_WORDS words.
        """
        self._must_see(request)
        text = " ".join(request.GET.get("q", "")[:LONGEST_QUESTION].split()[:MOST_WORDS])
        return JsonResponse(
            {"suggestions": list(map(self._shown, self._found(request, text) if text else []))},
            json_dumps_params={"ensure_ascii": False},
        )

    def _found(self, request, text):
        """Return sources: keys that begin with the text first, then the admin's results, then the public search's."""
        sources = self.model.objects.defer("note", "url")
        found, _twice = self.get_search_results(request, sources, text)
        found = sorted(found[: 5 * MOST_SOURCES], key=lambda source: not source.key.startswith(text.casefold()))
        if len(found) < MOST_SOURCES:
            found += matching(sources, text).exclude(pk__in=[source.pk for source in found])[:MOST_SOURCES]
        return found[:MOST_SOURCES]

    @staticmethod
    def _shown(source):
        published = source.publication == PublicationStatus.PUBLISHED
        names = dict.fromkeys([source.author_name, source.publisher_name])
        about = [*names, str(source.date or "")]
        return {
            "key": source.key,
            "name": source.own_title,
            "language": source.own_title_language,
            "about": ", ".join(filter(None, about)),
            "state": "" if published else PublicationStatus(source.publication).label,
        }

    def prose_view(self, request):
        """Return a preview of the text as HTML, as readers will see it, with its sources and wrong citation marks."""
        self._must_see(request)
        form = CitationPreviewForm(request.POST)
        if not form.is_valid():
            return render(request, "admin/prose_preview.html", {"refused": True}, status=400)
        written = form.cleaned_data
        keys = cited_keys(written["text"])
        sources = {source.key: source for source in self.model.objects.filter(key__in=keys)}
        context = {
            "as_read": _as_read(request, written, sources.values()) if written["text"].strip() else "",
            "unknown": [key for key in keys if key not in sources],
            "unpublished": [
                key for key in keys if key in sources and sources[key].publication != PublicationStatus.PUBLISHED
            ],
        }
        return render(request, "admin/prose_preview.html", context)

    def _must_see(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied


def _as_read(request, written, sources):
    """Return the text with its notes and glossary definitions as HTML, in the language of the text."""
    field, language = written["field"], written["language"]
    notes = Footnotes(sources, anchor=f"note-{field}")
    with translation.override(language):
        context = {
            "prose": render_prose(written["text"], notes),
            "language": language,
            "notes": notes,
            "glosses": GlossaryMarker(anchor=f"gloss-{field}"),
        }
        return render_to_string("admin/prose_text.html", context, request)


def mark_citation_field(model, db_field, field):
    """Return the form field. If its text may cite sources, the attribute `data-marks` marks it for the script."""
    original = getattr(db_field, "translated_field", db_field)
    if original is not db_field and original.name in model.citation_fields:
        field.widget.attrs["data-marks"] = ""
    return field


def citation_urls(user):
    """Return the URLs for the script of citations; None if the user may not view sources."""
    if not user.has_perm("portal.view_source"):
        return None
    return {
        "cite": reverse("admin:portal_source_cite"),
        "prose": reverse("admin:portal_source_prose"),
        "add": reverse("admin:portal_source_add") if user.has_perm("portal.add_source") else "",
    }
