"""Models of projects, organisations, agreements and imported IATI data."""

from projects.models.agreement import Agreement, AgreementArea, AgreementCitation, AgreementParty
from projects.models.iati import OrganisationIdentifier, ReportingOrganisation
from projects.models.imported import (
    BudgetLine,
    ImportedActivity,
    ImportedFile,
    ProjectIdentifier,
    RelatedActivity,
    ReportedDocument,
    ReportedResult,
    ReportedShare,
    SuggestedIssue,
    TransactionSum,
)
from projects.models.organisation import Organisation, OrganisationCitation
from projects.models.project import (
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    RioMarker,
    Sector,
)

__all__ = [
    "Agreement",
    "AgreementArea",
    "AgreementCitation",
    "AgreementParty",
    "BudgetLine",
    "ImportedActivity",
    "ImportedFile",
    "Organisation",
    "OrganisationCitation",
    "OrganisationIdentifier",
    "Participation",
    "Project",
    "ProjectArea",
    "ProjectCitation",
    "ProjectIdentifier",
    "ProjectIssue",
    "ProjectSdg",
    "RelatedActivity",
    "ReportedDocument",
    "ReportedResult",
    "ReportedShare",
    "ReportingOrganisation",
    "RioMarker",
    "Sector",
    "SuggestedIssue",
    "TransactionSum",
]
