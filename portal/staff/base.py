"""Base classes of the admin of records: RecordAdmin, its form field defaults and its inlines."""

import functools
import operator

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget, AutocompleteSelect
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modeltranslation.admin import TranslationAdmin

from portal.core.choices import Confidence, PublicationStatus
from portal.core.partial_dates import PartialDateField
from portal.curation.translations import row_is_older
from portal.models import Alias, AliasedMixin
from portal.staff.bulk_edit import BulkEditMixin
from portal.staff.citations import citation_urls, mark_citation_field
from portal.staff.curation import CurationMixin
from portal.staff.drafts import DraftsMixin
from portal.staff.edit_conflicts import EditConflictMixin
from portal.staff.form_layout import layout_context
from portal.staff.guide import with_guide
from portal.staff.history import HistoryMixin
from portal.staff.import_export import ImportExportMixin
from portal.staff.keys import KeyMixin
from portal.staff.languages import TranslationMixin, marked
from portal.staff.pages import DeletionSummaryMixin, admin_address
from portal.staff.review import ReviewMixin
from portal.staff.revisions import RevisionMixin, is_revising
from portal.staff.teamwork import TeamworkMixin
from portal.staff.workflow import ChildInlineMixin, ChildModelAdmin, WorkflowMixin
from portal.staff.worklists import WORKLISTS, WorklistFilter, untranslated

LANGUAGES = dict(settings.LANGUAGES)
DATE_HELP = _("YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known.")
CONFIDENCE_HELP = format_lazy(
    " ".join(f"{{{level}_label}}: {{{level}}}" for level in Confidence.values),
    **{level.value: level.meaning for level in Confidence},
    **{f"{level.value}_label": level.label for level in Confidence},
)


def in_languages(field):
    """Return the column names of a translated field, one for each language, in the order of settings.LANGUAGES.

    In `fields`, the tuple itself is a row with the languages side by side; unpacked, each column is a row of its own.
    """
    return tuple(f"{field}_{language}" for language in LANGUAGES)


def count_of(relation):
    """Return an expression for annotate() that counts the rows with a foreign key to a record, by a reverse `relation`.

    It is a subquery: joins of several relations would multiply each other's counts.
    """
    column = relation.field.name
    rows = relation.related_model._base_manager.filter(**{column: models.OuterRef("pk")}).order_by()
    return Coalesce(models.Subquery(rows.values(column).annotate(n=models.Count("pk")).values("n")), 0)


class PlainDecimalField(forms.DecimalField):
    """A decimal field that shows a number without trailing zeros: 68000, where the database has 68000.000000."""

    def prepare_value(self, value):
        return f"{value.normalize():f}" if hasattr(value, "normalize") else value


class FormFieldDefaults:
    """Default widgets and help texts of form fields, for every admin and every inline."""

    # Help texts by field name. A translated field has one entry for all its languages.
    help_texts = {}

    formfield_overrides = {
        PartialDateField: {
            "widget": AdminTextInputWidget(attrs={"class": "vTextField partial-date"}),
            "help_text": DATE_HELP,
            "max_length": None,  # the field's own error message is more useful than "too long"
        },
        models.DecimalField: {"form_class": PlainDecimalField},
        models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})},
        models.URLField: {"assume_scheme": "https"},
    }

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        original = getattr(db_field, "translated_field", db_field)
        if original.name in self.help_texts:
            kwargs["help_text"] = self.help_texts[original.name]
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.ModelChoiceField):
            # Django's red cross deletes the related record. Beside a citation it looks as if it only removed the
            # citation.
            field.widget.can_delete_related = False
        if field and original is not db_field:
            field.label = format_lazy(
                "{field} ({language})", field=capfirst(original.verbose_name), language=LANGUAGES[db_field.language]
            )
            field.widget.attrs["lang"] = db_field.language  # for the browser's spelling check and for screen readers
            if db_field.language != settings.LANGUAGE_CODE:
                field.help_text = ""  # the English field beside it already shows the help text
        return field


class CaseInsensitiveSearchMixin:
    """Search that returns the records with every word of the search term, in any case and in any of `search_fields`.

    A word may also stand in an alias of the record.
    """

    def get_search_results(self, request, queryset, search_term):
        for word in search_term.split():
            # SQLite ignores case for ASCII letters only, so the query names the usual spellings of the word.
            spellings = sorted({word, word.lower(), word.upper(), word.capitalize(), word.title()})
            found = _contains(self.search_fields, spellings)
            if issubclass(self.model, AliasedMixin):
                aliases = Alias.objects.filter(kind=self.opts.model_name, key=models.OuterRef("key"))
                found |= models.Exists(aliases.filter(_contains(["text"], spellings)))
            queryset = queryset.filter(found)
        return queryset, False  # False: search_fields follow no to-many relation, so there are no duplicates


