"""The pages of the translator's view: progress, the list of the texts of a kind, and pairs of texts."""

import hashlib
import json
import math
from dataclasses import dataclass, replace

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from portal.core.languages import language_name
from portal.curation.terminology import Terminology
from portal.curation.translations import OTHERS
from portal.models import Record, workflow
from portal.staff.languages import differences
from portal.staff.pages import admin_address
from portal.staff.translation.store import NotStoredError, Right, TranslatedRow
from portal.staff.translation.texts import (
    ENGLISH,
    LANGUAGES,
    TextFilter,
    TextState,
    first_row,
    next_row,
    outdated_by_row,
    text_kinds,
)

PER_PAGE = 50
EXCERPT = 160  # characters of a text in the list
LINE = 60  # characters of a line in a field
SEEN = "seen"
STILL_RIGHT = "still-right"


def usual_target(kinds, request):
    """Return the language into which the user translates; the first one if there are several or none."""
    actions = frozenset().union(*(workflow.allowed_actions(request.user, kind.model) for kind in kinds))
    own = sorted(workflow.languages(actions, None))
    return own[0] if len(own) == 1 else OTHERS[0]


class ChoiceForm(forms.Form):
    """The choice of languages, kind and state, in a GET form. Its names are those of `TextFilter.from_query`."""

    def __init__(self, kinds, chosen, **kwargs):
        super().__init__(**kwargs)
        languages = [(code, language_name(code)) for code in LANGUAGES]
        choices = {
            "from": (pgettext("translations", "From"), languages, chosen.source),
            "to": (pgettext("translations", "To"), [(code, language_name(code)) for code in OTHERS], chosen.target),
            "kind": (pgettext("desk", "Kind"), [(kind.label, kind.name) for kind in kinds], chosen.kind),
            "show": (pgettext("desk", "Texts"), TextState.choices, chosen.state),
        }
        for name, (label, options, initial) in choices.items():
            self.fields[name] = forms.ChoiceField(label=label, choices=options, initial=initial)


@dataclass(frozen=True)
class LanguageCount:
    """How many texts of a kind are in which state in one language. The URLs lead to their lists."""

    missing: int
    outdated: int
    done: int
    missing_url: str
    outdated_url: str


def progress(kinds, source):
    """Return for each kind with texts: its name, the number of its texts, and a LanguageCount for each language."""
    found = []
    for kind in kinds:
        filters = [
            TextFilter(source, code, kind.label, state)
            for code in OTHERS
            for state in (TextState.ALL, TextState.MISSING, TextState.OUTDATED)
        ]
        counts = kind.counts(*filters)
        if not counts[0]:
            continue
        urls = [f"{reverse('admin:translation_texts')}?{chosen.query}" for chosen in filters]
        languages = []
        for number in range(0, len(filters), 3):
            every, missing, outdated = counts[number : number + 3]
            languages.append(
                LanguageCount(missing, outdated, every - missing - outdated, urls[number + 1], urls[number + 2])
            )
        found.append((kind.name, counts[0], urls[0], languages))
    return found


def total(rows):
    """Return the sums of the rows of `progress`: the number of texts, and for each language a LanguageCount."""
    sums = [
        LanguageCount(
            sum(row[3][number].missing for row in rows),
            sum(row[3][number].outdated for row in rows),
            sum(row[3][number].done for row in rows),
            *("", ""),
        )
        for number in range(len(OTHERS))
    ]
    return sum(row[1] for row in rows), sums


def share(part, whole):
    """Return a part in whole percent, rounded down, so that only all is 100."""
    return math.floor(100 * part / whole) if whole else 100


def progress_page(site, request):
    """Show how many texts are translated, missing and outdated, by language and kind."""
    kinds = text_kinds(site, request)
    rows = progress(kinds, ENGLISH)
    every, sums = total(rows)
    start = reverse("admin:translation_start")
    starts = [
        (language_name(code), state.label, number, f"{start}?{TextFilter(ENGLISH, code, '', state).query}")
        for code, count in zip(OTHERS, sums, strict=True)
        for state, number in ((TextState.MISSING, count.missing), (TextState.OUTDATED, count.outdated))
        if number
    ]
    context = {
        **site.each_context(request),
        "title": pgettext("desk", "Translation"),
        "rows": rows,
        "every": every,
        "sums": [
            (language_name(code), count, share(count.done, every)) for code, count in zip(OTHERS, sums, strict=True)
        ],
        "starts": starts,
    }
    return TemplateResponse(request, "admin/translation_progress.html", context)


