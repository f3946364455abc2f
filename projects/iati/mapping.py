"""Makes an activity from its XML element: normalises languages and codes, and checks sums and shares."""

import re
from collections import defaultdict
from decimal import Decimal
from urllib.parse import urlsplit

from projects.iati import facts
from projects.iati.activity import (
    ACTUAL_END,
    ACTUAL_START,
    DAC,
    DAC_CATEGORIES,
    GENERAL,
    GOALS,
    PLANNED_END,
    PLANNED_START,
    TARGETS,
    Activity,
    ActivityResult,
    Baseline,
    Budget,
    Day,
    Document,
    Location,
    Money,
    Org,
    OtherIdentifier,
    Party,
    PercentageShare,
    Period,
    ResultIndicator,
    Transaction,
)
from projects.iati.findings import Finding, Severity
from projects.iati.structure import day_of, is_number

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HANGUL = re.compile(r"[ᄀ-ᇿ㄰-㆏가-힣]")
CYRILLIC = re.compile(r"[Ѐ-ӿ]")
LETTER = re.compile(r"[^\W\d_]")
KOREAN_FROM, RUSSIAN_FROM = 0.3, 0.5  # minimum share of Hangul or Cyrillic letters in a text of that language
ROUNDING = 1  # per cent: shares that add up to 99 to 101 count as rounded
MOST = Decimal(10) ** 15
SPENT = {"2", "3", "4"}  # commitments, disbursements, expenditure: shares are computed from these
SDG_GOALS, SDG_TARGETS = "7", "8"  # vocabularies of sectors
LONGEST_LINK = 600


def read(element):
    """Return (activity, findings) of an element."""
    reading = _ActivityReader(element)
    return reading.activity, reading.findings


