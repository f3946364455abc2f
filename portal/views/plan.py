"""The overlap check: a form in which a planner states a plan, and the projects of the portal that are near to it.

The title and the description go to the server in the body of a POST request. They are in no address, log or table,
unless the planner asks to keep the result for some time. The other choices may be in the address, so that a planner can
send them to somebody. The form uses no cookie: its token (`portal.http.form_tokens`) is new each time, so no cache
stores the page.
"""

import re
from dataclasses import asdict
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import FormView

from issues.models import Issue
from portal.core.choices import Area
from portal.facets.filters import names
from portal.formats.json import dumps
from portal.http.form_tokens import EarlyToken, InvalidToken, make_token, read_nonce
from portal.http.parameters import takes
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.http.throttling import Throttled, throttle
from portal.models import Place
from portal.seo.head import PageMetadataMixin
from projects.brief.docx import DOCX, docx_file
from projects.brief.pdf import PDF, pdf_file
from projects.budgets import CONVERTIBLE
from projects.models import StoredCheck
from projects.overlap.answer import (
    GRADE_LABELS,
    answer_plan,
    budget_words,
    headline,
    still_published,
    what_was_read,
    with_base,
)
from projects.overlap.document import document_of
from projects.overlap.plan import (
    FIRST_YEAR,
    LAST_YEAR,
    MOST_BUDGET,
    MOST_NAME,
    MOST_TEXT,
    MOST_TITLE,
    MOST_VALUES,
    Plan,
)
from projects.overlap.scoring import GRADES, WEIGHTS, weight_notes

COST = 2  # of a check, beside a search: it takes about twice as long
MOST_A_DAY = 300  # results that are kept, of all readers together
DOCUMENTS = {"pdf": (pdf_file, PDF), "docx": (docx_file, DOCX)}
FILES = ("pdf", "docx", "json")
SHOWN = 10  # neighbours on the page; the file has more


class NamesField(forms.CharField):
    """Names, one on each line or with semicolons between them. The value is a list."""

    widget = forms.Textarea(attrs={"rows": 2})

    def to_python(self, value):
        found = [" ".join(name.split()) for name in re.split(r"[;\n]", super().to_python(value))]
        return list(dict.fromkeys(filter(None, found)))

    def run_validators(self, value):
        if len(value) > MOST_VALUES:
            raise ValidationError(
                ngettext("At most {count} name, please.", "At most {count} names, please.", MOST_VALUES).format(
                    count=MOST_VALUES
                )
            )
        if any(len(name) > MOST_NAME for name in value):
            raise ValidationError(gettext("A name has at most {count} characters.").format(count=MOST_NAME))

    def has_changed(self, initial, data):
        return bool(data)


class YearField(forms.IntegerField):
    """A year of a plan."""

    def __init__(self, **kwargs):
        super().__init__(min_value=FIRST_YEAR, max_value=LAST_YEAR, required=False, **kwargs)
        wrong = _("A year from {first} to {last}.").format(first=FIRST_YEAR, last=LAST_YEAR)
        self.error_messages |= {"invalid": wrong, "min_value": wrong, "max_value": wrong}


class PlanForm(forms.Form):
    """What a planner states; each field may be empty."""

    title = forms.CharField(label=_("Working title"), max_length=MOST_TITLE, required=False)
    text = forms.CharField(
        label=_("Description"),
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What would be done, for whom and how, in English, Korean or Russian. It is not stored."),
    )
    country = forms.MultipleChoiceField(label=_("Countries"), required=False, widget=forms.CheckboxSelectMultiple)
    place = NamesField(
        label=_("Places"),
        required=False,
        help_text=_("Provinces, cities, districts, lakes … in any language, one on each line."),
    )
    area = forms.MultipleChoiceField(
        label=_("Areas of cooperation"), required=False, choices=Area, widget=forms.CheckboxSelectMultiple
    )
    issue = forms.MultipleChoiceField(
        label=_("Environmental issues"), required=False, widget=forms.CheckboxSelectMultiple
    )
    organisation = NamesField(
        label=_("Organisations"),
        required=False,
        help_text=_("Korean side and partners, in any language, one on each line."),
    )
    year_from = YearField(label=_("From year"))
    year_to = YearField(label=_("To year"))
    budget = forms.IntegerField(label=_("Budget"), min_value=1, max_value=MOST_BUDGET, required=False)
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in CONVERTIBLE], required=False, initial=CONVERTIBLE[0]
    )

    NARROW = ("year_from", "year_to", "budget", "currency")  # fields that stand two in a row
    # What the address may hold.
    IN_ADDRESS = ("country", "place", "area", "issue", "organisation", "year_from", "year_to", "budget", "currency")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["country"].choices = names(Place.objects.filter(group=Place.Group.CENTRAL_ASIA))()
        self.fields["issue"].choices = names(Issue.objects.all())()
        for field in self.fields.values():
            if "invalid_choice" in field.error_messages:
                field.error_messages["invalid_choice"] = gettext("“%(value)s” is not available.")

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("year_from"), cleaned.get("year_to")
        if first and last and first > last:
            self.add_error("year_to", gettext("The last year is before the first one."))
        return cleaned

    @property
    def plan(self):
        """The Plan of a valid form, in the language of the page."""
        data = self.cleaned_data
        years = [year for year in (data["year_from"], data["year_to"]) if year]
        return Plan(
            language=get_language(),
            title=data["title"],
            text=data["text"],
            countries=tuple(data["country"]),
            places=tuple(data["place"]),
            areas=tuple(data["area"]),
            issues=tuple(data["issue"]),
            organisations=tuple(data["organisation"]),
            years=tuple(years),
            budget=data["budget"] or 0,
            currency=data["currency"] or CONVERTIBLE[0],
        )

    @property
    def choices_query(self):
        """The query of the address that holds the choices of a valid form, without title and description."""
        data = {name: self.cleaned_data[name] for name in self.IN_ADDRESS if self.cleaned_data[name]}
        if "budget" not in data:
            data.pop("currency", None)
        return urlencode(data, doseq=True)


