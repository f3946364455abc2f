"""Export and import in the admin: for the records of a list, and for the rows of their inlines.

An uploaded file is first compared with the database, and the page shows what it would change. Only the confirmed plan
is stored. A file of more than SYNC_ROW_LIMIT rows is processed while the response is sent, and its page shows the
progress. This needs no background process and no script.
"""

import contextlib
import secrets
from collections import Counter

from allauth.core.context import request_context
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms.models import _get_foreign_key
from django.http import FileResponse, Http404, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from portal.import_export import files
from portal.import_export.apply import apply_plan, run_to_end
from portal.import_export.plan import CHANGED, NEW, REFUSED, UNCHANGED, ImportPlan
from portal.import_export.tables import schema_for
from portal.import_export.undo import ImportUndo, UndoRefusedError, undoable_imports
from portal.models import workflow
from portal.tracking import audit_log
from portal.tracking.audit_log import AuditEntry

MOST_BYTES = 20_000_000
MOST_ROWS = 20_000  # limit of the admin; the command import_table takes more
SYNC_ROW_LIMIT = 1_000  # files with more rows get a page that shows the progress
KEPT_FOR = 24 * 60 * 60
MOST_IMPORTS = 10  # how many of the last imports can be undone
MOST_SHOWN = 2_000  # rows of each state that the result lists
LONGEST_SHOWN = 600
PER_PAGE = 50
HERE = "<!-- progress -->"
KEY = "import-{}"

STATES = {REFUSED: _("Rejected"), CHANGED: _("Changed"), NEW: _("New"), UNCHANGED: _("Unchanged")}
STAGES = {
    "compared": _("{done} of {total} lines compared."),
    "stored": _("{done} of {total} lines stored in a trial run."),
    "checked": _("{done} records checked for missing content."),
}


class ExportForm(forms.Form):
    """Which table to export, and in which file format."""

    table = forms.ChoiceField(label=pgettext_lazy("desk", "Table"))
    format = forms.ChoiceField(
        label=_("File"),
        choices=[(files.CSV, _("CSV, for any program")), (files.XLSX, _("XLSX, Excel workbook"))],
        widget=forms.RadioSelect,
        initial=files.CSV,
    )

    def __init__(self, *args, tables, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["table"].choices = [(table.name, table.title) for table in tables]


class ImportForm(forms.Form):
    """A file to import, its table and encoding, and the reason of the change."""

    table = forms.ChoiceField(label=pgettext_lazy("desk", "Table"))
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=_(
            "CSV or XLSX. The first line must contain column names, as in an export; columns left out stay unchanged."
        ),
    )
    encoding = forms.ChoiceField(
        label=_("Encoding of a CSV"),
        required=False,
        choices=[("", _("Detect automatically")), *files.ENCODINGS.items()],
    )
    why = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_(
            "In one sentence. It is added to the history of every record the file changes and is visible to readers."
        ),
    )

    def __init__(self, *args, tables, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.tables, self.user = {table.name: table for table in tables}, user
        self.fields["table"].choices = [(table.name, table.title) for table in tables]

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                gettext("The file is larger than {count} MB. Use the import_table command.").format(
                    count=MOST_BYTES // 1_000_000
                )
            )
        return file

    def clean(self):
        cleaned = super().clean()
        if {"table", "file"} <= cleaned.keys():
            try:
                self.upload = ParsedUpload(
                    self.tables[cleaned["table"]], cleaned["file"].name, cleaned["file"].read(), cleaned["encoding"]
                )
                self.upload.plan(self.user)
            except files.FileError as error:
                self.add_error("file", list(error.args))
        return cleaned


class ParsedUpload:
    """An uploaded file, parsed. Raise FileError if it cannot be read."""

    def __init__(self, table, name, data, encoding=""):
        self.table, self.name, self.data, self.encoding = table, name, data, encoding
        self.sheet = files.read(name, data, table.header, encoding, MOST_ROWS)

    def plan(self, user):
        """Return the plan of the file. Its rows are not compared yet."""
        return ImportPlan(self.table, self.sheet, user)