def _contains(paths, spellings):
    """Return the condition that the text at one of the paths contains one of the spellings, in any case."""
    return functools.reduce(operator.or_, (models.Q((f"{path}__icontains", s)) for path in paths for s in spellings))


class MissingTranslationFilter(admin.SimpleListFilter):
    """Filter child rows by a translation that is missing or older than its English.

    Records have WorklistFilter instead, which has these choices too.
    """

    title = _("translation")
    parameter_name = "without"

    def lookups(self, request, model_admin):
        return [(name, WORKLISTS[name].words) for name in ("ko", "ru", "ko-older", "ru-older")]

    def queryset(self, request, queryset):
        if self.value() not in dict(self.lookup_choices):
            return queryset
        language, _dash, older = self.value().partition("-")
        return queryset.filter((row_is_older if older else untranslated)(queryset.model, language))


class TranslatedChildAdmin(
    TranslationMixin,
    ChildModelAdmin,
    CaseInsensitiveSearchMixin,
    FormFieldDefaults,
    DeletionSummaryMixin,
    TranslationAdmin,
):
    """The admin of child rows that have an admin page of their own and translated texts."""

    change_form_template = "admin/row_form.html"
    folds_empty_parts = True

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= layout_context(context, obj, folds=self.folds_empty_parts)
        context |= self.translation_context(request, context, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


class RecordAdmin(
    TranslationMixin,
    RevisionMixin,
    HistoryMixin,
    CurationMixin,
    TeamworkMixin,
    ReviewMixin,
    DraftsMixin,
    BulkEditMixin,
    KeyMixin,
    WorkflowMixin,
    EditConflictMixin,
    CaseInsensitiveSearchMixin,
    ImportExportMixin,
    FormFieldDefaults,
    DeletionSummaryMixin,
    TranslationAdmin,
):
    """The admin of a Record. Its mixins override these hooks of Django, outermost first:

    TranslationMixin            formfield_for_dbfield, get_urls
    RevisionMixin               get_form, get_object, get_readonly_fields, get_urls, log_change, response_change
    HistoryMixin                changeform_view, delete_model, delete_queryset, get_form, get_urls, history_view
    CurationMixin               get_urls
    TeamworkMixin               get_changelist_instance, get_list_display, get_list_filter, get_urls
    ReviewMixin                 get_urls, response_add, response_change
    DraftsMixin                 get_deleted_objects, get_urls, has_delete_permission
    BulkEditMixin               —
    KeyMixin                    get_urls
    WorkflowMixin               actions, changeform_view, delete_confirmation_template, delete_model, delete_view,
                                form, formfield_for_dbfield, get_actions, get_changelist, get_fieldsets, get_form,
                                get_readonly_fields, get_urls, log_addition, log_change, save_model
    WorkflowPermissionMixin     get_object, get_readonly_fields, has_change_permission
    EditConflictMixin           change_form_template, changeform_view, get_form
    CaseInsensitiveSearchMixin  get_search_results
    ImportExportMixin           changelist_view, get_actions, get_urls
    FormFieldDefaults           formfield_for_dbfield, formfield_overrides
    DeletionSummaryMixin        get_deleted_objects

    A hook with several owners calls `super()`, so the order of the bases matters: one group in the history holds all
    that a form changes (HistoryMixin), in one transaction (WorkflowMixin), with the answers to a conflict filled in
    (EditConflictMixin). Mixins do not override `render_change_form`: this class calls their `…_context`
    methods instead.
    """

    counted = ("citations",)  # the reverse relations whose rows the list counts, as `<relation>_count`
    readonly_fields = ("version", "created_at", "updated_at", "published_at")
    search_help_text = _("Search by name in any language or by key.")

    def get_queryset(self, request):
        counts = {f"{name}_count": count_of(self.opts.get_field(name)) for name in self.counted}
        return super().get_queryset(request).annotate(**counts)

    def get_list_filter(self, request):
        return [*super().get_list_filter(request), WorklistFilter]

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["key"] if obj else [])]

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return [*fieldsets, (pgettext_lazy("desk", "Changes"), {"fields": (self.readonly_fields,)})]

    def get_view_on_site_url(self, obj=None):
        if obj and obj.publication != PublicationStatus.PUBLISHED:
            return None  # unpublished records have no public page
        return super().get_view_on_site_url(obj)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "publication":
            kwargs["help_text"] = _("Only published records are visible to readers.")
        elif db_field.name == "confidence":
            kwargs["help_text"] = CONFIDENCE_HELP
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        original = getattr(db_field, "translated_field", db_field)
        if field and (original is db_field or db_field.language == settings.LANGUAGE_CODE):
            field.help_text = with_guide(original.name, field.help_text)
        return mark_citation_field(self.model, db_field, field)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= layout_context(context, obj, self.readonly_fields)
        context |= self.translation_context(request, context, obj)
        if obj is not None:
            if is_revising(request):
                context |= self.revising_context(request, obj)
            else:
                context |= self.curation_context(request, obj)
                if self.has_add_permission(request):
                    context["copy_url"] = admin_address(self.model, "copy", obj.pk)
                if self.may_change_key(request, obj):
                    context["key_url"] = admin_address(self.model, "key", obj.pk)
                context |= self.workflow_context(request, obj)
                context |= self.teamwork_context(request, obj)
                context |= self.review_context(request, obj, [gap for gap, _url in context["gaps"]])
                context |= self.revision_context(request, obj)
            context |= self.conflict_context(request, context["adminform"].form, obj)
        if self.model.citation_fields:
            context["citing"] = citation_urls(request.user)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        if change:
            obj.version += 1
        super().save_model(request, obj, form, change)

    @admin.display(description=pgettext_lazy("desk", "sources"), ordering="citations_count")
    def citations_count(self, record):
        return record.citations_count


