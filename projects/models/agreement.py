"""Models of agreements: dated acts between parties."""

from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.core.choices import Area, Level, PublicationStatus
from portal.core.formatting import date_in_sentence
from portal.core.partial_dates import PartialDateField, ended_before, months_before, not_ended_before
from portal.core.urls import record_path
from portal.core.validators import validate_not_in_future
from portal.models import (
    Citation,
    DatedQuerySet,
    EvidenceModel,
    OutlookMixin,
    Place,
    Record,
    Source,
    ThroughModel,
    citation_constraints,
)
from portal.models.querysets import PairManager, RecordManager, RowQuerySet
from portal.models.workflow import TRANSLATED_ACTIONS
from projects.models.organisation import Organisation
from projects.models.project import Project

RESERVED_KEYS = ("ledger",)  # pages whose addresses stand among those of agreements
ACTIVE_MONTHS = 24  # an agreement is active if its last activity is at most so old


class AgreementQuerySet(DatedQuerySet):
    """Queryset methods of agreements."""

    def of_gyeonggi(self):
        """Return the agreements of Gyeonggi: those to which a body of the province is a party."""
        bodies = Organisation.objects.published().of_gyeonggi()
        return self.filter(
            models.Exists(AgreementParty._base_manager.filter(agreement=models.OuterRef("pk"), organisation__in=bodies))
        )

    def for_list(self):
        """Prefetch what lists show: the areas and the published parties. Annotate the outlook."""
        return self.with_outlook().prefetch_related(
            "areas", models.Prefetch("parties", AgreementParty.objects.published())
        )

    def with_last_activity(self, today):
        """Annotate `last_activity_date`: the date of the newest activity that has begun by `today`; None without."""
        return self.annotate(last_activity_date=last_activity_date(today.isoformat()))

    def in_state(self, states, today):
        """Return the agreements that have one of `states` (codes of State) on `today`: `State.on` in the database."""
        stale = months_before(today, ACTIVE_MONTHS)
        by_activity = {
            Agreement.State.UNKNOWN: models.Q(last_activity_date=None),
            Agreement.State.QUIET: ended_before("last_activity_date", stale),
            Agreement.State.ACTIVE: models.Q(last_activity_date__isnull=False)
            & not_ended_before("last_activity_date", stale),
        }
        found = models.Q(ended=True) if Agreement.State.ENDED in states else models.Q(pk__in=[])
        for state, condition in by_activity.items():
            if state in states:
                found |= models.Q(ended=False) & condition
        return self.alias(last_activity_date=last_activity_date(today.isoformat())).filter(found)


def last_activity_date(until):
    """Return the expression for the date of the newest activity of an agreement that has begun by the day `until`.

    `until` is ISO text or an expression for it.
    """
    begun = AgreementActivity._base_manager.filter(agreement=models.OuterRef("pk"), date__lte=until)
    return models.Subquery(begun.order_by("-date").values("date")[:1])