def _shown(text):
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _outcome(plan):
    """Return a plan as plain data that can be cached: counts, rows of each state, digest, and how the file was read.

    At most MOST_SHOWN rows of each state, texts cut after LONGEST_SHOWN characters.
    """
    shown = {REFUSED: [], CHANGED: [], NEW: []}
    for row in plan.rows:
        rows = shown.get(plan.state(row))
        if rows is None or len(rows) == MOST_SHOWN:
            continue
        if row.errors:
            told = row.errors
        else:
            told = [
                (c.name, *(_shown(" / ".join(filter(None, texts))) for texts in (c.old, c.new))) for c in row.changes
            ]
        rows.append((row.line, " / ".join(filter(None, row.name)), told))
    return {"counts": plan.counts, "rows": shown, "fingerprint": plan.fingerprint, "read_as": plan.sheet.read_as}


class ImportExportMixin:
    """An admin whose list can be exported to a file and imported from one."""

    @property
    def tables(self):
        """The table of the records, and the tables of the rows of their inlines."""
        return [schema_for(self.model), *(schema_for(inline.model) for inline in self.inlines)]

    def may_import(self, request):
        return self.has_change_permission(request) or self.has_add_permission(request)

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("export/", wrap(self.export_view), name=f"{name}_export"),
            path("import/", wrap(self.import_view), name=f"{name}_import"),
            path("import/undo/<int:pk>/", wrap(self.undo_view), name=f"{name}_undo"),
            path("import/<slug:token>/", wrap(self.outcome_view), name=f"{name}_outcome"),
            *super().get_urls(),
        ]

    def page(self, name, *args):
        """Return the URL of a page of this admin."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def changelist_view(self, request, extra_context=None):
        exchange = {"export": f"{self.page('export')}?{request.GET.urlencode()}"}
        if self.may_import(request):
            exchange["import"] = self.page("import")
        return super().changelist_view(request, {**(extra_context or {}), "exchange": exchange})

    def _context(self, request, title, **more):
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "media": forms.Media(),
            "list_address": self.page("changelist"),
            **more,
        }

    # ── Export ───────────────────────────────────────────────────────────────────────────────────────────────

    def get_actions(self, request):
        actions = super().get_actions(request)
        if IS_POPUP_VAR not in request.GET:
            actions["export_selected"] = self.get_action("export_selected")
        return actions

    @admin.action(description=_("Export selected %(verbose_name_plural)s"), permissions=["view"])
    def export_selected(self, request, queryset):
        """Redirect to the export of the selected records, or of the whole list if all of it is selected."""
        query = request.GET.urlencode()
        if request.POST.get("select_across") != "1":
            query = urlencode({"id__in": ",".join(map(str, queryset.order_by().values_list("pk", flat=True)))})
        return HttpResponseRedirect(f"{self.page('export')}?{query}")

    def export_view(self, request):
        """Ask for the file format, and send exactly the records that the list shows with the same filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            records = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.page("changelist"))
        form = ExportForm(request.POST or None, tables=self.tables, initial={"table": self.opts.model_name})
        if form.is_valid():
            try:
                return self._download(request, records, **form.cleaned_data)
            except files.FileError as error:
                form.add_error("format", list(error.args))
        count = records.count()
        context = self._context(
            request,
            ngettext("Export {count} record", "Export {count} records", count).format(count=count),
            form=form,
            back=f"{self.page('changelist')}?{request.GET.urlencode()}",
        )
        return render(request, "admin/exchange_export.html", context)

    def _download(self, request, records, table, format):
        table = next(each for each in self.tables if each.name == table)
        if table.model is self.model:
            pks = list(records.values_list("pk", flat=True))
        else:
            owner = _get_foreign_key(self.model, table.model).name
            pks = table.all_keys(**{f"{owner}__in": records.order_by().values("pk")})
        audit_log.log_action(
            AuditEntry.Action.EXPORTED, table=table.name, rows=len(pks), format=format, filters=request.GET.urlencode()
        )
        header, rows = table.header, (table.row(record) for record in table.in_batches(pks))
        texts = [table.is_text(name) for name in header]
        name = f"{table.name}-{timezone.localdate():%Y-%m-%d}.{format}"
        if format == files.XLSX:
            return FileResponse(
                files.xlsx_file(str(table.title), header, texts, rows),
                as_attachment=True,
                filename=name,
                content_type=files.CONTENT_TYPES[format],
            )
        return StreamingHttpResponse(
            files.csv_lines(header, texts, rows),
            content_type=files.CONTENT_TYPES[format],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    # ── Import ───────────────────────────────────────────────────────────────────────────────────────────────

    def import_view(self, request):
        """Ask for a file, and compare it with the database."""
        if not self.may_import(request):
            raise PermissionDenied
        form = ImportForm(
            request.POST or None,
            request.FILES or None,
            tables=self.tables,
            user=request.user,
            initial={"table": self.opts.model_name},
        )
        if form.is_valid():
            return self._run(request, secrets.token_urlsafe(16), form.upload, form.cleaned_data["why"], keep=False)
        words = gettext("Import {records}").format(records=self.opts.verbose_name_plural)
        columns = [(table.title, table.header) for table in self.tables]
        return render(
            request,
            "admin/exchange_import.html",
            self._context(
                request,
                words,
                form=form,
                columns=columns,
                imports=[(entry, self.page("undo", entry.pk)) for entry in self._undoable(request)],
                back=self.page("changelist"),
            ),
        )

    import_view.own_transaction = True

    def outcome_view(self, request, token):
        """Show what a file would change. A POST confirms this and stores it.

        The file and its result are cached for a day (KEPT_FOR). Raise Http404 if they have expired.
        """
        if not self.may_import(request):
            raise PermissionDenied
        kept = cache.get(KEY.format(token))
        if kept is None or (kept["user"], kept["page"]) != (request.user.pk, self.page("import")):
            raise Http404(gettext("This import is done, or it was begun too long ago."))
        outcome = kept["outcome"]
        counts, rows = outcome["counts"], outcome["rows"]
        may_go_on = not counts[REFUSED] and counts[NEW] + counts[CHANGED] > 0
        if request.method == "POST" and may_go_on:
            table = next(table for table in self.tables if table.name == kept["table"])
            upload = ParsedUpload(table, kept["name"], kept["data"], kept["encoding"])
            return self._run(request, token, upload, kept["why"], keep=True, fingerprint=outcome["fingerprint"])
        show = request.GET.get("show")
        if show not in rows or not rows[show]:
            show = next((state for state in rows if rows[state]), "")
        context = self._context(
            request,
            gettext("What the file would change"),
            kept=kept,
            states=[(state, words, counts[state], state == show) for state, words in STATES.items()],
            show=show,
            refused=show == REFUSED,
            rows=Paginator(rows.get(show, []), PER_PAGE).get_page(request.GET.get("page")),
            left_out=counts.get(show, 0) - len(rows.get(show, [])),
            may_go_on=may_go_on,
            nothing=not any(counts[state] for state in rows),
            back=self.page("import"),
        )
        return render(request, "admin/exchange_outcome.html", context)

    outcome_view.own_transaction = True

    def _undoable(self, request):
        """Return the last imports into the tables of this admin that the user may undo: their own, or all."""
        mine = None if "publish" in workflow.allowed_actions(request.user, self.model) else request.user
        return undoable_imports(self.tables, mine)[:MOST_IMPORTS]

    def undo_view(self, request, pk):
        """Show what undoing an import would delete and restore, and what prevents it. A POST undoes it."""
        if not self.may_import(request):
            raise PermissionDenied
        entry = next((entry for entry in self._undoable(request) if entry.pk == pk), None)
        if entry is None:
            raise Http404(gettext("This import was undone already, or you may not undo it."))
        table = next(table for table in self.tables if table.name == entry.details["table"])
        undo = ImportUndo(table, entry, request.user)
        total = len(undo.created | undo.changed)
        if request.method == "POST":
            return self._drive(request, self._undo_work(undo), total)
        obstacles = undo.obstacles()
        context = self._context(
            request,
            gettext("Undo the import of {file}").format(file=entry.details["file"]),
            entry=entry,
            new=len(undo.created),
            changed=len(undo.changed),
            obstacles=obstacles[:PER_PAGE],
            left_out=max(len(obstacles) - PER_PAGE, 0),
            back=self.page("import"),
        )
        return render(request, "admin/exchange_undo.html", context)

    undo_view.own_transaction = True

    def _undo_work(self, undo):
        """Undo an import. A generator like `_work`."""
        try:
            yield from undo.apply()
        except UndoRefusedError:
            return self.page("undo", undo.entry.pk), ""
        return self.page("changelist"), gettext("The import of {file} was undone.").format(**undo.entry.details)

    def _run(self, request, token, upload, why, **how):
        """Compare or store a file."""
        return self._drive(request, self._work(request, token, upload, why, **how), len(upload.sheet.rows))

    def _drive(self, request, work, total):
        """Do the work on `total` rows. For more than SYNC_ROW_LIMIT the page shows the progress."""
        if total > SYNC_ROW_LIMIT:
            return self._progress(request, work, total)
        address, words = run_to_end(work)
        if words:
            messages.success(request, words)
        return HttpResponseRedirect(address)

    def _work(self, request, token, upload, why, *, keep, fingerprint=""):
        """Apply a file. A generator: it yields pairs of a stage and a count, and returns the next URL and a message.

        If nothing was stored, the URL is that of the result, and the message is empty.
        """
        plan = yield from apply_plan(
            lambda: upload.plan(request.user), keep=keep, fingerprint=fingerprint, why=why, file=upload.name
        )
        if keep and not plan.refused and plan.fingerprint == fingerprint:
            cache.delete(KEY.format(token))
            counts = plan.counts
            words = gettext("{file} is imported: {new} new, {changed} changed, {unchanged} unchanged.")
            words = words.format(file=upload.name, **counts)
            if entry := undoable_imports([upload.table], request.user).first():
                words = format_html(
                    '{} <a href="{}">{}</a>', words, self.page("undo", entry.pk), pgettext("desk", "Undo")
                )
            return self.page("changelist"), words
        kept = {
            "user": request.user.pk,
            "page": self.page("import"),
            "table": upload.table.name,
            "title": str(upload.table.title),
            "name": upload.name,
            "data": upload.data,
            "encoding": upload.encoding,
            "why": why,
            "moved": keep,  # confirmed, but the plan has changed since
            "outcome": _outcome(plan),
        }
        cache.set(KEY.format(token), kept, KEPT_FOR)
        return self.page("outcome", token), ""

    def _progress(self, request, work, total):
        """Return a streaming response that shows the progress. The work is done while the response is sent."""
        context = self._context(request, gettext("Please wait"), total=total)
        head, tail = render_to_string("admin/exchange_progress.html", context, request).split(HERE)
        language, done = translation.get_language(), Counter()

        def lines():
            with translation.override(language), _still_in(request):
                yield head
                try:
                    while True:
                        stage, count = next(work)
                        done[stage] += count
                        if stage != "checked" or done[stage] % 50 == 0:
                            yield format_html("<li>{}</li>", STAGES[stage].format(done=done[stage], total=total))
                except StopIteration as end:
                    address, words = end.value
                    if words:
                        yield format_html(
                            '<li>{} <a href="{}">{}</a></li>', words, address, gettext("Back to the list")
                        )
                    else:
                        label = gettext("Show what the file would change")
                        yield format_html('<li><a href="{}" data-go-on>{}</a></li>', address, label)
                except Exception:
                    yield format_html('<li class="errornote">{}</li>', gettext("Failed; nothing was saved."))
                    raise
                finally:
                    work.close()
                yield tail

        # "identity" keeps the compression middleware and proxies from buffering the page.
        headers = {"Content-Encoding": "identity", "X-Accel-Buffering": "no", "Cache-Control": "no-store"}
        return StreamingHttpResponse(lines(), headers=headers)


@contextlib.contextmanager
def _still_in(request):
    """Set the current request of history and allauth again: Django has unset it before the body is streamed."""
    HistoricalRecords.context.request = request
    try:
        with request_context(request):
            yield
    finally:
        del HistoricalRecords.context.request


def all_tables():
    """Return every table that the admin can export and import, by name."""
    pages = (page for page in admin.site._registry.values() if isinstance(page, ImportExportMixin))
    return {table.name: table for page in pages for table in page.tables}
