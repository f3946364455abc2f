"""The models of the app `portal`: places, sources, base classes of records, and tables for search and curation."""

from portal.models.alias import Alias, AliasedMixin, attach_aliases
from portal.models.attachment import Attachment, DocumentText
from portal.models.corrections import Correction, PortalDetails, ReaderReport
from portal.models.curation import (
    DuplicateCandidate,
    ExternalLink,
    ExternalLinkUsage,
    OutdatedTranslation,
    Verification,
)
from portal.models.facet_values import StoredFacetValues
from portal.models.held_file import HeldFileModel
from portal.models.identifier import ExternalIdentifierModel, IdentifierScheme, PlaceIdentifier
from portal.models.outlook import DatedQuerySet, Outlook, OutlookMixin
from portal.models.picture import Picture
from portal.models.place import Place, PlaceCitation
from portal.models.record import Content, EvidenceModel, Record, ThroughModel
from portal.models.removed import FormerKey, Tombstone
from portal.models.revision import Revision
from portal.models.search_index import SearchEntry, SearchFacet, SearchName, SearchState, SearchWord, UnpublishedTitle
from portal.models.source import Citation, Source, citation_constraints
from portal.models.subscription import DigestSubscription
from portal.models.teamwork import Assignment, Comment, Notice, NoticePreference
from portal.models.usage import UsageCount
from portal.tracking.audit_log import AuditEntry
from portal.tracking.content_version import ContentVersion

__all__ = [
    "Alias",
    "AliasedMixin",
    "Assignment",
    "Attachment",
    "AuditEntry",
    "Citation",
    "Comment",
    "Content",
    "ContentVersion",
    "Correction",
    "DatedQuerySet",
    "DigestSubscription",
    "DocumentText",
    "DuplicateCandidate",
    "EvidenceModel",
    "ExternalIdentifierModel",
    "ExternalLink",
    "ExternalLinkUsage",
    "FormerKey",
    "HeldFileModel",
    "IdentifierScheme",
    "Notice",
    "NoticePreference",
    "OutdatedTranslation",
    "Outlook",
    "OutlookMixin",
    "Picture",
    "Place",
    "PlaceCitation",
    "PlaceIdentifier",
    "PortalDetails",
    "ReaderReport",
    "Record",
    "Revision",
    "SearchEntry",
    "SearchFacet",
    "SearchName",
    "SearchState",
    "SearchWord",
    "Source",
    "StoredFacetValues",
    "ThroughModel",
    "Tombstone",
    "UnpublishedTitle",
    "UsageCount",
    "Verification",
    "attach_aliases",
    "citation_constraints",
]
