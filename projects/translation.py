"""Which columns of projects' records stand in three languages, and whose history is kept."""

from modeltranslation.translator import TranslationOptions, register

from portal.tracking.history import track
from projects.models import (
    Agreement,
    AgreementArea,
    AgreementCitation,
    AgreementParty,
    Organisation,
    OrganisationCitation,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    RioMarker,
    Sector,
)


@register(Organisation)
class OrganisationTranslation(TranslationOptions):
    fields = ("name",)
    required_languages = ("en",)


@register(Sector)
class SectorTranslation(TranslationOptions):
    fields = ("name",)
    required_languages = ("en",)


@register(Project)
class ProjectTranslation(TranslationOptions):
    fields = ("title", "summary", "activities", "results", "evidence", "note")
    required_languages = {"en": ("title", "summary", "evidence")}


@register(ProjectIssue)
class ProjectIssueTranslation(TranslationOptions):
    fields = ("rationale",)
    required_languages = ("en",)


@register(Agreement)
class AgreementTranslation(TranslationOptions):
    fields = ("title", "summary", "evidence", "note")
    required_languages = {"en": ("title", "summary", "evidence")}


# History keeps the columns of each language, so it begins where they have been made.
track(Organisation)
track(OrganisationCitation, of="organisation", named_by="source")
track(OrganisationIdentifier, of="organisation", named_by="ref")
track(Sector)
track(Project)
track(Participation, of="project", named_by=("organisation", "role"))
track(ProjectIssue, of="project", named_by="issue")
track(ProjectArea, of="project", named_by="area")
track(ProjectSdg, of="project", named_by="code")
track(RioMarker, of="project", named_by="marker")
track(ProjectCitation, of="project", named_by="source")
track(Agreement)
track(AgreementParty, of="agreement", named_by=("country", "organisation"))
track(AgreementArea, of="agreement", named_by="area")
track(AgreementCitation, of="agreement", named_by="source")
