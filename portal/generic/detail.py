"""The detail page of a record: breadcrumbs, sources, formats, former keys and past versions."""

import functools

from django.conf import settings
from django.http import Http404, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.generic import DetailView

from portal.citations.references import citations_of, passages_of
from portal.core.citation_marks import Footnotes
from portal.core.urls import file_path, snapshot_url
from portal.formats import responses
from portal.formats.responses import REFERENCES
from portal.formats.serialisers import RecordSelection
from portal.history.snapshots import NoSnapshot, hide_unpublished, snapshot
from portal.http.negotiation import preferred_format
from portal.models import FormerKey
from portal.publishing.gone import gone_response
from portal.publishing.preview import previewed_revision, visible_to
from portal.seo import schema_org
from portal.seo.embeds import Embed
from portal.seo.head import PageMetadata, PageMetadataMixin
from portal.seo.signposting import link_header


def source_footnotes(record, cited=()):
    """Return the published sources of a record as numbered notes, in the order that its editors gave them.

    Those of `cited` follow: rows or records that the page also shows. Their citations must be prefetched.
    """
    notes = footnotes_of(citation for one in (record, *cited) for citation in citations_of(one))
    notes.cite_all()
    return notes


def see_other(path):
    """Return a redirect with status 303 that no cache stores: browsers get the page at the same address."""
    response = HttpResponseRedirect(path, status=303)
    patch_vary_headers(response, ("Accept",))
    response.headers["Cache-Control"] = "no-store"
    return response


def footnotes_of(citations, sources=()):
    """Return the published sources of citations, and further `sources`, as notes that the page numbers as it cites."""
    shown = [citation for citation in citations if citation.source.publication == "published"]
    return Footnotes([*(citation.source for citation in shown), *sources], passages=passages_of(shown))


def files_of(record):
    """Return the files of a record that readers see, by the name of their relation."""
    return {
        name: list(getattr(record, name).filter(is_shown=True))
        for name in ("pictures", "attachments")
        if hasattr(record, name)
    }


