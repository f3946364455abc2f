"""The worklists of editors: records that need attention, on the dashboard and as a filter of every list."""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.adapters import display
from portal.core.choices import Confidence, PublicationStatus
from portal.core.formatting import number
from portal.curation import duplicates
from portal.curation.links import has_link
from portal.curation.translations import outdated_condition, translated_fields
from portal.curation.verifications import not_verified_since
from portal.models import Notice, Place, PortalDetails, ReaderReport, Record, Revision, workflow
from portal.models.held_file import stored_bytes
from portal.models.revision import attach_targets
from portal.publishing import notices
from portal.staff.pages import admin_address
from portal.staff.search import recent_records
from portal.staff.teamwork import attach_people

# Fields of records that need no translation: the editors' own notes, and licence terms as publishers state them.
LEFT_IN_ENGLISH = {"evidence", "note", "licence"}
MY_DRAFTS = 12
LONGEST_WAITING = 12
NEARLY_FULL = 0.9  # of the space for uploaded files


def texts_to_translate(model):
    """Return the names of a model's translated fields that readers need in their own language."""
    return [field for field in translated_fields(model) if not (issubclass(model, Record) and field in LEFT_IN_ENGLISH)]


def untranslated(model, language):
    """Return a Q for records or rows that have an English text but lack it in `language`.

    The rows of a record in its `relations_requiring_english` count too. Return None if the model has no such texts.
    """
    missing = Q()
    for field in texts_to_translate(model):
        other = f"{field}_{language}"
        missing |= Q(**{f"{field}_en__gt": ""}) & (Q(**{other: ""}) | Q(**{other: None}))
    for relation in getattr(model, "relations_requiring_english", ()):
        field = model._meta.get_field(relation)
        rows = field.related_model._base_manager.filter(**{field.remote_field.name: OuterRef("pk")})
        missing |= Q(Exists(rows.filter(untranslated(field.related_model, language))))
    return missing or None


def _where(*fields, **condition):
    """Return a function that returns Q(**condition) for a model with all these fields, and None for other models."""

    def of(model):
        try:
            for field in fields:
                model._meta.get_field(field)
        except FieldDoesNotExist:
            return None
        return Q(**condition)

    return of


def _of_what_we_state(of):
    """Wrap such a function so that it leaves out the countries of ISO 3166 and the world.

    These places need neither a source nor a position.
    """

    def of_ours(model):
        condition = of(model)
        if model is not Place or condition is None:
            return condition
        return condition & ~Q(kind__in=Place.IN_NO_COUNTRY)

    return of_ours


def _of_what_is_used(of):
    """Wrap such a function so that it leaves out records that nothing refers to, of models that can tell.

    They state nothing to readers, so they need no source yet.
    """

    def of_used(model):
        condition = of(model)
        if condition is None or not hasattr(model, "used_condition"):
            return condition
        return condition & model.used_condition()

    return of_used


def _today(method):
    """Return a function that returns `method(today)` of a model, and None for models without this class method."""

    def of(model):
        return getattr(model, method)(timezone.localdate()) if hasattr(model, method) else None

    return of


@dataclass(frozen=True)
class Worklist:
    """A list of records that need the same attention.

    `of` returns the condition on the records of a model, or None if the model has no such records. `action` is the
    workflow action that a user needs to work on the list.
    """

    words: str
    of: callable
    action: str = "change"


