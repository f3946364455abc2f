"""What the page of any record has: its place in the portal, its sources, how to cite it."""

from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView

from portal.discovery.head import Told
from portal.formats import serving
from portal.formats.serialisers import Records
from portal.models import FormerKey
from portal.preview import seen
from portal.text import Notes
from portal.tombstones import gone_page


def cited_sources(record):
    """The sources of a record as numbered notes, in the order in which its editors named them."""
    notes = Notes(
        citation.source
        for citation in record.citations.select_related("source")
        if citation.source.publication == "published"
    )
    notes.cite_all()
    return notes


class RecordView(Told, DetailView):
    """The page of one published record, found by its key, or of the one that a signed link previews.

    A former key leads to the record that stays; where one was archived or deleted, the page says so.
    """

    slug_field = slug_url_kwarg = "key"
    context_object_name = "record"
    list_title = ""
    list_url = ""

    def get_queryset(self):
        return seen(self.request, super().get_queryset())

    def get(self, request, *args, **kwargs):
        try:
            return self.get_page(request, *args, **kwargs)
        except Http404:
            former = FormerKey.objects.filter(kind=self.model._meta.model_name, key=self.kwargs["key"]).first()
            if former is not None:
                return HttpResponsePermanentRedirect(reverse(self.model._meta.model_name, args=[former.now]))
            gone = gone_page(request, self.model, self.kwargs["key"], self.list_title, reverse(self.list_url))
            if gone is None:
                raise
            return gone

    def get_page(self, request, *args, **kwargs):
        """The page of the record, or the record in the format that is asked for."""
        if serving.asked_format(request):
            self.object = self.get_object()
            return serving.answer(request, self.kinds, self.get_records, single=True)
        return super().get(request, *args, **kwargs)

    @property
    def kinds(self):
        """The kind of the record, for its formats."""
        return (self.model._meta.model_name,)

    def get_records(self):
        """The record, to be handed out in some format."""
        [kind] = self.kinds
        return Records(
            [self.object.pk],
            kind=kind,
            label=f"{kind}-{self.object.key}",
            title=self.object.name_and_language()[0],
            single=True,
            **serving.addresses(self.request),
        )

    def get_context_data(self, **kwargs):
        record = self.object
        return super().get_context_data(**kwargs) | {
            record._meta.model_name: record,
            "trail": [(self.list_title, reverse(self.list_url)), (str(record), None)],
            "address": self.request.build_absolute_uri(record.get_absolute_url()),
            "today": timezone.localdate(),
            "record_formats": []
            if hasattr(self.request, "preview")
            else serving.links_of(self.request, self.kinds, single=True),
        }