def texts_page(site, request):
    """List the texts of one kind that are in the filter."""
    kinds = text_kinds(site, request)
    chosen = TextFilter.from_query(request.GET, usual_target(kinds, request))
    kind = next((one for one in kinds if one.label == chosen.kind), None)
    if kind is None:
        if not kinds:
            raise Http404
        return redirect(f"{request.path}?{replace(chosen, kind=kinds[0].label).query}")
    page = Paginator(kind.matching(chosen), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    outdated = outdated_by_row(kind, chosen.target, [row.pk for row in rows])
    lines = []
    for row in rows:
        old = outdated.get(row.pk, {})
        texts = [
            {
                "label": kind.field_label(field),
                "source": Truncator(getattr(row, f"{field}_{chosen.source}")).chars(EXCERPT),
                "target": Truncator(getattr(row, f"{field}_{chosen.target}") or "").chars(EXCERPT),
                "is_outdated": field in old,
                "url": f"{pair_address(kind, row, chosen)}#text-{field}",
            }
            for field in kind.texts_in(row, chosen, old)
        ]
        lines.append((kind.record_of(row), pair_address(kind, row, chosen), texts))
    (count,) = kind.counts(chosen)
    context = {
        **site.each_context(request),
        "title": pgettext("desk", "Translation"),
        "subtitle": kind.name,
        "kind": kind,
        "chosen": chosen,
        "form": ChoiceForm(kinds, chosen),
        "count": count,
        "page": page,
        "lines": lines,
        "source_name": language_name(chosen.source),
        "target_name": language_name(chosen.target),
        "start_url": f"{reverse('admin:translation_start')}?{chosen.query}",
    }
    return TemplateResponse(request, "admin/translation_texts.html", context)


def pair_address(kind, row, chosen):
    """Return the URL of the page with the pairs of a row."""
    return f"{reverse('admin:translation_pair', args=(kind.label, row.pk))}?{chosen.query}"


def start_page(site, request):
    """Redirect to the first text of the filter; to the progress if there is none."""
    kinds = text_kinds(site, request)
    chosen = TextFilter.from_query(request.GET, usual_target(kinds, request))
    kind, row = first_row([one for one in kinds if not chosen.kind or one.label == chosen.kind], chosen)
    if row is None:
        messages.info(request, _("There is no such text."))
        return HttpResponseRedirect(reverse("admin:translation"))
    return HttpResponseRedirect(pair_address(kind, row, chosen))


def locked_row(kind, request, pk):
    """Return a row of a kind as it is stored. A POST locks its record first. Raise Http404 if there is none."""
    row = kind.rows().filter(pk=pk).first()
    if row is None or kind.page.get_object(request, str(kind.record_of(row).pk)) is None:
        raise Http404
    return kind.rows().filter(pk=pk).first() if request.method == "POST" else row


class PairForm(forms.Form):
    """The translations of a row, by the names of its texts."""

    def __init__(self, kind, texts, target, may_write, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field, (text, _language) in texts.items():
            column = kind.model._meta.get_field(f"{field}_{target}")
            of_model = column.formfield()
            is_long = isinstance(of_model.widget, forms.Textarea)
            of_model.widget = AdminTextareaWidget() if is_long else AdminTextInputWidget()
            if of_model.max_length:
                of_model.widget.attrs["maxlength"] = of_model.max_length
            if is_long:
                of_model.widget.attrs["rows"] = max(3, 1 + len(text) // LINE)
            of_model.widget.attrs["lang"] = target
            of_model.required, of_model.disabled = False, not may_write
            of_model.label = kind.field_label(field)
            self.fields[field] = of_model


def seen(kind, row, target, texts):
    """Return a digest of the texts that the page shows. If it changes, the page shows them again."""
    sources = [[getattr(row, f"{field}_{code}") or "" for code in LANGUAGES if code != target] for field in kind.fields]
    return hashlib.sha256(json.dumps([sources, texts]).encode()).hexdigest()


def originals(kind, row, source):
    """Return the texts of a row that have an original, by name: pairs of the text and its language.

    The language is `source`, or English where this has no text.
    """
    found = {}
    for field in kind.fields:
        for language in (source, ENGLISH):
            if text := getattr(row, f"{field}_{language}"):
                found.setdefault(field, (text, language))
    return found


def pair_page(site, request, kind, pk):
    """Show the texts of a row beside their translations. A POST stores them and goes to the next row of the filter."""
    kinds = text_kinds(site, request)
    chosen = TextFilter.from_query(request.GET, usual_target(kinds, request))
    kind = next((one for one in kinds if one.label == kind), None)
    if kind is None:
        raise Http404
    row = locked_row(kind, request, pk)
    translated = TranslatedRow(kind, row, chosen.target, request)
    right = translated.right()
    texts, stored = originals(kind, row, chosen.source), translated.texts(right)
    now = seen(kind, row, chosen.target, stored)
    form = PairForm(
        kind,
        texts,
        chosen.target,
        right != Right.NONE,
        request.POST or None,
        initial={name: stored[name] for name in texts},
    )
    has_changed = request.method == "POST" and request.POST.get(SEEN) != now
    if has_changed:
        form.add_error(None, _("Somebody changed these texts meanwhile. Compare, and save again."))
    elif request.method == "POST" and form.is_valid():
        try:
            changed = translated.store(form.cleaned_data, request.POST.getlist(STILL_RIGHT))
        except NotStoredError as refused:
            for reason in refused.reasons:
                form.add_error(None, reason)
            row = locked_row(kind, request, pk)
        else:
            return _saved(request, kinds, chosen, kind, row, changed, right)
    record = kind.record_of(row)
    following = next_row(kinds, chosen, kind, row.pk)
    pairs = _pairs(kind, row, chosen, form, texts)
    for pair in pairs:
        is_other = has_changed and stored[pair["name"]] != request.POST.get(pair["name"], "")
        pair["stored"] = stored[pair["name"]] if is_other else None
    context = {
        **site.each_context(request),
        "title": str(record),
        "subtitle": None if record is row else str(row),
        "kind": kind,
        "record": record,
        "is_record": isinstance(record, Record),
        "record_url": admin_address(type(record), "change", record.pk),
        "form": form,
        "pairs": pairs,
        "seen": now,
        "right": right,
        "chosen": chosen,
        "state_name": TextState(chosen.state).label,
        "target_name": language_name(chosen.target),
        "left": sum(one.counts(chosen)[0] for one in kinds if chosen.kind in ("", one.label)),
        "next_url": pair_address(*following, chosen) if following[1] is not None else "",
        "list_url": list_address(kind, chosen),
        "sources": [
            (language_name(code), code == chosen.source, f"{request.path}?{replace(chosen, source=code).query}")
            for code in LANGUAGES
            if code != chosen.target
        ],
    }
    return TemplateResponse(request, "admin/translation_pair.html", context)


def _pairs(kind, row, chosen, form, texts):
    """Return what the page shows of each text. Set the focus to the first one that the filter asks for."""
    outdated = outdated_by_row(kind, chosen.target, [row.pk]).get(row.pk, {})
    wanted = kind.texts_in(row, chosen, outdated) or list(texts)
    terminology = Terminology(chosen.source, chosen.target)
    if wanted:
        form.fields[wanted[0]].widget.attrs["autofocus"] = True
    return [
        {
            "name": name,
            "field": form[name],
            "source": text,
            "language": language,
            "language_name": language_name(language),
            "terms": terminology.terms_in(text) if language == chosen.source else [],
            "is_outdated": name in outdated,
            "pieces": differences(outdated[name].english, getattr(row, f"{name}_{ENGLISH}"))
            if name in outdated
            else [],
        }
        for name, (text, language) in texts.items()
    ]


def list_address(kind, chosen):
    """Return the URL of the list of a filter, of the kind that is translated now."""
    return f"{reverse('admin:translation_texts')}?{replace(chosen, kind=kind.label).query}"


def _saved(request, kinds, chosen, kind, row, changed, right):
    """Tell the user what was stored, and redirect to the next row of the filter, or back to this one."""
    if changed:
        if right == Right.REVISION:
            words = ngettext(
                "{count} text in your revision: {record}", "{count} texts in your revision: {record}", len(changed)
            )
        else:
            words = ngettext("{count} text saved: {record}", "{count} texts saved: {record}", len(changed))
        messages.success(request, words.format(count=len(changed), record=kind.record_of(row)))
    if "_stay" in request.POST:
        return HttpResponseRedirect(pair_address(kind, row, chosen))
    following, other = next_row(kinds, chosen, kind, row.pk)
    if other is None:
        messages.info(request, _("That was the last text of this list."))
        return HttpResponseRedirect(list_address(kind, chosen))
    return HttpResponseRedirect(pair_address(following, other, chosen))