def form_data(query):
    """Return the data of a form from a query, in which a name stands once for each place or organisation."""
    data = query.copy()
    for name in ("place", "organisation"):
        if name in data:
            data[name] = "\n".join(data.getlist(name))
    return data


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class PlanPage(PageMetadataMixin, FormView):
    """The overlap check. Choices may be in the address; title and description come by POST only."""

    template_name = "portal/plan.html"
    form_class = PlanForm
    title = _("Plan: check for overlap")

    @classmethod
    def known_parameters(cls, as_file):
        return {*PlanForm.IN_ADDRESS, "format"}

    def get(self, request, *args, **kwargs):
        if not set(request.GET) & self.known_parameters(as_file=True):
            return self.render_to_response(self.get_context_data(form=PlanForm()))
        return self.answer(PlanForm(form_data(request.GET)), request.GET.get("format"))

    def post(self, request, *args, **kwargs):
        form = PlanForm(form_data(request.POST))
        try:
            read_nonce(request.POST.get("token", ""))
        except EarlyToken:
            pass  # a check stores nothing, so there is no need to wait
        except InvalidToken:
            form.add_error(
                None, gettext("The form was open for too long. Your text is still here: please send it again.")
            )
        return self.answer(form, request.POST.get("format"))

    def answer(self, form, file_format):
        """Return the page with the result of a valid form, or its file; or the page with what is wrong."""
        if form.is_valid() and not form.plan:
            form.add_error(None, gettext("State something: a description, a country, a place, an area …"))
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=400 if file_format else 200)
        plan = form.plan
        is_kept = "keep" in self.request.POST
        if self.request.method == "POST" and not (plan.title or plan.text or file_format or is_kept):
            response = HttpResponseRedirect(f"{self.request.path}?{form.choices_query}")
            response.status_code = 303
            return response
        try:
            throttle(self.request, "search", COST)
        except Throttled as error:
            told = ngettext(
                "Too many checks came from your network. Please try again in {count} second.",
                "Too many checks came from your network. Please try again in {count} seconds.",
                error.seconds,
            ).format(count=error.seconds)
            form.add_error(None, told)
            headers = {"Retry-After": str(error.seconds)}
            return self.render_to_response(self.get_context_data(form=form), status=429, headers=headers)
        if is_kept:
            return self.keep(form)
        if file_format:
            return file_of(answer_plan(plan), file_format, plan.title)
        return self.render_to_response(self.get_context_data(form=form, answer=answer_plan(plan)))

    def keep(self, form):
        """Store the plan and the answer, and redirect to the page that gives their address.

        Storing is limited as reports are: a network of programs must not fill the database.
        """
        answer = answer_plan(form.plan)
        try:
            nonce = read_nonce(self.request.POST["token"])
            throttle(self.request, "reports")
        except EarlyToken:
            return self.not_kept(
                form,
                answer,
                gettext("The form was sent within a few seconds, as programs do. Please send it again."),
                200,
            )
        except Throttled:
            return self.not_kept(
                form,
                answer,
                gettext("Too many results were kept from your network. Please try again in a minute."),
                429,
            )
        today = StoredCheck.objects.filter(made_on=timezone.localdate())
        if today.count() >= MOST_A_DAY and not today.filter(nonce=nonce).exists():
            told = gettext("Very many results were kept today. Please try again tomorrow.")
            return self.not_kept(form, answer, told, 503)
        values = {"plan": asdict(form.plan), "answer": answer}
        stored, _is_new = StoredCheck.objects.get_or_create(nonce=nonce, defaults=values)
        response = HttpResponseRedirect(reverse("plan-kept", args=[stored.address, stored.secret]))
        response.status_code = 303
        return response

    def not_kept(self, form, answer, told, status):
        """Return the page with the result, and the reason why it was not kept."""
        context = self.get_context_data(form=form, answer=answer, not_kept=told)
        return self.render_to_response(context, status=status)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        answer = kwargs.get("answer")
        if answer:
            query = context["form"].choices_query
            context |= result_context(answer) | {"choices_url": f"{self.request.path}?{query}" if query else ""}
        return context | {
            "title": self.title,
            "trail": [(self.title, None)],
            "token": make_token(),
            "is_checked": bool(answer),
            "weights": weight_notes(),
            "total": sum(WEIGHTS.values()),
            "grades": [(GRADE_LABELS[value], round(100 * fit)) for value, (fit, _words) in GRADES.items()],
        }


