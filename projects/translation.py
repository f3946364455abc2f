"""Registers the translated columns of the models of projects, and the models whose history is stored."""

from modeltranslation.translator import TranslationOptions, register

from portal.tracking.history import register_history
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementActivityCitation,
    AgreementArea,
    AgreementCitation,
    AgreementOutcome,
    AgreementOutcomeCitation,
    AgreementParty,
    Organisation,
    OrganisationCitation,
    OrganisationExternalIdentifier,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    Result,
    ResultArea,
    ResultCitation,
    ResultFigure,
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
    fields = ("title", "summary", "evidence", "note", "outcome_note")
    required_languages = {"en": ("title", "summary", "evidence")}


@register(AgreementOutcome)
class AgreementOutcomeTranslation(TranslationOptions):
    fields = ("how",)
    required_languages = ("en",)


@register(AgreementActivity)
class AgreementActivityTranslation(TranslationOptions):
    fields = ("text",)
    required_languages = ("en",)


@register(Result)
class ResultTranslation(TranslationOptions):
    fields = ("text",)
    required_languages = ("en",)


@register(ResultFigure)
class ResultFigureTranslation(TranslationOptions):
    fields = ("label", "unit")
    required_languages = ("en",)


# History stores the columns of each language, so models are registered for it after these columns exist.
register_history(Organisation)
register_history(OrganisationCitation, of="organisation", named_by="source")
register_history(OrganisationIdentifier, of="organisation", named_by="ref")
register_history(OrganisationExternalIdentifier, of="organisation", named_by=("scheme", "value"))
register_history(Sector)
register_history(Project)
register_history(Participation, of="project", named_by=("organisation", "role"))
register_history(ProjectIssue, of="project", named_by="issue")
register_history(ProjectArea, of="project", named_by="area")
register_history(ProjectSdg, of="project", named_by="code")
register_history(RioMarker, of="project", named_by="marker")
register_history(ProjectCitation, of="project", named_by="source")
register_history(Agreement)
register_history(AgreementParty, of="agreement", named_by=("country", "organisation"))
register_history(AgreementArea, of="agreement", named_by="area")
register_history(AgreementCitation, of="agreement", named_by="source")
register_history(AgreementOutcome, of="agreement", named_by="project")
register_history(AgreementOutcomeCitation, of="outcome", named_by=("outcome", "source"))
register_history(AgreementActivity, of="agreement", named_by="date")
register_history(AgreementActivityCitation, of="activity", named_by=("activity", "source"))
register_history(Result)
register_history(ResultArea, of="result", named_by="area")
register_history(ResultFigure, of="result", named_by="label")
register_history(ResultCitation, of="result", named_by="source")
