"""The page of a brief, and the brief as PDF and DOCX."""

import dataclasses
import datetime

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView, TemplateView

from issues.models import Issue
from portal.core.choices import Area
from portal.core.database import storable
from portal.core.partial_dates import months_before
from portal.core.urls import with_query
from portal.formats.responses import HEADERS, tag_of
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.http.throttling import throttle
from portal.models import Place
from portal.seo.head import PageMetadataMixin
from portal.tracking import content_version
from portal.views.code_form import CodeField, CodeForm
from projects.brief.content import write_brief
from projects.brief.docx import DOCX, docx_file
from projects.brief.pdf import PDF, pdf_file
from projects.brief.subject import Subject
from projects.budgets import CONVERTIBLE, currency_links
from projects.models import Organisation, Project

FIRST_DAY = datetime.date(1992, 1, 1)  # the year in which Korea and the countries of Central Asia set up relations
YEARS_AHEAD = 5
MOST_CHOSEN = 10  # projects that the reader wants first
FORMATS = {"pdf": ("PDF", pdf_file, PDF), "docx": ("DOCX", docx_file, DOCX)}


class KeyField(forms.SlugField):
    """The key of a published record, which becomes the record."""

    def __init__(self, queryset, **kwargs):
        super().__init__(required=False, widget=forms.HiddenInput, **kwargs)
        self.queryset = queryset

    def clean(self, value):
        key = (value or "").strip().lower()
        if not key:
            return None
        found = self.queryset.published().filter(key__in=storable([key])).first()
        if found is None:
            raise forms.ValidationError(gettext("“%(value)s” is not available."), params={"value": key[:60]})
        return found


class BriefDayField(forms.DateField):
    """A day of a brief, as ISO text."""

    def __init__(self, **kwargs):
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **kwargs)

    def to_python(self, value):
        try:
            return super().to_python(value)
        except forms.ValidationError:
            message = gettext("“%(value)s” is not a day. Write it like 2027-03-15.")
            raise forms.ValidationError(message, params={"value": str(value)[:60]}) from None

    def validate(self, value):
        today = timezone.localdate()
        if value and not FIRST_DAY <= value <= months_before(today, -12 * YEARS_AHEAD):
            message = gettext("Choose a day from 1992 until five years ahead.")
            raise forms.ValidationError(message)


class BriefForm(CodeForm):
    """What a brief is about. A place and an organisation come by links; the page offers countries, topics and a day."""

    country = CodeField(label=_("Country"), required=False)
    issue = CodeField(label=_("Issue"), required=False)
    area = CodeField(label=_("Area of cooperation"), required=False)
    place = KeyField(Place.objects.all(), label=_("Place"))
    organisation = KeyField(Organisation.objects.all(), label=_("Organisation"))
    currency = CodeField(label=_("Currency"), required=False)
    day = BriefDayField(label=_("As of"))

    def __init__(self, data):
        countries = Place.objects.published().countries_of_central_asia()
        issues = Issue.objects.published().without_sections()
        self.countries = {place.key: place for place in countries}
        self.issues = {issue.key: issue for issue in issues}
        choices = {
            "country": [(place.key, place.name_and_language()[0]) for place in self.countries.values()],
            "issue": [(issue.key, issue.name_and_language()[0]) for issue in self.issues.values()],
            "area": list(Area.choices),
            "place": [],
            "organisation": [],
            "currency": [(code.lower(), code) for code in CONVERTIBLE],
            "day": [],
        }
        super().__init__(data, choices)

    def clean(self):
        data = super().clean()
        if data.get("issue") and data.get("area"):
            self.add_error("area", gettext("Choose an issue or an area of cooperation, not both."))
        return data

    @property
    def as_of(self):
        """The day that the brief is as of: today, if no other one is asked for."""
        return self.chosen.get("day") or timezone.localdate()

    @property
    def subject(self):
        """The subject that the valid values state; None if the place or the topic is missing."""
        chosen = self.chosen
        place = chosen.get("place") or self.countries.get(chosen.get("country"))
        organisation, issue = chosen.get("organisation"), self.issues.get(chosen.get("issue"))
        area = Area(chosen["area"]) if "area" in chosen else None
        if (place is None and organisation is None) or (issue is None and area is None):
            return None
        return Subject(place, organisation, issue, area)