class Agreement(OutlookMixin, Record, EvidenceModel):
    """A dated act between parties: a memorandum, treaty, summit, sister-city tie and so on."""

    class Kind(models.TextChoices):
        DIPLOMATIC_RELATIONS = "diplomatic-relations", _("Establishment of diplomatic relations")
        TREATY = "treaty", _("Treaty or agreement")
        MOU = "mou", _("Memorandum of understanding")
        JOINT_DECLARATION = "joint-declaration", _("Joint declaration")
        STRATEGIC_PARTNERSHIP = "strategic-partnership", _("Strategic partnership")
        SISTER_CITY = "sister-city", _("Sister-city ties")
        FRIENDSHIP_CITY = "friendship-city", _("Friendship ties")
        FORUM = "forum", _("Forum")
        SUMMIT = "summit", _("Summit")
        VISIT = "visit", _("Visit")

    class State(models.TextChoices):
        """What is known of an agreement on a day. It is computed, never stored."""

        ACTIVE = "active", pgettext_lazy("agreement", "Active")
        QUIET = "quiet", pgettext_lazy("agreement", "Quiet")
        ENDED = "ended", pgettext_lazy("agreement", "Ended")
        UNKNOWN = "unknown", pgettext_lazy("agreement", "Not known")

        @classmethod
        def on(cls, today, ended, last_activity):
            """Return the state on the day `today`. `last_activity` is a PartialDate or None.

            An activity that is known to its month or year counts as of its last possible day.
            """
            if ended:
                return cls.ENDED
            if last_activity is None:
                return cls.UNKNOWN
            return cls.QUIET if last_activity.is_over_before(months_before(today, ACTIVE_MONTHS)) else cls.ACTIVE

        def in_words(self, last_activity):
            """Return the state with the date that decides, in the active language: “Active, last sign July 2025”."""
            words = {
                self.ACTIVE: gettext("Active, last sign {date}"),
                self.QUIET: gettext("Quiet since {date}"),
            }
            return words[self].format(date=date_in_sentence(last_activity)) if self.is_dated else str(self.label)

        @property
        def is_dated(self):
            """Whether `in_words` has the date of the last activity."""
            return self in {self.ACTIVE, self.QUIET}

        @property
        def tone(self):
            """The tone of its tag: a class of static/css/components/tag.css."""
            return {self.ACTIVE: "water", self.QUIET: "stale", self.ENDED: "done", self.UNKNOWN: "plain"}[self]

    date = PartialDateField(_("date"))
    kind = models.CharField(_("kind"), max_length=21, choices=Kind)
    title = models.CharField(_("title"), max_length=200)
    level = models.CharField(_("level"), max_length=12, choices=Level)
    summary = models.TextField(_("summary"))
    ended = models.BooleanField(
        _("ended"), default=False, help_text=_("Whether a source states that it is over or replaced.")
    )
    looked_on = models.DateField(
        _("outcomes looked for on"),
        null=True,
        blank=True,
        validators=[validate_not_in_future],
        help_text=_("The day on which somebody last looked for what came of it."),
    )
    outcome_note = models.TextField(
        _("note on what came of it"), blank=True, help_text=_("What is uncertain about the outcomes and the activity.")
    )
    issues = models.ManyToManyField(Issue, verbose_name=_("issues"), blank=True, related_name="agreements")
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="AgreementCitation", related_name="cited_by_agreements"
    )

    objects = RecordManager.from_queryset(AgreementQuerySet)()

    name_field = "title"
    search_fields = ("title_en", "title_ko", "title_ru")
    search_paths = {
        "title": ("title",),
        "related": ("kind", "date", "level", "parties__country", "parties__organisation", "issues", "areas__area"),
        "summary": ("summary",),
        "body": (
            *("evidence", "note", "outcomes__how", "activities__text", "outcome_note"),
            "attachments__document_text",
        ),
    }
    search_facets = {
        "country": ("parties__country__key", "parties__organisation__country__key"),
        "issue": ("issues__key", "issues__parent__key"),
        "area": ("areas__area",),
    }
    search_dates = ("date",)
    status_fields = ("ended",)
    result_rows = "outcomes"
    relations_requiring_english = ("outcomes", "activities")
    required_published_any = ("parties",)
    required_published_each = ("parties__country", "parties__organisation", "issues", "outcomes__project")

    class Meta(Record.Meta):
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-date", "key"]
        indexes = [
            models.Index(fields=["publication", "-date", "key"], name="agreement_by_date"),
            models.Index(fields=["kind"], name="agreement_kind"),
            models.Index(fields=["level"], name="agreement_level"),
            models.Index(fields=["updated_at"], name="agreement_changed"),  # for feeds and harvesters
        ]
        constraints = [
            models.CheckConstraint(
                name="agreement_key_is_not_reserved",
                condition=~models.Q(key__in=RESERVED_KEYS),
                violation_error_message=_("This key is reserved: a page of the portal has this address."),
            )
        ]

    def get_absolute_url(self):
        return record_path("agreement", self.key)

    def last_activity_on(self, today):
        """Return the newest activity that has begun by `today`, or None. Prefetched activities are used."""
        begun = (activity for activity in self.activities.all() if activity.date.first_day <= today)
        return max(begun, key=lambda activity: activity.date, default=None)

    def state_on(self, today):
        """Return the state of the agreement on the day `today`."""
        last = self.last_activity_on(today)
        return self.State.on(today, self.ended, last and last.date)

    @classmethod
    def quiet_condition(cls, today):
        """Return the condition that an agreement is quiet on the day `today`."""
        quiet = cls.objects.in_state([cls.State.QUIET], today)
        return models.Q(models.Exists(quiet.filter(pk=models.OuterRef("pk"))))


