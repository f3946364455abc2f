"""Dataclasses for the parts of an activity that the portal uses: plain values between XML and the database."""

from dataclasses import dataclass, field
from decimal import Decimal

# A text in several languages, by ISO 639 code.
Texts = dict[str, str]

DAC, DAC_CATEGORIES, OWN = "1", "2", "99"  # vocabularies of sectors
GOALS, TARGETS = "2", "3"  # vocabularies of tags
CENTRAL_ASIA = "619"  # the region's code in the DAC's list
PLANNED_START, ACTUAL_START, PLANNED_END, ACTUAL_END = "1", "2", "3", "4"
GENERAL, OBJECTIVES, TARGET_GROUPS, OTHER = "1", "2", "3", "4"  # types of descriptions


@dataclass
class Org:
    """An organisation as named in an activity. `kind` is a code of the list OrganisationType."""

    ref: str = ""
    kind: str = ""
    names: Texts = field(default_factory=dict)


@dataclass
class Party(Org):
    """An organisation that takes part in the activity, with its role."""

    role: str = ""
    activity: str = ""


@dataclass
class PercentageShare:
    """A country, region, sector or tag, and its percentage of the activity."""

    code: str
    percentage: Decimal | None = None
    vocabulary: str = ""
    uri: str = ""
    names: Texts = field(default_factory=dict)


@dataclass
class Day:
    """A date of the activity, and its narratives by language."""

    iso: str
    words: Texts = field(default_factory=dict)


@dataclass
class Location:
    """A location of the activity: its names, and latitude and longitude in degrees (WGS 84) if known."""

    names: Texts
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    exactness: str = ""


@dataclass
class Money:
    """An amount in its original currency. `date` is the day whose exchange rate applies to a conversion."""

    value: Decimal
    currency: str
    date: str


@dataclass
class Budget:
    """An amount for a period; a planned disbursement if `disbursement` is True."""

    start: str
    end: str
    money: Money
    kind: str = ""
    status: str = ""
    disbursement: bool = False


@dataclass
class Transaction:
    """A transaction: one payment or commitment."""

    kind: str
    date: str
    money: Money
    ref: str = ""
    descriptions: Texts = field(default_factory=dict)
    provider: Org | None = None
    receiver: Org | None = None
    sectors: list[PercentageShare] = field(default_factory=list)
    countries: list[PercentageShare] = field(default_factory=list)
    regions: list[PercentageShare] = field(default_factory=list)


@dataclass
class Document:
    """A file or page about the activity."""

    url: str
    format: str
    titles: Texts
    categories: list[str]
    languages: list[str] = field(default_factory=list)
    date: str = ""


@dataclass
class Period:
    """The target and actual values of an indicator in a period."""

    start: str
    end: str
    targets: list[str] = field(default_factory=list)
    actuals: list[str] = field(default_factory=list)


@dataclass
class Baseline:
    """The baseline of an indicator: a value and its year."""

    year: str
    value: str = ""


@dataclass
class ResultIndicator:
    """An indicator that measures a result."""

    titles: Texts
    measure: str
    baselines: list[Baseline] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)


@dataclass
class ActivityResult:
    """A planned or achieved result of the activity."""

    kind: str
    titles: Texts
    descriptions: Texts = field(default_factory=dict)
    indicators: list[ResultIndicator] = field(default_factory=list)


@dataclass
class OtherIdentifier:
    """Another or former identifier of the activity or of its publisher."""

    ref: str
    kind: str
    owner: Org | None = None


@dataclass
class Activity:
    """An activity. Codes are those of IATI's lists. Lists have the order of the file."""

    identifier: str = ""
    reporter: Org = field(default_factory=Org)
    secondary: bool = False
    language: str = "en"
    currency: str = ""
    updated: str = ""
    titles: Texts = field(default_factory=dict)
    descriptions: dict[str, Texts] = field(default_factory=dict)
    parties: list[Party] = field(default_factory=list)
    other_identifiers: list[OtherIdentifier] = field(default_factory=list)
    status: str = ""
    dates: dict[str, Day] = field(default_factory=dict)
    email: str = ""
    scope: str = ""
    countries: list[PercentageShare] = field(default_factory=list)
    regions: list[PercentageShare] = field(default_factory=list)
    places_computed: bool = False  # countries and regions are computed from the transactions, by value
    locations: list[Location] = field(default_factory=list)
    sectors: list[PercentageShare] = field(default_factory=list)
    sectors_computed: bool = False
    tags: list[PercentageShare] = field(default_factory=list)
    markers: dict[str, str] = field(default_factory=dict)
    collaboration: str = ""
    flow: str = ""
    finance: str = ""
    aid_types: list[PercentageShare] = field(default_factory=list)
    tied: str = ""
    total: Money | None = None  # total budget, if a table gives one; IATI has no such element
    budgets: list[Budget] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)  # identifier, type
    results: list[ActivityResult] = field(default_factory=list)

    @property
    def span(self):
        """Return (start, end) as ISO dates: the actual date, else the planned one; "" if a date is unknown."""
        found = [
            next((self.dates[kind].iso for kind in kinds if kind in self.dates), "")
            for kinds in ((ACTUAL_START, PLANNED_START), (ACTUAL_END, PLANNED_END))
        ]
        return found[0], found[1]

    @property
    def mentioned(self):
        """Return the codes of all countries of the activity and of its transactions."""
        held = [*self.countries, *(share for transaction in self.transactions for share in transaction.countries)]
        return {share.code for share in held}