class RecordView(PageMetadataMixin, DetailView):
    """The page of a published record by its key, or of the unpublished one or revision that a preview link shows.

    A former key redirects to the record that replaced it. The URL of an archived or deleted record returns a page that
    says so. With a `day` in its URL (`snapshot_date`), the page shows the record as it was on that day
    (`portal.history.snapshots`), without `related_context`, which shows today's context.
    """

    subject_type = "CreativeWork"  # what the page is about, as a type of schema.org
    data_formats = ()  # names of the formats that are the data that the page is about
    parameters = ()  # query parameters of the page
    embed_height = 0  # of the embed, in CSS pixels; 0 for a kind of record without one
    file_parameters = ()  # further query parameters of its export formats

    @classmethod
    def known_parameters(cls, as_file):
        return {*cls.parameters, "format", *(("lang", "hxl", "full", *cls.file_parameters) if as_file else ())}

    slug_field = slug_url_kwarg = "key"
    context_object_name = "record"
    list_title = ""
    list_url = ""

    def get_queryset(self):
        return visible_to(self.request, super().get_queryset())

    @property
    def snapshot_date(self):
        """The day whose version of the record is shown; None for the current version."""
        return self.kwargs.get("day")

    def get_object(self, queryset=None):
        if self.snapshot_date is None:
            revised = previewed_revision(self.request, self.model)
            if revised is None:
                return super().get_object(queryset)
            hide_unpublished(revised)
            return revised
        return snapshot(self.model.objects.all(), self.kwargs["key"], self.snapshot_date)

    def get(self, request, *args, **kwargs):
        try:
            response = self.render_page(request, *args, **kwargs)
        except NoSnapshot as refused:
            return refused.page(request)
        except Http404:
            kind = self.model._meta.model_name
            if present := FormerKey.present_key(kind, self.kwargs["key"]):
                now = reverse(kind, args=[present])
                if self.snapshot_date:
                    now = snapshot_url(now, self.snapshot_date)
                if name := responses.requested_format(request):
                    now = file_path(now, name)
                return HttpResponsePermanentRedirect(now)
            gone = gone_response(request, self.model, self.kwargs["key"], self.list_title, reverse(self.list_url))
            if gone is None:
                raise
            return gone
        if self.snapshot_date:
            response.headers["X-Robots-Tag"] = "noindex"
        return response

    def render_page(self, request, *args, **kwargs):
        """Return the page of the record, or the record in the requested format."""
        self.object = self.get_object()
        if (
            self.snapshot_date
            and (here := snapshot_url(self.object.get_absolute_url(), self.snapshot_date)) != request.path
        ):
            return redirect(here, permanent=True)  # the pages of countries have their own path
        if responses.requested_format(request):
            return responses.export_response(request, self.kinds, self.get_records, single=True, only=self.formats)
        if (name := preferred_format(request)) in {one.name for one in self.offered_formats}:
            return see_other(file_path(request.path, name))
        response = self.render_to_response(self.get_context_data(object=self.object))
        patch_vary_headers(response, ("Accept",))
        if formats := self.offered_formats:
            address = settings.PUBLIC_URL + request.path
            response.headers["Link"] = link_header(address, formats, self.subject_type, self.data_formats)
        return response

    @functools.cached_property
    def offered_formats(self):
        """The formats of the record. Its menu has those that are `listed`. A preview has none."""
        if hasattr(self.request, "preview"):
            return []
        return responses.format_links(self.request, self.kinds, single=True, only=self.formats)

    @property
    def embed(self):
        """The record for the frames of other sites; None if it has no embed."""
        if not self.embed_height:
            return None
        title = self.object.name_and_language()[0]
        return Embed(self.object.get_absolute_url(), self.embed_query, title, self.embed_height)

    @property
    def embed_query(self):
        """The parameters that the embed keeps."""
        return {}

    @property
    def formats(self):
        """The formats that the page offers; None for all. Past versions are to be read and cited: REFERENCES only."""
        return REFERENCES if self.snapshot_date else None

    @property
    def kinds(self):
        """The kind of the record as a tuple of one, for export formats."""
        return (self.model._meta.model_name,)

    def get_records(self):
        """Return the record for export in some format."""
        [kind] = self.kinds
        return RecordSelection(
            [self.object.pk],
            kind=kind,
            label=f"{kind}-{self.object.key}",
            title=self.object.name_and_language()[0],
            single=True,
            past=(self.object, self.snapshot_date) if self.snapshot_date else None,
            json_ld=self.json_ld,
            **responses.addresses(self.request),
        )

    def json_ld(self):
        """Return what the head of the page states in schema.org terms, as a JSON-LD document."""
        context = self.get_context_data(object=self.object)
        title = self.object.name_and_language()[0]
        return schema_org.document(PageMetadata(self.request, title, context["trail"], self, context).things)

    def metadata(self, tell, context):
        kind, things = super().metadata(tell, context)
        if things and (pictures := context.get("pictures")):
            things[0]["image"] = [tell.picture(picture) for picture in pictures]
        if things and (attachments := context.get("attachments")):
            things[0]["subjectOf"] = [tell.attachment(attachment) for attachment in attachments]
        return kind, things

    def get_context_data(self, **kwargs):
        """Return the context of any record page.

        Subclasses override it for what is true of past versions too, and override `related_context` for the rest.
        """
        record = self.object
        return (
            super().get_context_data(**kwargs)
            | {
                record._meta.model_name: record,
                "trail": [(self.list_title, reverse(self.list_url)), (str(record), None)],
                "address": settings.PUBLIC_URL + record.get_absolute_url(),
                "record_formats": [one for one in self.offered_formats if responses.FORMATS[one.name].listed],
                "past": self.snapshot_date,
                "embed": None if self.snapshot_date or hasattr(self.request, "preview") else self.embed,
            }
            | ({} if self.snapshot_date else files_of(record) | self.related_context(record))
        )

    def related_context(self, record):
        """Return the context that a past version leaves out: today's related and nearby records."""
        return {}