class AgreementPartyQuerySet(RowQuerySet):
    """Queryset methods of parties."""

    def published(self):
        """Return the parties whose country or organisation is published, with both joined."""
        visible = models.Q(country__publication=PublicationStatus.PUBLISHED)
        visible |= models.Q(organisation__publication=PublicationStatus.PUBLISHED)
        return self.filter(visible).select_related("country", "organisation__country")


class AgreementParty(ThroughModel):
    """A country or an organisation that is a party to an agreement."""

    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.CASCADE, related_name="parties"
    )
    country = models.ForeignKey(
        Place,
        verbose_name=_("country"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="agreement_parties",
        limit_choices_to={"kind": "country"},
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="agreement_parties",
    )

    natural_fields = ("agreement__key", "country__key", "organisation__key")
    objects = PairManager.from_queryset(AgreementPartyQuerySet)()

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="agreement_party_is_a_country_or_an_organisation",
                condition=models.Q(country=None, organisation__isnull=False)
                | models.Q(country__isnull=False, organisation=None),
                violation_error_message=_("A party is either a country or an organisation."),
            ),
            models.UniqueConstraint(
                fields=["agreement", "country"],
                name="country_is_party_once",
                violation_error_message=_("This country is already a party."),
            ),
            models.UniqueConstraint(
                fields=["agreement", "organisation"],
                name="organisation_is_party_once",
                violation_error_message=_("This organisation is already a party."),
            ),
        ]

    @property
    def who(self):
        """Return the country or the organisation."""
        return self.country or self.organisation


class AgreementArea(ThroughModel):
    """An area of cooperation that an agreement belongs to."""

    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.CASCADE, related_name="areas"
    )
    area = models.CharField(_("area"), max_length=26, choices=Area)

    natural_fields = ("agreement__key", "area")

    class Meta:
        verbose_name = _("area of an agreement")
        verbose_name_plural = _("areas of agreements")
        ordering = ["pk"]
        indexes = [models.Index(fields=["area", "agreement"], name="agreement_area")]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "area"],
                name="agreement_has_an_area_once",
                violation_error_message=_("This area is already listed."),
            )
        ]

    def __str__(self):
        return self.get_area_display()


class AgreementCitation(Citation):
    """A source of an agreement."""

    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.CASCADE, related_name="citations"
    )

    natural_fields = ("agreement__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("agreement", "agreement")


class AgreementOutcome(ThroughModel):
    """A project that an agreement led to, as a source states."""

    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.CASCADE, related_name="outcomes"
    )
    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.PROTECT, related_name="agreement_outcomes"
    )
    how = models.TextField(_("how"), help_text=_("One sentence: how the agreement led to the project."))
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    sources = models.ManyToManyField(
        Source,
        verbose_name=_("sources"),
        through="AgreementOutcomeCitation",
        related_name="cited_by_agreement_outcomes",
    )

    natural_fields = ("agreement__key", "project__key")

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("outcome of an agreement")
        verbose_name_plural = _("outcomes of agreements")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "project"],
                name="agreement_leads_to_a_project_once",
                violation_error_message=_("This project is already listed."),
            )
        ]


class AgreementOutcomeCitation(Citation):
    """A source that states an outcome of an agreement."""

    outcome = models.ForeignKey(
        AgreementOutcome, verbose_name=_("outcome"), on_delete=models.CASCADE, related_name="citations"
    )

    natural_fields = ("outcome__agreement__key", "outcome__project__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("outcome", "agreement_outcome")


class AgreementActivity(ThroughModel):
    """An act of the parties together after the agreement, as a source states."""

    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.CASCADE, related_name="activities"
    )
    date = PartialDateField(_("date"))
    text = models.TextField(_("text"), help_text=_("One or two sentences: what the parties did."))
    sources = models.ManyToManyField(
        Source,
        verbose_name=_("sources"),
        through="AgreementActivityCitation",
        related_name="cited_by_agreement_activities",
    )

    natural_fields = ("agreement__key", "date")

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("activity of an agreement")
        verbose_name_plural = _("activities of agreements")
        ordering = ["-date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "date"],
                name="agreement_has_one_activity_a_date",
                violation_error_message=_("There is already an activity of this date."),
            )
        ]


class AgreementActivityCitation(Citation):
    """A source that states an activity of an agreement."""

    activity = models.ForeignKey(
        AgreementActivity, verbose_name=_("activity"), on_delete=models.CASCADE, related_name="citations"
    )

    natural_fields = ("activity__agreement__key", "activity__date", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("activity", "agreement_activity")