class BriefPage(PageMetadataMixin, TemplateView):
    """A brief as a page to print, with its files. Without a subject, the form that asks for one."""

    template_name = "portal/brief.html"
    title = _("Planning and counterpart brief")

    @staticmethod
    def known_parameters(as_file):
        return {*BriefForm.base_fields, "project", "format"}

    @cached_property
    def form(self):
        return BriefForm(self.request.GET)

    @cached_property
    def project_keys(self):
        """The keys of the projects that the reader wants first."""
        return list(dict.fromkeys(key.lower() for key in self.request.GET.getlist("project") if key))[:MOST_CHOSEN]

    @cached_property
    def chosen_projects(self):
        """The primary keys of these projects by key, of those that are published."""
        keys = storable(self.project_keys)
        return dict(Project.objects.published().filter(key__in=keys).values_list("key", "pk"))

    @property
    def unknown_projects(self):
        """A sentence for each project that does not exist."""
        return [
            gettext("There is no project “{key}”.").format(key=key[:60])
            for key in self.project_keys
            if key not in self.chosen_projects
        ]

    @cached_property
    def subject(self):
        """The subject of the brief; None if it is not stated."""
        subject = self.form.subject
        if subject is None or not self.chosen_projects:
            return subject
        return dataclasses.replace(
            subject, chosen=tuple(self.chosen_projects[key] for key in self.project_keys if key in self.chosen_projects)
        )

    @property
    def currency(self):
        """The currency that budgets are converted into; "" if they are shown as stated."""
        return self.form.chosen.get("currency", "").upper()

    @property
    def query(self):
        """The valid parameters, which state the subject."""
        query = {name: str(getattr(value, "key", value)) for name, value in self.form.chosen.items()}
        projects = [key for key in self.project_keys if key in self.chosen_projects]
        return query | ({"project": projects} if projects else {})

    def canonical_query(self, context):
        return self.query if self.subject else {}

    def share_countries(self, context):
        country = self.subject and self.subject.country
        return [country] if country else []

    def get(self, request, *args, **kwargs):
        if "format" in request.GET:
            return self.file(request)
        return super().get(request, *args, **kwargs)

    def file(self, request):
        """Return the brief as a file. Raise ProblemDetail (400) if its format or subject is not valid."""
        form = request.GET["format"].lower()
        if form not in FORMATS:
            raise ProblemDetail(400, one_of_sentence("format", FORMATS))
        if mistakes := [*self.form.mistakes, *self.unknown_projects]:
            raise ProblemDetail(400, " ".join(mistakes))
        if self.subject is None:
            raise ProblemDetail(
                400,
                gettext(
                    "State a country, a place or an organisation, and an issue or an area: ?country=uz&issue="
                    "water-scarcity"
                ),
            )
        state = content_version.state()
        return content_version.conditional_response(
            request, tag_of(request, (), state), state.changed_at, lambda: self.made_file(request, form), HEADERS
        )

    def made_file(self, request, form):
        throttle(request, "export", 4)
        _title, make, content_type = FORMATS[form]
        response = HttpResponse(make(self.brief(settings.PUBLIC_URL)), content_type=content_type)
        subject = "-".join(value for name, value in self.query.items() if name not in {"project", "day"})
        name = f"brief-{subject}-{self.form.as_of.isoformat()}.{form}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def brief(self, base=""):
        """Return the brief of the subject. `base` stands before the paths of records."""
        address = settings.PUBLIC_URL + with_query(reverse("brief"), self.query)
        return write_brief(self.subject, self.form.as_of, address, base, self.currency)

    def get_context_data(self, **kwargs):
        brief = self.brief() if self.subject else None
        home, stated = reverse("brief"), {name: value for name, value in self.query.items() if name != "currency"}
        problems = [*self.form.problems, *self.unknown_projects]
        return super().get_context_data(**kwargs) | {
            "title": brief.title if brief else self.title,
            "trail": [(self.title, home), (brief.title, None)] if brief else [(self.title, None)],
            "brief": brief,
            "selects": [one for one in self.form.selects(self.request.GET) if one[0] in {"country", "issue", "area"}],
            "day": self.form.chosen.get("day"),
            "problems": problems,
            "is_incomplete": brief is None and not problems and bool(self.query),
            "currency_links": currency_links(home, stated, self.currency),
            "files": [
                (name, with_query(home, self.query | {"format": form}))
                for form, (name, _make, _type) in FORMATS.items()
            ],
        }


class BriefOfPlan(RedirectView):
    """The former address of a brief."""

    pattern_name = "brief"
    query_string = permanent = True
    known_parameters = BriefPage.known_parameters
