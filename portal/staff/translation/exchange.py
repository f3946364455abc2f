"""XLIFF files at the desk: download the texts of a filter, and store the translations of a file after a preview."""

import hashlib
import secrets
from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from portal.core.languages import language_name
from portal.curation.translations import OTHERS, plain
from portal.import_export import xliff
from portal.import_export.files import FileError
from portal.models import Revision
from portal.staff.languages import differences
from portal.staff.translation.pages import ChoiceForm, locked_row, usual_target
from portal.staff.translation.store import NotStoredError, Right, TranslatedRow
from portal.staff.translation.texts import LANGUAGES, TextFilter, outdated_by_row, text_kinds
from portal.tracking import audit_log
from portal.tracking.audit_log import AuditEntry

CONTENT_TYPE = "application/x-xliff+xml"
MOST_STORED = 500  # texts of one confirmation: a text takes 0.04 to 0.2 s
MOST_SHOWN = 500  # texts of each group that the preview lists
KEPT_FOR = 24 * 60 * 60
KEY = "xliff-{}"


class XliffExportForm(ChoiceForm):
    """Which texts to download, and in which version of XLIFF."""

    def __init__(self, kinds, chosen, **kwargs):
        super().__init__(kinds, chosen, **kwargs)
        self.fields["kind"].choices = [("", pgettext("translations", "All")), *self.fields["kind"].choices]
        self.fields["kind"].required = False
        self.fields["version"] = forms.ChoiceField(label="XLIFF", choices=[(one, one) for one in xliff.VERSIONS])


