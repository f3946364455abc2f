"""Models of projects, organisations, agreements, results and imported IATI data."""

from projects.models.agreement import (
    Agreement,
    AgreementActivity,
    AgreementActivityCitation,
    AgreementArea,
    AgreementCitation,
    AgreementOutcome,
    AgreementOutcomeCitation,
    AgreementParty,
)
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
from projects.models.result import Result, ResultArea, ResultCitation, ResultFigure

__all__ = [
    "Agreement",
    "AgreementActivity",
    "AgreementActivityCitation",
    "AgreementArea",
    "AgreementCitation",
    "AgreementOutcome",
    "AgreementOutcomeCitation",
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
    "Result",
    "ResultArea",
    "ResultCitation",
    "ResultFigure",
    "RioMarker",
    "Sector",
    "SuggestedIssue",
    "TransactionSum",
]