class _ActivityReader:
    def __init__(self, element):
        self.element, self.findings = element, []
        self.activity = Activity(
            language=_language(element.get(LANG) or ""),
            currency=(element.get("default-currency") or "").strip().upper(),
        )
        self.activity.updated = (element.get("last-updated-datetime") or "").strip()
        self.said = set()
        self._identity()
        self._texts()
        self._time()
        self._money()
        self._where()
        self._what_for()
        self._links()

    def find(self, line, severity, kind, **values):
        self.findings.append(Finding(line, severity, kind, values))

    def error(self, element, kind, **values):
        self.find(element.sourceline, Severity.ERROR, kind, **values)

    def warn(self, element, kind, **values):
        self.find(element.sourceline, Severity.WARNING, kind, **values)

    def once(self, element, kind, **values):
        """Add a warning only for the first occurrence of a fault that an activity may have in many elements."""
        if (kind, *values.values()) not in self.said:
            self.said.add((kind, *values.values()))
            self.warn(element, kind, **values)

    def code(self, element, name, attribute="code", needed=True):
        """Return a code as its list writes it; "" if it is not on the list. If it is `needed`, that is an error."""
        written = (element.get(attribute) or "").strip()
        found = facts.code_on(name, written) if written else ""
        if not found and needed and element.get(attribute) is not None:
            self.error(element, "code", value=f"“{written}”", list=name, name=f"<{element.tag}>")
        return found

    def texts(self, element):
        """Return the narratives of an element by language.

        If a text is clearly in another language than its label, its language is corrected with a warning.
        """
        found = {}
        if element is None:
            return found
        for narrative in element.findall("narrative"):
            text = _clean("".join(narrative.itertext()))
            if not text:
                continue
            label = _language(narrative.get(LANG) or "") if narrative.get(LANG) else self.activity.language
            language = _spoken(text, label)
            if language != label:
                self.once(narrative, f"language-{language}", language=narrative.get(LANG) or label)
            found[language] = f"{found[language]}\n\n{text}" if language in found else text
        return found

    def org(self, element, cls=Org, **more):
        return cls(
            ref=(element.get("ref") or "").strip(),
            kind=facts.code_on("OrganisationType", element.get("type") or ""),
            names=self.texts(element),
            **more,
        )

    # ── Who and what ─────────────────────────────────────────────────────────────────────────────────────────

    def _identity(self):
        a, root = self.activity, self.element
        written = root.findtext("iati-identifier") or ""
        a.identifier = written.strip()
        if not a.identifier:
            self.error(root, "identifier-missing")
        elif a.identifier != written:
            self.warn(root.find("iati-identifier"), "identifier-spaces")
        if len(a.identifier) > 255:
            self.error(root, "identifier-long")
        reporter = root.find("reporting-org")
        if reporter is not None:
            a.reporter = self.org(reporter)
            a.secondary = reporter.get("secondary-reporter") in {"1", "true"}
        for element in root.findall("participating-org"):
            role = self.code(element, "OrganisationRole", "role")
            party = self.org(element, Party, role=role, activity=(element.get("activity-id") or "").strip())
            if party.ref or party.names:
                a.parties.append(party)
            else:
                self.warn(element, "row-dropped", name=element.tag)
        for element in root.findall("other-identifier"):
            owner = element.find("owner-org")
            if ref := (element.get("ref") or "").strip():
                kind = (element.get("type") or "").strip()
                a.other_identifiers.append(OtherIdentifier(ref, kind, self.org(owner) if owner is not None else None))
        for element in root.findall("related-activity"):
            if ref := (element.get("ref") or "").strip():
                a.related.append((ref, facts.code_on("RelatedActivityType", element.get("type") or "")))

    def _texts(self):
        a, root = self.activity, self.element
        a.titles = self.texts(root.find("title"))
        if not a.titles and root.find("title") is not None:
            self.error(root.find("title"), "no-title")
        for element in root.findall("description"):
            kind = facts.code_on("DescriptionType", element.get("type") or "") or GENERAL
            texts, held = self.texts(element), a.descriptions.setdefault(kind, {})
            for language, text in texts.items():
                held[language] = f"{held[language]}\n\n{text}" if language in held else text
        a.descriptions = {kind: texts for kind, texts in a.descriptions.items() if texts}
        if not a.descriptions and root.find("description") is not None:
            self.warn(root.find("description"), "no-description")

    def _time(self):
        a, root = self.activity, self.element
        for element in root.findall("activity-status"):
            a.status = self.code(element, "ActivityStatus")
        for element in root.findall("activity-date"):
            kind, day = self.code(element, "ActivityDateType", "type"), day_of(element.get("iso-date") or "")
            if kind and day and kind not in a.dates:
                a.dates[kind] = Day(day.isoformat(), self.texts(element))
            elif kind and day and a.dates[kind].iso != day.isoformat():
                self.warn(element, "date-twice", type=kind, date=day.isoformat())
        spans = [
            tuple(a.dates[kind].iso if kind in a.dates else "" for kind in kinds)
            for kinds in ((PLANNED_START, PLANNED_END), (ACTUAL_START, ACTUAL_END))
        ]
        # A mixed pair (actual start and planned end, or the reverse) is checked only if both proper pairs are in order.
        for start, end in [span for span in spans if "" < span[1] < span[0]] or [a.span]:
            if end and end < start:
                self.error(root, "dates-order", start=start, end=end)
        for name, field in (
            ("FlowType", "flow"),
            ("FinanceType", "finance"),
            ("TiedStatus", "tied"),
        ):
            element = root.find(
                {"flow": "default-flow-type", "finance": "default-finance-type", "tied": "default-tied-status"}[field]
            )
            if element is not None:
                setattr(a, field, facts.code_on(name, element.get("code") or ""))
        for field, tag in (("scope", "activity-scope"), ("collaboration", "collaboration-type")):
            if (element := root.find(tag)) is not None:
                setattr(a, field, (element.get("code") or "").strip())
        for element in root.findall("default-aid-type"):
            vocabulary = (element.get("vocabulary") or DAC).strip()
            code = (element.get("code") or "").strip()
            if code and (vocabulary != DAC or facts.code_on("AidType", code)):
                a.aid_types.append(PercentageShare(facts.code_on("AidType", code) or code, vocabulary=vocabulary))

    # ── Money ────────────────────────────────────────────────────────────────────────────────────────────────

    def money(self, parent, find):
        """Return the amount of an element; None if it is missing or invalid.

        Faults that the check of the structure does not find are reported with `find`.
        """
        element = parent.find("value")
        if element is None or not is_number(element.text or ""):
            return None
        value = Decimal(element.text.strip())
        if abs(value) >= MOST:
            find(element, "amount-large", value=element.text.strip())
            return None
        currency = (element.get("currency") or "").strip().upper() or self.activity.currency
        if not currency:
            find(self.element, "no-currency")
            return None
        if not facts.code_on("Currency", currency):
            find(element, "code", value=f"“{currency}”", list="Currency", name=f"<{element.tag}>")
            return None
        date = day_of(element.get("value-date") or "")
        return Money(value, currency, date.isoformat() if date else "")

    def _day(self, parent, name):
        element = parent.find(name)
        day = day_of(element.get("iso-date") or "") if element is not None else None
        return day.isoformat() if day else ""

    def _money(self):
        a, root = self.activity, self.element
        for name in ("budget", "planned-disbursement"):
            for element in root.findall(name):
                start, end = self._day(element, "period-start"), self._day(element, "period-end")
                disbursement = name != "budget"
                money = self.money(element, self.warn if disbursement else self.error)
                if end and end < start:
                    if disbursement:
                        self.warn(element, "disbursement-order", start=start, end=end)
                        continue
                    self.error(element, "period-order", start=start, end=end)
                has_wrong_end = not end and element.find("period-end") is not None
                if disbursement and (money is None or not start or has_wrong_end):
                    self.warn(element, "disbursement-dropped")
                elif money:
                    a.budgets.append(
                        Budget(
                            start,
                            end,
                            money,
                            kind=facts.code_on("BudgetType", element.get("type") or ""),
                            status=facts.code_on("BudgetStatus", element.get("status") or ""),
                            disbursement=disbursement,
                        )
                    )
        for element in root.findall("transaction"):
            kind = element.find("transaction-type")
            code = self.code(kind, "TransactionType") if kind is not None else ""
            money = self.money(element, self.error)
            if money is None or not code:
                continue
            a.transactions.append(
                Transaction(
                    code,
                    self._day(element, "transaction-date"),
                    money,
                    ref=(element.get("ref") or "").strip(),
                    descriptions=self.texts(element.find("description")),
                    provider=self._party(element.find("provider-org")),
                    receiver=self._party(element.find("receiver-org")),
                    sectors=[share for child in element.findall("sector") if (share := self._sector(child))],
                    countries=[
                        share for child in element.findall("recipient-country") if (share := self._country(child))
                    ],
                    regions=[share for child in element.findall("recipient-region") if (share := self._region(child))],
                )
            )

    def _party(self, element):
        if element is None:
            return None
        org = self.org(element)
        return org if org.ref or org.names else None

    # ── Where and what for ───────────────────────────────────────────────────────────────────────────────────

    def _percentage(self, element):
        written = (element.get("percentage") or "").strip()
        return Decimal(written) if is_number(written) else None

    def _country(self, element):
        code = self.code(element, "Country")
        return PercentageShare(code, self._percentage(element), names=self.texts(element)) if code else None

    def _share(self, element, code, vocabulary):
        return PercentageShare(
            code,
            self._percentage(element),
            vocabulary=vocabulary,
            uri=element.get("vocabulary-uri") or "",
            names=self.texts(element),
        )

    def _region(self, element):
        vocabulary, code = (element.get("vocabulary") or "1").strip() or "1", (element.get("code") or "").strip()
        if not code or (vocabulary == "1" and not facts.code_on("Region", code)):
            self.warn(element, "row-dropped", name=element.tag)
            return None
        return self._share(element, code, vocabulary)

    def _sector(self, element):
        vocabulary, code = (element.get("vocabulary") or DAC).strip() or DAC, (element.get("code") or "").strip()
        if not code:
            return None
        name = {
            DAC: "Sector",
            DAC_CATEGORIES: "SectorCategory",
            SDG_GOALS: "UNSDG-Goals",
            SDG_TARGETS: "UNSDG-Targets",
        }.get(vocabulary)
        if name:
            known = facts.code_on(name, code)
            if not known:
                if name == "Sector":
                    self.error(element, "code", value=f"“{code}”", list=name, name=f"<{element.tag}>")
                else:
                    self.warn(element, "row-dropped", name=element.tag)
                return None
            code = known
            if name == "Sector" and facts.is_withdrawn(code):
                self.once(element, "withdrawn", value=code)
        return self._share(element, code, vocabulary)

    def _where(self):
        a, root = self.activity, self.element
        a.countries = [share for element in root.findall("recipient-country") if (share := self._country(element))]
        a.regions = [share for element in root.findall("recipient-region") if (share := self._region(element))]
        below = any(transaction.countries or transaction.regions for transaction in a.transactions)
        if (a.countries or a.regions) and below:
            self.warn(root, "both-levels")
        vocabularies = {share.vocabulary for share in a.regions} or {""}
        for vocabulary in sorted(vocabularies):
            shares = [*a.countries, *(share for share in a.regions if share.vocabulary == vocabulary)]
            self._add_up(root, shares, "countries-sum")
        if not a.countries and not a.regions:
            if below:
                found = _computed(
                    a.transactions,
                    lambda transaction: [*transaction.countries, *transaction.regions],
                    whole=lambda vocabulary: vocabulary or "1",  # countries and the DAC's regions add up together
                )
                a.countries = [share for share in found if not share.vocabulary]
                a.regions = [share for share in found if share.vocabulary]
                a.places_computed = True
            else:
                self.warn(root, "no-country")
        for element in root.findall("location"):
            self._location(element)

    def _location(self, element):
        names, written = self.texts(element.find("name")), " ".join((element.findtext("point/pos") or "").split())
        location = Location(
            names, exactness=(exact.get("code") or "") if (exact := element.find("exactness")) is not None else ""
        )
        if written:
            parts = written.split(" ")
            if (
                len(parts) == 2
                and all(map(is_number, parts))
                and abs(Decimal(parts[0])) <= 90
                and abs(Decimal(parts[1])) <= 180
            ):
                location.latitude, location.longitude = map(Decimal, parts)
            else:
                self.warn(element.find("point/pos"), "position-dropped", position=written)
        if names or location.latitude is not None:
            self.activity.locations.append(location)

    def _what_for(self):
        a, root = self.activity, self.element
        a.sectors = [share for element in root.findall("sector") if (share := self._sector(element))]
        for vocabulary in sorted({share.vocabulary for share in a.sectors}):
            shares = [share for share in a.sectors if share.vocabulary == vocabulary]
            self._add_up(
                root, shares, "sectors-sum", serious=vocabulary in {DAC, DAC_CATEGORIES}, vocabulary=vocabulary
            )
        if not a.sectors:
            a.sectors = _computed(a.transactions, lambda transaction: transaction.sectors)
            a.sectors_computed = bool(a.sectors)
        for element in root.findall("tag"):
            vocabulary = (element.get("vocabulary") or "").strip()
            name = {GOALS: "UNSDG-Goals", TARGETS: "UNSDG-Targets"}.get(vocabulary)
            code = facts.code_on(name, element.get("code") or "") if name else (element.get("code") or "").strip()
            if code:
                a.tags.append(
                    PercentageShare(
                        code, vocabulary=vocabulary, uri=element.get("vocabulary-uri") or "", names=self.texts(element)
                    )
                )
            else:
                self.warn(element, "row-dropped", name=element.tag)
        for element in root.findall("policy-marker"):
            if (element.get("vocabulary") or "1").strip() not in {"", "1"}:
                continue
            code = facts.code_on("PolicyMarker", element.get("code") or "")
            significance = facts.code_on("PolicySignificance", element.get("significance") or "")
            if code and significance:
                a.markers.setdefault(code, significance)
            else:
                self.warn(element, "marker-dropped")

    def _add_up(self, element, shares, kind, serious=True, **values):
        """Add a finding if all shares have percentages and these do not add up to 100.

        It is an error if the sum is `serious`, which means that readers see the shares, and the difference is not from
        rounding. Otherwise it is a warning.
        """
        given = [share.percentage for share in shares if share.percentage is not None]
        if len(shares) < 2 or len(given) < len(shares) or (total := sum(given)) == 100:
            return
        rounded = abs(total - 100) <= ROUNDING
        severity = Severity.ERROR if serious and not rounded else Severity.WARNING
        self.find(element.sourceline, severity, kind, total=f"{total.normalize():f}", **values)

    # ── Documents and results ────────────────────────────────────────────────────────────────────────────────

    def _links(self):
        a, root = self.activity, self.element
        for element in root.findall("document-link"):
            url = (element.get("url") or "").strip()
            if not _is_link(url):
                self.warn(element, "link-dropped", url=url[:80] or "—")
                continue
            date = element.find("document-date")
            day = day_of(date.get("iso-date") or "") if date is not None else None
            a.documents.append(
                Document(
                    url,
                    (element.get("format") or "").strip().lower(),
                    self.texts(element.find("title")),
                    [
                        code
                        for child in element.findall("category")
                        if (code := facts.code_on("DocumentCategory", child.get("code") or ""))
                    ],
                    [
                        code
                        for child in element.findall("language")
                        if (code := (child.get("code") or "").strip().lower())
                    ],
                    day.isoformat() if day else "",
                )
            )
        for element in root.findall("result"):
            a.results.append(
                ActivityResult(
                    facts.code_on("ResultType", element.get("type") or ""),
                    self.texts(element.find("title")),
                    self.texts(element.find("description")),
                    [self._indicator(child) for child in element.findall("indicator")],
                )
            )

    def _indicator(self, element):
        return ResultIndicator(
            self.texts(element.find("title")),
            facts.code_on("IndicatorMeasure", element.get("measure") or ""),
            [
                Baseline((child.get("year") or "").strip(), (child.get("value") or "").strip())
                for child in element.findall("baseline")
            ],
            [
                Period(
                    self._day(child, "period-start"),
                    self._day(child, "period-end"),
                    [value for target in child.findall("target") if (value := (target.get("value") or "").strip())],
                    [value for actual in child.findall("actual") if (value := (actual.get("value") or "").strip())],
                )
                for child in element.findall("period")
            ],
        )


