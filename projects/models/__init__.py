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
    RejectedActivity,
    RelatedActivity,
    ReportedDocument,
    ReportedResult,
    ReportedShare,
    SuggestedIssue,
    TransactionSum,
)
from projects.models.organisation import Organisation, OrganisationCitation, OrganisationExternalIdentifier
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
from projects.models.project_status import UNDER_WAY, StatedStatus, StatusNow
from projects.models.result import EndAgainstPlan, Result, ResultArea, ResultCitation, ResultFigure
from projects.models.stored_check import StoredCheck

__all__ = [
    "UNDER_WAY",
    "Agreement",
    "AgreementActivity",
    "AgreementActivityCitation",
    "AgreementArea",
    "AgreementCitation",
    "AgreementOutcome",
    "AgreementOutcomeCitation",
    "AgreementParty",
    "BudgetLine",
    "EndAgainstPlan",
    "ImportedActivity",
    "ImportedFile",
    "Organisation",
    "OrganisationCitation",
    "OrganisationExternalIdentifier",
    "OrganisationIdentifier",
    "Participation",
    "Project",
    "ProjectArea",
    "ProjectCitation",
    "ProjectIdentifier",
    "ProjectIssue",
    "ProjectSdg",
    "RejectedActivity",
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
    "StatedStatus",
    "StatusNow",
    "StoredCheck",
    "SuggestedIssue",
    "TransactionSum",
]
