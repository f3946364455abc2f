"""Says in words why a project is near to a plan. The reasons are the score: each signal with points has one."""

from django.utils.translation import gettext, ngettext

from issues.models import Issue
from portal.core.choices import Area
from portal.core.formatting import number, year_range
from portal.core.languages import label_list
from portal.models import Place
from projects.models import Organisation, Sector
from projects.overlap.scoring import points
from projects.overlap.signals import YEARS_APART

MOST_NAMES = 4
MOST_WORDS = 8


class Names:
    """The names of the records that reasons mention, in the active language. One query for each kind of record."""

    def __init__(self, places, issues, organisations, sectors):
        self.places = _names(Place.objects.published(), places)
        self.issues = _names(Issue.objects.published(), issues)
        self.organisations = _names(Organisation.objects.published(), organisations)
        self.sectors = {one.code: one.name for one in Sector.objects.filter(code__in=sectors)}

    @classmethod
    def of(cls, check):
        """Return the names that the reasons of a check may mention."""
        shown = [check.projects[neighbour.pk] for neighbour in check.neighbours]
        facts = check.facts
        return cls(
            {*facts.places, *facts.countries, *(key for one in shown for key in one.places)},
            set(facts.issues),
            {*facts.organisations, *(key for one in shown for key in one.organisations)},
            {code for one in shown for code in one.sectors},
        )


def _names(records, keys):
    return {record.key: record.name_and_language()[0] for record in records.filter(key__in=keys)}


def reasons_for(neighbour, check, names):
    """Return the reasons of a neighbour as dicts of signal, text and points, the most points first."""
    project, measure, given = check.projects[neighbour.pk], check.measure, points(neighbour.signals)
    texts = {
        "place": _place(project, measure, names),
        "country": _of_names(
            gettext("Same country: {names}"),
            [names.places.get(key) for key in check.facts.countries if key in project.countries],
        ),
        "issue": _of_names(
            gettext("The same issues: {names}"), [names.issues.get(key) for key in measure.shared_issues(project)]
        ),
        "area": _of_names(
            gettext("The same areas: {names}"),
            [Area(key).label for key in check.facts.areas if key in project.areas],
        ),
        "sector": _of_names(
            gettext("Sector that fits the words: {names}"),
            [names.sectors.get(code) for code in sorted(project.sectors) if code in measure.sectors],
        ),
        "partner": _partner(project, measure, names),
        "time": _time(project, measure),
        "words": _words(project, measure),
    }
    given["words"] += given.pop("title")  # one reason for both
    found = [
        {"signal": signal, "text": texts[signal], "points": round(worth, 1)}
        for signal, worth in given.items()
        if worth > 0 and texts[signal]
    ]
    return sorted(found, key=lambda reason: -reason["points"])


def _of_names(sentence, found):
    """Return a sentence with names; "" if there is none."""
    known = list(dict.fromkeys(name for name in found if name))
    if not known:
        return ""
    more = len(known) - MOST_NAMES
    listed = label_list(known[:MOST_NAMES])
    return sentence.format(names=f"{listed} (+{more})" if more > 0 else listed)


def _place(project, measure, names):
    nearness, planned, other = measure.place(project)
    if not nearness:
        return ""
    relation = measure.places.nearness(planned, other)[1]
    name, planned_name = names.places.get(other, other), names.places.get(planned, planned)
    if relation == "near":
        distance = measure.places.distance(planned, other)
        return gettext("Near: {place}, {distance} km from the planned place ({planned})").format(
            place=name, distance=number(round(distance)), planned=planned_name
        )
    sentence = {
        "same": gettext("Same place: {place}"),
        "within": gettext("Within the planned place ({planned}): {place}"),
        "around": gettext("Contains the planned place ({planned}): {place}"),
        "beside": gettext("In the same region as the planned place ({planned}): {place}"),
    }[relation]
    return sentence.format(place=name, planned=planned_name)


def _partner(project, measure, names):
    same = [names.organisations.get(key) for key in measure.facts.organisations if key in project.organisations]
    if same:
        return _of_names(gettext("The same organisation: {names}"), same)
    region = [
        names.organisations.get(key)
        for key in sorted(project.organisations)
        if any((planned, key) in measure.same_region for planned in measure.facts.organisations)
    ]
    return _of_names(gettext("An organisation of the same province: {names}"), region)


def _time(project, measure):
    apart = measure.years_apart(project)
    if apart is None or abs(apart) >= YEARS_APART:
        return ""
    if project.end is None and apart:
        return gettext("Began in {year}, end not known").format(year=project.start.year)
    years = year_range(project.start.year, project.last.year)
    if apart == 0:
        return gettext("The years overlap: {years}").format(years=years)
    if apart > 0:
        told = ngettext(
            "Ended {count} year before the planned start: {years}",
            "Ended {count} years before the planned start: {years}",
            apart,
        )
    else:
        told = ngettext(
            "Starts {count} year after the planned end: {years}",
            "Starts {count} years after the planned end: {years}",
            -apart,
        )
    return told.format(count=abs(apart), years=years)


def _words(project, measure):
    shared = measure.shared_words(project)
    best = sorted(shared, key=lambda token: (-shared[token] * measure.weights[token], token))
    typed = measure.facts.typed
    written = list(dict.fromkeys(_shared_part(typed[token], token, shared) for token in best if token in typed))
    if not written:
        return gettext("Words of the same meaning, by the glossary") if best else ""
    more = len(written) - MOST_WORDS
    listed = ", ".join(written[:MOST_WORDS])
    return gettext("Shared words: {words}").format(words=f"{listed} (+{more})" if more > 0 else listed)


def _shared_part(word, token, shared):
    """Return a typed word; of a Korean one, of which a part may be shared, that part."""
    if len(token) != 2 or token not in word or not "가" <= token[0] <= "힣":
        return word
    first = last = word.index(token)
    while first and word[first - 1 : first + 1] in shared:
        first -= 1
    while word[last + 1 : last + 3] in shared:
        last += 1
    return word[first : last + 2]