# By urgency: what somebody waits for, then what misleads readers, then what readers miss.
WORKLISTS = {
    "review": Worklist(
        _("Waiting for review"), _where("publication", publication=PublicationStatus.IN_REVIEW), action="publish"
    ),
    "source": Worklist(_("Without a source"), _of_what_is_used(_of_what_we_state(_where("citations", citations=None)))),
    "broken": Worklist(_("Broken links"), has_link("broken")),
    "moved": Worklist(_("Moved links"), has_link("moved")),
    "double": Worklist(_("Likely duplicates"), duplicates.has_duplicate_candidate),
    "ko-older": Worklist(
        _("Outdated Korean translation"), lambda model: outdated_condition(model, "ko"), action="translate_ko"
    ),
    "ru-older": Worklist(
        _("Outdated Russian translation"), lambda model: outdated_condition(model, "ru"), action="translate_ru"
    ),
    "ko": Worklist(_("Missing Korean translation"), lambda model: untranslated(model, "ko"), action="translate_ko"),
    "ru": Worklist(_("Missing Russian translation"), lambda model: untranslated(model, "ru"), action="translate_ru"),
    "quiet": Worklist(_("Agreements quiet for two years"), _today("quiet_condition")),
    "results": Worklist(_("Completed projects without results"), _today("results_due_condition")),
    "confidence": Worklist(_("Low confidence"), _where("confidence", confidence=Confidence.LOW)),
    "dates": Worklist(_("Without dates"), _where("start", start=None)),
    "budget": Worklist(_("Without a budget"), _where("budget", budget=None)),
    "position": Worklist(_("Without a position"), _of_what_we_state(_where("latitude", latitude=None))),
    "stale": Worklist(_("Not verified for a year"), not_verified_since),
    "draft": Worklist(_("Drafts"), _where("publication", publication=PublicationStatus.DRAFT)),
    "scheduled": Worklist(
        _("Scheduled"), _where("publication", publication=PublicationStatus.SCHEDULED), action="publish"
    ),
}


def maintained(queryset):
    """Return the records that editors still maintain: all except those that rest."""
    return queryset.exclude(publication__in=workflow.RESTING_STATES)


class WorklistFilter(admin.SimpleListFilter):
    """Filter the change list by worklist."""

    title = _("needs attention")
    parameter_name = "care"

    def lookups(self, request, model_admin):
        return [
            (name, worklist.words) for name, worklist in WORKLISTS.items() if worklist.of(model_admin.model) is not None
        ]

    def queryset(self, request, queryset):
        if self.value() not in dict(self.lookup_choices):
            return queryset
        # The primary keys, since a join of several rows would show a record several times.
        found = maintained(queryset.model.objects).filter(WORKLISTS[self.value()].of(queryset.model)).order_by()
        return queryset.filter(pk__in=found.values("pk"))


@dataclass(frozen=True)
class WorklistCount:
    """The counts of a worklist: for each model its name, the number of records, and the URL of their list."""

    words: str
    lists: list

    @property
    def total(self):
        return sum(count for _kind, count, _url in self.lists)