class XliffImportForm(forms.Form):
    """An XLIFF file with translations."""

    file = forms.FileField(
        label=gettext_lazy("File"), widget=forms.FileInput(attrs={"accept": ".xlf,.xliff,application/x-xliff+xml"})
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > xliff.MOST_BYTES:
            limit = xliff.MOST_BYTES // 1_000_000
            raise forms.ValidationError(_("The file is larger than {count} MB.").format(count=limit))
        return file


def exchange_page(site, request):
    """Ask which texts to download, and for a file to compare. A POST with a file leads to its preview."""
    kinds = text_kinds(site, request)
    chosen = TextFilter.from_query(request.GET, usual_target(kinds, request))
    form = XliffImportForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        data = form.cleaned_data["file"].read()
        try:
            xliff.read(data)
        except FileError as error:
            form.add_error("file", list(error.args))
        else:
            token = secrets.token_urlsafe(16)
            kept = {"user": request.user.pk, "name": form.cleaned_data["file"].name, "data": data}
            cache.set(KEY.format(token), kept, KEPT_FOR)
            return HttpResponseRedirect(reverse("admin:translation_outcome", args=(token,)))
    context = {
        **site.each_context(request),
        "title": _("XLIFF files"),
        "export_form": XliffExportForm(kinds, chosen),
        "form": form,
    }
    return TemplateResponse(request, "admin/translation_exchange.html", context)


def units_of(kind, chosen):
    """Yield the Units of the texts of a kind that are in the filter."""
    rows = list(kind.matching(chosen))
    outdated = outdated_by_row(kind, chosen.target, [row.pk for row in rows])
    for row in rows:
        old = outdated.get(row.pk, {})
        for name in kind.texts_in(row, chosen, old):
            yield xliff.Unit(
                f"{kind.label}.{row.pk}.{name}",
                getattr(row, f"{name}_{chosen.source}"),
                getattr(row, f"{name}_{chosen.target}") or "",
                f"{kind.name}: {kind.record_of(row)}: {kind.field_label(name)}",
                kind.model._meta.get_field(f"{name}_{chosen.target}").max_length,
                name in old,
            )


def export_view(site, request):
    """Send the texts of a filter as an XLIFF file. POST, since the audit log has an entry for each export."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    kinds = text_kinds(site, request)
    chosen = TextFilter.from_query(request.POST, usual_target(kinds, request))
    version = request.POST.get("version")
    version = version if version in xliff.VERSIONS else xliff.VERSIONS[0]
    units = [unit for kind in kinds if chosen.kind in ("", kind.label) for unit in units_of(kind, chosen)]
    audit_log.log_action(
        AuditEntry.Action.EXPORTED, table="texts", rows=len(units), format=f"xliff-{version}", filters=chosen.query
    )
    name = "-".join(filter(None, ["texts", chosen.kind.replace(".", "-"), chosen.source, chosen.target]))
    return HttpResponse(
        xliff.write(version, chosen.source, chosen.target, name, units),
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.xlf"'},
    )


@dataclass
class ImportedText:
    """A translation of a file: where it belongs, what is stored now, and why it is left out ("": it is not)."""

    unit: xliff.ReadUnit
    reason: str = ""
    kind: object = None
    row: object = None
    name: str = ""
    stored: str = ""
    right: Right = Right.NONE

    @property
    def record(self):
        return self.kind.record_of(self.row) if self.row is not None else None

    @property
    def label(self):
        return self.kind.field_label(self.name) if self.row is not None else self.unit.id

    @property
    def pieces(self):
        """Return the word difference between the stored translation and that of the file."""
        return differences(self.stored, self.unit.target)


@dataclass
class ImportedTexts:
    """What a file would change: `new` translations, those that `replace` a stored one, and those `left` out.

    `empty` counts the texts without a translation, and `same` those that are stored already.
    """

    target: str
    new: list = field(default_factory=list)
    replace: list = field(default_factory=list)
    left: list = field(default_factory=list)
    empty: int = 0
    same: int = 0

    @property
    def fingerprint(self):
        """Return a digest of what would be stored."""
        found = [(one.unit.id, one.unit.target, one.stored) for one in (*self.new, *self.replace)]
        return hashlib.sha256(repr(found).encode()).hexdigest()


def compare(site, request, data):
    """Return the ImportedTexts of a file. Raise FileError if it cannot be read."""
    file = xliff.read(data)
    if file.target not in OTHERS or file.source not in LANGUAGES or file.source == file.target:
        words = _("The portal does not translate between the languages of the file: {source} → {target}")
        raise FileError(words.format(source=language_name(file.source), target=language_name(file.target)))
    kinds = {kind.label: kind for kind in text_kinds(site, request)}
    found = ImportedTexts(file.target)
    texts = [_located(unit, kinds) for unit in file.units]
    rows = {}
    for kind in kinds.values():
        pks = [text.row for text in texts if text.kind is kind]
        for start in range(0, len(pks), 500):
            rows |= {(kind, row.pk): row for row in kind.rows().filter(pk__in=pks[start : start + 500])}
    own = Revision.objects.open().filter(author=request.user)
    revisions = {(revision.kind, revision.record): revision for revision in own}
    known, seen = {}, set()
    for text in texts:
        if not text.unit.target.strip() and not text.unit.error:
            found.empty += 1
            continue
        text.row = rows.get((text.kind, text.row))
        if text.row is not None:
            if (text.kind, text.row.pk) not in known:
                translated = TranslatedRow(text.kind, text.row, file.target, request, revisions)
                right = translated.right()
                known[text.kind, text.row.pk] = right, translated.texts(right)
            text.right, stored = known[text.kind, text.row.pk]
            text.stored = stored[text.name]
        text.reason = _why_left_out(text, file, seen)
        seen.add(text.unit.id)
        if text.reason:
            found.left.append(text)
        elif plain(text.stored) == plain(text.unit.target):
            found.same += 1
        else:
            (found.replace if text.stored else found.new).append(text)
    return found


def _located(unit, kinds):
    """Return the ImportedText of a unit, with the primary key in place of its row."""
    label, _dot, rest = unit.id.rpartition(".")
    label, _dot, pk = label.rpartition(".")
    kind = kinds.get(label)
    if kind is None or not pk.isdecimal() or len(pk) > 18 or rest not in kind.fields:
        return ImportedText(unit)
    return ImportedText(unit, kind=kind, row=int(pk), name=rest)


def _why_left_out(text, file, seen):
    """Return the reason, in words, why a translation is left out; "" if it is not."""
    unit = text.unit
    if unit.error:
        return unit.error
    if text.row is None:
        return _("There is no such text, or its record is archived.")
    if unit.id in seen:
        return _("The file has this text twice.")
    if plain(getattr(text.row, f"{text.name}_{file.source}")) != plain(unit.source):
        return _("The original has changed since the export.")
    if text.right == Right.NONE:
        return _("You may not change this text.")
    if plain(unit.target) == plain(unit.source):
        return _("The translation is the same as the original.")
    column = text.kind.model._meta.get_field(f"{text.name}_{file.target}")
    try:
        column.formfield(required=False).clean(unit.target.strip())
    except forms.ValidationError as error:
        return " ".join(error.messages)
    return ""


def outcome_page(site, request, token):
    """Show what a file would change. A POST stores it: the new translations, and with `replace` the others too."""
    kept = cache.get(KEY.format(token))
    if kept is None or kept["user"] != request.user.pk:
        raise Http404(_("This import is done, or it was begun too long ago."))
    try:
        found = compare(site, request, kept["data"])
    except FileError as error:
        messages.error(request, " ".join(error.args))
        return HttpResponseRedirect(reverse("admin:translation_xliff"))
    problems = []
    is_moved = request.method == "POST" and request.POST.get("seen") != found.fingerprint
    if request.method == "POST" and not is_moved:
        texts = [*found.new, *(found.replace if "replace" in request.POST else [])]
        count, problems = _store(request, texts[:MOST_STORED], found.target)
        if count:
            words = ngettext("{count} text saved.", "{count} texts saved.", count)
            messages.success(request, words.format(count=count))
        if not problems and len(texts) > MOST_STORED:
            return HttpResponseRedirect(request.path)  # the page shows the rest
        if not problems:
            cache.delete(KEY.format(token))
            return HttpResponseRedirect(reverse("admin:translation"))
        found = compare(site, request, kept["data"])
    context = {
        **site.each_context(request),
        "title": _("What the file would change"),
        "name": kept["name"],
        "found": found,
        "target_name": language_name(found.target),
        "is_moved": is_moved,
        "problems": problems,
        "most": MOST_STORED,
        "is_in_parts": len(found.new) + len(found.replace) > MOST_STORED,
        "groups": [
            (pgettext_lazy("translations", "New"), found.new[:MOST_SHOWN], len(found.new)),
            (gettext_lazy("Replaces a stored translation"), found.replace[:MOST_SHOWN], len(found.replace)),
            (gettext_lazy("Left out"), found.left[:MOST_SHOWN], len(found.left)),
        ],
        "revises": any(one.right == Right.REVISION for one in (*found.new, *found.replace)),
    }
    return TemplateResponse(request, "admin/translation_outcome.html", context)


def _store(request, texts, target):
    """Store translations, all texts of a row at once. Return their number and the problems: pairs of record and reason.

    A row with a problem is left out; the others are stored.
    """
    by_row = {}
    for text in texts:
        by_row.setdefault((text.kind, text.row.pk), {})[text.name] = text.unit.target
    count, problems = 0, []
    for (kind, pk), names in by_row.items():
        row = locked_row(kind, request, pk)
        try:
            count += len(TranslatedRow(kind, row, target, request).store(names))
        except NotStoredError as refused:
            problems.append((kind.record_of(row), " ".join(map(str, refused.reasons))))
    return count, problems
