"""What an activity says, as far as the portal uses it: plain values between XML and the database."""

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
    """An organisation as an activity names it; `kind` is a code of the list OrganisationType."""

    ref: str = ""
    kind: str = ""
    names: Texts = field(default_factory=dict)


@dataclass
class Party(Org):
    """An organisation that takes part."""

    role: str = ""
    activity: str = ""


@dataclass
class PercentageShare:
    """A country, region, sector or tag, and how much of the activity it has."""

    code: str
    percentage: Decimal | None = None
    vocabulary: str = ""
    uri: str = ""
    names: Texts = field(default_factory=dict)


@dataclass
class Day:
    """A date of the activity, with what is said about it."""

    iso: str
    words: Texts = field(default_factory=dict)


@dataclass
class Location:
    """A point that an activity names."""

    names: Texts
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    exactness: str = ""


@dataclass
class Money:
    """An amount, never converted; `date` is the day whose rate would convert it."""

    value: Decimal
    currency: str
    date: str


@dataclass
class Budget:
    """Money for a period; a planned disbursement, if `disbursement`."""

    start: str
    end: str
    money: Money
    kind: str = ""
    status: str = ""
    disbursement: bool = False


@dataclass
class Transaction:
    """One movement of money."""

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
    """What an indicator was to reach in a time, and what it reached."""

    start: str
    end: str
    targets: list[str] = field(default_factory=list)
    actuals: list[str] = field(default_factory=list)


@dataclass
class Baseline:
    """Where an indicator began."""

    year: str
    value: str = ""


@dataclass
class ResultIndicator:
    """What a result is measured by."""

    titles: Texts
    measure: str
    baselines: list[Baseline] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)


@dataclass
class Result:
    """What came or is to come of the activity."""

    kind: str
    titles: Texts
    descriptions: Texts = field(default_factory=dict)
    indicators: list[ResultIndicator] = field(default_factory=list)


@dataclass
class OtherIdentifier:
    """What else the activity, or its publisher, is or was called."""

    ref: str
    kind: str
    owner: Org | None = None


@dataclass
class Activity:
    """An activity. Codes are those of IATI's lists; lists keep the order of the file."""

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
    places_computed: bool = False  # from the transactions, by value
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
    total: Money | None = None  # of the whole, where a list gives one; IATI has none
    budgets: list[Budget] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)  # identifier, type
    results: list[Result] = field(default_factory=list)

    @property
    def span(self):
        """Start and end as they came about, else as they were planned; "" for one that is not known."""
        found = [
            next((self.dates[kind].iso for kind in kinds if kind in self.dates), "")
            for kinds in ((ACTUAL_START, PLANNED_START), (ACTUAL_END, PLANNED_END))
        ]
        return found[0], found[1]

    @property
    def mentioned(self):
        """Every country that it names, of itself or of a transaction."""
        held = [*self.countries, *(share for transaction in self.transactions for share in transaction.countries)]
        return {share.code for share in held}