class EditorDashboard:
    """The first page of the admin, for the user of the request."""

    def __init__(self, site, request):
        self.site, self.request = site, request
        self.models = [
            model
            for model in apps.get_models()
            if issubclass(model, Record)
            and site.is_registered(model)
            and site.get_model_admin(model).has_view_permission(request)
        ]
        self.allowed = {model: workflow.allowed_actions(request.user, model) for model in self.models}
        self.actions = frozenset().union(*self.allowed.values())
        self.reviewed = [model for model in self.models if "publish" in self.allowed[model]]
        self._counts = self._count()

    def _count(self):
        lists = {name: [] for name in WORKLISTS}
        for model in self.models:
            conditions = {name: worklist.of(model) for name, worklist in WORKLISTS.items()}
            counts = maintained(model.objects).aggregate(
                **{
                    name.replace("-", "_"): Count("pk", filter=condition, distinct=True)
                    for name, condition in conditions.items()
                    if condition is not None
                }
            )
            for name, found in lists.items():
                if count := counts.get(name.replace("-", "_")):
                    url = f"{admin_address(model, 'changelist')}?care={name}"
                    found.append((capfirst(model._meta.verbose_name_plural), count, url))
        lists["double"] = self._doubles()
        return {name: WorklistCount(WORKLISTS[name].words, found) for name, found in lists.items()}

    def _doubles(self):
        """Return the counts of likely duplicates, with URLs of their own page.

        If no search was made yet, return one entry with the count 0 that asks the editor to start one.
        """
        models = [model for model in duplicates.merged_models() if "change" in self.allowed.get(model, ())]
        url = reverse("admin:doubles")
        if models and duplicates.last_search_at() is None:
            return [(_("find them"), 0, url)]
        counts = duplicates.counts()
        return [
            (capfirst(model._meta.verbose_name_plural), count, f"{url}#{model._meta.model_name}")
            for model in models
            if (count := counts.get(model._meta.label_lower))
        ]

    @property
    def space_note(self):
        """Return a sentence if the space for files is used up or nearly so, for those who may upload files; else ""."""
        if not any(self.request.user.has_perm(f"portal.add_{name}") for name in ("picture", "attachment")):
            return ""
        used, most = stored_bytes(), settings.MOST_STORED_BYTES
        if used < NEARLY_FULL * most:
            return ""
        sentence = (
            gettext("The space for files is nearly used up: {used} of {most} MB.")
            if used < most
            else gettext(
                "The space for files is used up: {used} of {most} MB. Nobody can upload pictures and documents. Ask an "
                "administrator to remove files or to allow more."
            )
        )
        return sentence.format(used=number(used // 1_000_000), most=number(most // 1_000_000))

    def _mine(self, name):
        """Return True if the user may work on a worklist.

        Editors translate too: lists of translations are theirs as well, even though their action is that of
        translators.
        """
        action = WORKLISTS[name].action
        return action in self.actions or (action.startswith("translate_") and "change" in self.actions)

    def mine(self):
        """Return the non-empty worklists that the user may work on, the most urgent first."""
        own = [count for name, count in self._counts.items() if self._mine(name) and count.lists]
        first = [self._revisions(), self._reports(), self._suggestions()]
        return [*filter(None, first), *own, *filter(None, [self._details()])]

    def _revisions(self):
        """Return the counts of the open revisions by state, or None if there are none that the user may see."""
        kinds = [model._meta.label_lower for model in self.models if "change" in self.allowed[model]]
        found = Revision.objects.open().filter(kind__in=kinds).order_by().values_list("state")
        counts = dict(found.annotate(Count("pk")))
        url = admin_address(Revision, "changelist")
        states = [state for state in Revision.OPEN if state in counts]
        lists = [(state.label, counts[state], f"{url}?state__exact={state}") for state in states]
        return WorklistCount(_("Revisions of published records"), lists) if lists else None

    def _reports(self):
        """Return the counts of the open reports by readers, or None if there are none or the user may not see them."""
        if "change" not in workflow.allowed_actions(self.request.user, ReaderReport):
            return None
        counts = dict(ReaderReport.objects.open().order_by().values_list("state").annotate(Count("pk")))
        url = admin_address(ReaderReport, "changelist")
        states = [state for state in ReaderReport.OPEN if state in counts]
        lists = [(state.label, counts[state], f"{url}?state__exact={state}") for state in states]
        return WorklistCount(_("Reports by readers"), lists) if lists else None

    def _suggestions(self):
        """Return the count of the open suggestions of issues, or None if there are none that the user may decide on."""
        model = apps.get_model("projects", "SuggestedIssue")
        if not self.site.is_registered(model) or not self.site.get_model_admin(model).may_change_whole(self.request):
            return None
        if not (count := model.objects.open_for(self.request.user).count()):
            return None
        lists = [(_("to decide"), count, reverse("admin:projects_suggestedissue_triage"))]
        return WorklistCount(_("Suggested issues of projects"), lists)

    def _details(self):
        """Return what the details of the portal lack, or None if it is nothing or the user may not change them."""
        if "change" not in workflow.allowed_actions(self.request.user, PortalDetails):
            return None
        details = PortalDetails.load()
        page = ("add",) if details._state.adding else ("change", details.pk)
        url = admin_address(PortalDetails, *page)
        lists = [(capfirst(name), 0, url) for name in details.missing()]
        return WorklistCount(_("Details of the portal that readers miss"), lists) if lists else None

    def others(self):
        """Return the non-empty worklists that the user may not work on."""
        return [count for name, count in self._counts.items() if not self._mine(name) and count.lists]

    def done(self):
        """Return the titles of the empty worklists that the user may work on."""
        return [count.words for name, count in self._counts.items() if self._mine(name) and not count.lists]

    def waiting(self):
        """Return the records and revisions in review that the user may publish, the longest waiting first."""
        found = []
        for model in self.reviewed:
            records = model.objects.filter(publication=PublicationStatus.IN_REVIEW).order_by("updated_at", "key")
            found += records[:LONGEST_WAITING]
        kinds = [model._meta.label_lower for model in self.reviewed]
        revisions = Revision.objects.filter(state=Revision.State.IN_REVIEW, kind__in=kinds)
        revisions = revisions.select_related("author").order_by("updated_at", "pk")
        found += attach_targets(revisions[:LONGEST_WAITING])
        found.sort(key=lambda record: record.updated_at)
        shown = found[:LONGEST_WAITING]
        for model in {type(record) for record in shown} - {Revision}:
            attach_people(model, [record for record in shown if type(record) is model])
        return [self._waiting_line(record) for record in shown]

    def _waiting_line(self, record):
        """Return `_line` with who submitted and who reviews the record, and the URL to take it or give it back.

        A revision has no reviewer.
        """
        if isinstance(record, Revision):
            return self._line(record) | {"submitted_by": display(record.author) if record.author else ""}
        assignee = record.assignee
        return self._line(record) | {
            "submitted_by": record.submitted_by,
            "assignee": display(assignee) if assignee else "",
            "is_mine": assignee == self.request.user,
            "assign_url": admin_address(type(record), "assign", record.pk),
        }

    def sent_back(self):
        """Return the drafts that somebody sent back to the user, the last one first, with who did and why."""
        rows = Notice.objects.filter(recipient=self.request.user, event=Notice.Event.SENT_BACK)
        rows = list(rows.select_related("actor", "comment")[:MY_DRAFTS])
        notices.attach_records(rows)
        drafts = {
            (row.kind, row.record): row
            for row in reversed(rows)
            if row.of is not None and row.of.publication == PublicationStatus.DRAFT
        }
        return [
            self._line(row.of)
            | {"who": display(row.actor) if row.actor else "–", "reason": row.comment.text if row.comment else ""}
            for row in reversed(drafts.values())
        ]

    def my_revisions(self):
        """Return the revisions that the user is writing, the last changed first. At most MY_DRAFTS."""
        revisions = Revision.objects.filter(state=Revision.State.DRAFT, author=self.request.user)
        return [self._line(one) for one in attach_targets(revisions[:MY_DRAFTS])]

    def guide(self):
        """Return the sentences that explain the desk to a user who has changed nothing yet; [] for others."""
        if LogEntry.objects.filter(user=self.request.user).exists():
            return []
        if "change" in self.actions:
            own = [
                _("To write a record, choose its kind in the list of records and press Add."),
                _("Cite a source for each claim. The form names what is missing before the record can be published."),
            ]
            own.append(
                _("Records that others submitted wait for your review at the top of this page.")
                if self.reviewed
                else _("When a record is complete, submit it for review. A reviewer publishes it or sends it back.")
            )
        else:
            own = [
                _("The lists of missing and outdated translations on this page lead to the texts that wait for you."),
                _("You write the fields of your language. Readers see them as soon as the record is public."),
            ]
        return [_("The field at the top searches all records. The key / puts the cursor into it."), *own]

    def my_drafts(self):
        """Return the drafts that the user changed, the last changed first; at most MY_DRAFTS."""
        drafts = recent_records(self.request.user, self.models, MY_DRAFTS, publication=PublicationStatus.DRAFT)
        return [self._line(draft) for draft in drafts]

    @staticmethod
    def _line(record):
        """Return what a list of records shows of one: the record, its kind and the URL of its form.

        Of a revision: its record, and the URL of its own page.
        """
        if isinstance(record, Revision):
            url = admin_address(record.model, "revision", record.record, record.pk)
            kind = _("{kind}, revision").format(kind=capfirst(record.model._meta.verbose_name))
            return {"record": record.target, "kind": kind, "url": url, "since": record.updated_at, "note": record.note}
        kind = capfirst(record._meta.verbose_name)
        url = admin_address(type(record), "change", record.pk)
        return {"record": record, "kind": kind, "url": url, "since": record.updated_at}
