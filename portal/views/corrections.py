"""Reports of mistakes by readers, the contact page, and the public log of corrections.

The page of a record has only a link to the form, so it stays the same for all readers and is cached. The form is a page
of its own, which no cache stores: its token (`portal.http.form_tokens`) is new each time. No page sets a cookie.
"""

import re

from django import forms
from django.core.paginator import Paginator
from django.core.validators import URLValidator
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import FormView, TemplateView

from portal.core.database import storable
from portal.http.parameters import takes
from portal.http.throttling import Throttled, throttle
from portal.models import Correction, PortalDetails, ReaderReport
from portal.models.corrections import MONTHS_KEPT, attach_records
from portal.seo.head import PageMetadataMixin
from portal.views.reader_form import ReaderForm, ReaderFormMixin

MOST_REPORTS_A_DAY = 300  # of all readers together, so that a network of programs cannot fill the database
PER_PAGE = 50
# A path of a page of the portal, as the link to the form gives it: `/en/projects/aral/`, `/en/glossary/#saxaul`.
PAGE_ADDRESS = re.compile(r"/(en|ko|ru)/[A-Za-z0-9_./%~-]*(#[A-Za-z0-9_-]+)?")


def page_address(text: str) -> str:
    """Return the path of a page of the portal, or "" if `text` is not one."""
    longest = ReaderReport._meta.get_field("address").max_length
    return text if len(text) <= longest and PAGE_ADDRESS.fullmatch(text) else ""


class WebField(forms.URLField):
    """A link of the web: no other scheme than http and https."""

    default_validators = (URLValidator(schemes=("http", "https")),)


class ReportForm(ReaderForm, forms.ModelForm):
    """What a reader reports."""

    address = forms.CharField(required=False, widget=forms.HiddenInput)
    url = WebField(
        label=_("Source that says otherwise"),
        required=False,
        max_length=ReaderReport._meta.get_field("url").max_length,
        assume_scheme="https",
        help_text=_("A link, if you have one: https://…"),
        error_messages={"invalid": _("This is not a link. It begins with https://.")},
    )

    class Meta:
        model = ReaderReport
        fields = ("message", "url", "email")
        labels = {"message": pgettext_lazy("of a page", "What is wrong"), "email": _("Your e-mail address")}
        help_texts = {"email": _("Only if you want an answer.")}
        widgets = {"message": forms.Textarea(attrs={"rows": 5})}
        error_messages = {
            "message": {"required": _("Write what is wrong.")},
            "email": {"invalid": _("This is not an e-mail address. You may leave it out.")},
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    def clean_address(self):
        return page_address(self.cleaned_data["address"])

    def store(self):
        """Store the report and return it. A form that is sent twice is stored once."""
        values = {name: self.cleaned_data[name] for name in (*self.Meta.fields, "address")}
        return ReaderReport.objects.get_or_create(nonce=self.nonce, defaults=values)[0]


class MessageForm(ReportForm):
    """A message to the editors that is about no page."""

    url = None

    class Meta(ReportForm.Meta):
        fields = ("message", "email")
        labels = ReportForm.Meta.labels | {"message": _("Your message")}
        error_messages = ReportForm.Meta.error_messages | {"message": {"required": _("Write your message.")}}


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class ReportMistake(ReaderFormMixin, PageMetadataMixin, FormView):
    """The form in which a reader reports a mistake on the page `address`."""

    template_name = "portal/report.html"
    form_class = ReportForm
    title = _("Report a mistake")

    @classmethod
    def known_parameters(cls, as_file):
        return {"address"}

    def get_initial(self):
        return {"address": page_address(self.request.GET.get("address", ""))}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        form = context["form"]
        address = page_address(form.data.get("address", "")) if form.is_bound else form.initial["address"]
        return context | {
            "title": self.title,
            "trail": [(self.title, None)],
            "address_of_mistake": address,
            "today": timezone.localdate(),
            "token": form.token_to_show(),
            "months": MONTHS_KEPT,
        }

    def post(self, request, *args, **kwargs):
        try:
            throttle(request, "reports")
        except Throttled as error:
            told = ngettext(
                "Too many reports came from your network. Please send yours again in {count} second.",
                "Too many reports came from your network. Please send yours again in {count} seconds.",
                error.seconds,
            ).format(count=error.seconds)
            return self.refused(told, status=429, headers={"Retry-After": str(error.seconds)})
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        known = ReaderReport.objects.filter(nonce=form.nonce).exists()
        if not known and ReaderReport.objects.filter(day=timezone.localdate()).count() >= MOST_REPORTS_A_DAY:
            return self.refused(gettext("Very many reports came today. Please send yours tomorrow."), status=503)
        response = HttpResponseRedirect(reverse("report-sent", args=[form.store().pk]))
        response.status_code = 303  # the browser fetches the next page by GET
        return response


class Contact(ReportMistake):
    """Who answers for the portal, and a form for a message to the editors."""

    template_name = "portal/contact.html"
    form_class = MessageForm
    title = _("Contact")
    page_kind = "ContactPage"

    @classmethod
    def known_parameters(cls, as_file):
        return set()

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"details": PortalDetails.load()}


@never_cache
@takes(page=True)
def report_sent(request, number):
    """Return the page that thanks for a report and gives its number. It is the same whether the report exists."""
    title = gettext("Thank you")
    context = {"title": title, "number": number, "trail": [(title, None)]}
    return render(request, "portal/report_sent.html", context)


class CorrectionLog(PageMetadataMixin, TemplateView):
    """The public log of corrections, the newest first: of all records, of one kind, or of one record."""

    template_name = "portal/corrections.html"
    page_kind = "CollectionPage"

    @classmethod
    def known_parameters(cls, as_file):
        return {"kind", "key", "page"}

    def canonical_query(self, context):
        number = context["page"].number
        return {"page": number} if number > 1 and not context["kind"] else {}

    def get_context_data(self, **kwargs):
        kind, key = self.request.GET.get("kind", ""), self.request.GET.get("key", "")[:60]
        is_known = kind in Correction.Kind.values
        found = Correction.objects.all()
        if is_known:
            found = found.filter(kind=kind, **({"key__in": storable([key])} if key else {}))
        page = Paginator(found, PER_PAGE).get_page(self.request.GET.get("page"))
        attach_records(page.object_list)
        counts = dict(Correction.objects.order_by().values_list("kind").annotate(Count("pk")))
        title = _("Corrections")
        return super().get_context_data(**kwargs) | {
            "title": title,
            "trail": [(_("About"), reverse("about")), (title, None)],
            "page": page,
            "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "kind": kind if is_known else "",
            "is_unknown": bool(kind) and not is_known,
            "of_record": key if is_known else "",
            "total": sum(counts.values()),
            "kinds": [(value, label, counts[value]) for value, label in Correction.Kind.choices if value in counts],
        }
