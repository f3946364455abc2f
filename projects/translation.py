"""Which columns of projects' records stand in three languages."""

from modeltranslation.translator import TranslationOptions, register

from projects.models import Agreement, Organisation, Project, ProjectIssue, Sector


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