class OrderedInlineFormSet(forms.BaseInlineFormSet):
    """Formset of an inline. A row without a position gets a position after the last one."""

    def get_queryset(self):
        """Return Django's queryset; of a revised record (`Revision.as_record`) the list of its rows."""
        if hasattr(self.instance, "revised"):
            return list(getattr(self.instance, self.fk.remote_field.get_accessor_name(model=self.model)).all())
        return super().get_queryset()

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for name, field in form.fields.items():
            select = getattr(field.widget, "widget", None)
            if isinstance(select, PrefetchedAutocompleteSelect):
                select.record = form.instance._state.fields_cache.get(name)
        if "position" in form.fields:
            form.fields["position"].required = False
            if form.instance.pk is None:
                form.initial["position"] = None

    def clean(self):
        super().clean()
        rows = [form for form in self.forms if "position" in form.fields and hasattr(form, "cleaned_data")]
        last = max((form.cleaned_data.get("position") or 0 for form in rows), default=0)
        for form in rows:
            if form.cleaned_data.get("position") is None:
                last += 1
                form.instance.position = last


class PrefetchedAutocompleteSelect(AutocompleteSelect):
    """Django's AutocompleteSelect, without a query for the selected choice if `record` already holds it."""

    record = None

    def optgroups(self, name, value, attr=None):
        if self.record is None or value != [str(self.record.pk)]:
            return super().optgroups(name, value, attr)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        options.append(self.create_option(name, value[0], str(self.record), True, len(options)))
        return [(None, options, 0)]


class RecordInline(ChildInlineMixin, FormFieldDefaults):
    """Base class of inlines. It loads the related records of all rows in the same query as the rows."""

    extra = 0
    formset = OrderedInlineFormSet

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.autocomplete_fields)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        return marked(self.model, db_field, super().formfield_for_dbfield(db_field, request, **kwargs))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = PrefetchedAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ExternalIdentifierInline(RecordInline, admin.TabularInline):
    """The identifiers that other registers give to a record."""

    fields = ("scheme", "value")


class DayInput(forms.DateInput):
    """The browser's own field for a day."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")  # the only format that browsers read


class CitationInline(RecordInline, admin.TabularInline):
    """The citations of a record: its sources, their order, and what keeps the evidence."""

    autocomplete_fields = ("source",)
    fields = ("source", "page", "quotation", "read_on", "archived_url", "position")
    # Narrow fields (static/css/forms.css): a row of six fits a screen of 1280 pixels.
    widgets = {
        "page": forms.TextInput,
        "quotation": forms.Textarea,
        "read_on": DayInput,
        "archived_url": forms.URLInput,
    }
    help_texts = {
        "page": _("Where in the source: 12, 12–14, Table 3."),
        "quotation": _("The words of the source, in its language. Short: what the record rests on."),
        "read_on": _("When somebody read the source for this."),
        "archived_url": _("A copy in a web archive, such as web.archive.org."),
        "position": _("Lower numbers come first; leave blank to put it last."),
    }
    verbose_name = _("source")
    verbose_name_plural = pgettext_lazy("desk", "sources")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if widget := self.widgets.get(db_field.name):
            kwargs["widget"] = widget(attrs={"class": f"citation-{db_field.name}"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)