def _language(label):
    """Return the language code of a label in lower case, without a region; "en" if the label is invalid.

    D-Portal writes EN, and some publishers write en-GB.
    """
    code = re.split(r"[-_]", label.strip().lower())[0]
    return code if re.fullmatch("[a-z]{2,8}", code) else "en"


def _spoken(text, label):
    """Return the language of a text: "ko" or "ru" if its letters contradict the label, else the label."""
    letters = len(LETTER.findall(text))
    if label != "ko" and letters and len(HANGUL.findall(text)) >= letters * KOREAN_FROM:
        return "ko"
    if label == "en" and letters and len(CYRILLIC.findall(text)) >= letters * RUSSIAN_FROM:
        return "ru"
    return label


def _clean(text):
    """Return a text without the whitespace of the file's layout. Paragraphs are kept."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r", ""))
    return "\n\n".join(words for paragraph in paragraphs if (words := " ".join(paragraph.split())))


def _is_link(url):
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme.lower() in {"http", "https"} and bool(parts.netloc) and len(url) <= LONGEST_LINK and " " not in url
    )


def _computed(transactions, of, whole=lambda vocabulary: vocabulary):
    """Return the shares of transactions by value.

    A percentage is None if the currencies differ or nothing was spent. Shares whose vocabularies have the same `whole`
    add up to 100 together.
    """
    spent = [transaction for transaction in transactions if of(transaction)]
    counted = [transaction for transaction in spent if transaction.kind in SPENT] or spent
    sums, seen = defaultdict(Decimal), {}
    for transaction in spent:
        for share in of(transaction):
            seen.setdefault((share.vocabulary, share.code), share)
    for transaction in counted:
        for share in of(transaction):
            part = Decimal(100) if share.percentage is None else share.percentage
            sums[share.vocabulary, share.code] += abs(transaction.money.value) * part / 100
    one_currency = len({transaction.money.currency for transaction in counted}) == 1
    found = []
    for (vocabulary, code), share in seen.items():
        total = sum(value for key, value in sums.items() if whole(key[0]) == whole(vocabulary))
        percentage = None
        if one_currency and total:
            percentage = (sums[vocabulary, code] * 100 / total).quantize(Decimal("0.01"))
        found.append(PercentageShare(code, percentage, vocabulary=vocabulary, uri=share.uri, names=share.names))
    return found