def result_context(answer):
    """Return the context that shows an answer: its neighbours by grade, and the counts."""
    items = [item | {"budget": budget_words(item)} for item in answer["items"]]
    groups = [
        (grade, label, [item for item in items[:SHOWN] if item["grade"] == grade])
        for grade, label in GRADE_LABELS.items()
    ]
    return {
        "read": what_was_read(answer),
        "answer": answer,
        "groups": [group for group in groups if group[2]],
        "headline": headline(answer),
        "left_out": max(len(items) - SHOWN, 0),
        "files": [(name, name.upper()) for name in FILES],
    }


def file_of(answer, file_format, title="", path=""):
    """Return an answer as a file. Raise ProblemDetail (400) if there is no such format.

    `title` is that of the plan, and `path` that of the page.
    """
    if file_format not in FILES:
        raise ProblemDetail(400, one_of_sentence("format", FILES))
    answer = with_base(answer, settings.PUBLIC_URL)
    if file_format == "json":
        response = HttpResponse(dumps(answer), content_type="application/json; charset=utf-8")
    else:
        make, content_type = DOCUMENTS[file_format]
        document = document_of(answer, title, settings.PUBLIC_URL + (path or reverse("plan")))
        response = HttpResponse(make(document), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="overlap-{answer["checked_on"]}.{file_format}"'
    response["X-Robots-Tag"] = "noindex"
    return response


def stored_check(address):
    """Return the stored check at an address. Raise Http404 if there is none, or if it has expired."""
    return get_object_or_404(StoredCheck.objects.current(), address=address)


@never_cache
@takes("format", page=True)
@require_safe
def stored_result(request, address):
    """Return the page of a stored check, in the language in which it was made, or its file."""
    stored = stored_check(address)
    if stored.plan["language"] != get_language():
        with override(stored.plan["language"]):
            return HttpResponseRedirect(reverse("plan-result", args=[address]))
    answer = still_published(stored.answer)
    if file_format := request.GET.get("format"):
        throttle(request, "search", COST)
        return file_of({"plan": stored.plan} | answer, file_format, stored.plan["title"], request.path)
    title = stored.plan["title"] or gettext("Overlap check")
    stated = [
        (_("Description"), stored.plan["text"]),
        *((label, ", ".join(values)) for label, values in what_was_read(answer, words=False)),
        (_("Years"), "–".join(map(str, stored.plan["years"]))),
    ]
    context = result_context(answer) | {
        "title": title,
        "trail": [(PlanPage.title, reverse("plan")), (title, None)],
        "stored": stored,
        "stated": [(label, value) for label, value in stated if value],
    }
    return render(request, "portal/plan_stored.html", context)


@never_cache
@csrf_exempt  # the secret in the address is the token
@takes(page=True)
@require_http_methods(["GET", "HEAD", "POST"])
def kept_result(request, address, secret):
    """Return the page for whoever made a stored check: its address, and a button that deletes it."""
    stored = stored_check(address)
    if not stored.is_opened_by(secret):
        raise Http404
    if request.method == "POST":
        stored.delete()
    title = gettext("The result was deleted") if request.method == "POST" else gettext("The result is kept")
    context = {
        "title": title,
        "trail": [(PlanPage.title, reverse("plan")), (title, None)],
        "stored": stored,
        "url": settings.PUBLIC_URL + reverse("plan-result", args=[address]),
        "is_deleted": request.method == "POST",
    }
    return render(request, "portal/plan_kept.html", context)
