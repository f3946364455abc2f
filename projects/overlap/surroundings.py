"""What stands around a plan: the agreements that may cover it, and what no project of the portal serves."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext

from portal.core.choices import Area
from portal.core.languages import label_list
from portal.facets import registry
from projects.models import Agreement, AgreementArea, AgreementParty, Project
from projects.provinces import notes_on_provinces, provinces_without_projects

MOST_AGREEMENTS = 8
NEWEST = 200  # agreements of the planned countries that are compared
MOST_COUNTRIES = 5
PARTY, AREA, ISSUE = 3, 2, 2  # how much each counts


@dataclass(frozen=True)
class CoveringAgreement:
    """An agreement that may cover a plan, and what both have in common, as keys."""

    agreement: Agreement
    organisations: list
    areas: list
    issues: list


def agreements_for(facts):
    """Return the published agreements that may cover a plan, as CoveringAgreement, the closest first.

    An agreement covers it if it is of a planned country, and a planned organisation is a party or it has a planned area
    or issue. Without a planned country, a planned organisation must be a party. At most MOST_AGREEMENTS are returned,
    and only the NEWEST of many are compared.
    """
    parties = AgreementParty._base_manager.filter(agreement=OuterRef("pk"))
    areas = AgreementArea._base_manager.filter(agreement=OuterRef("pk"), area__in=list(facts.areas))
    issues = Agreement.issues.through._base_manager.filter(agreement=OuterRef("pk"), issue__key__in=list(facts.issues))
    keys = list(facts.countries)
    of_country = Exists(parties.filter(Q(country__key__in=keys) | Q(organisation__country__key__in=keys)))
    of_organisation = Exists(parties.filter(organisation__key__in=list(facts.organisations)))
    rows = (
        Agreement.objects.published()
        .filter(
            Q(of_country) & (Q(of_organisation) | Q(Exists(areas)) | Q(Exists(issues))) if keys else of_organisation
        )
        .prefetch_related("areas", "issues", "parties__organisation")
        .order_by("-date", "key")[:NEWEST]
    )
    found = []
    for agreement in rows:
        shared = CoveringAgreement(
            agreement,
            [
                party.organisation.key
                for party in agreement.parties.all()
                if party.organisation and party.organisation.key in facts.organisations
            ],
            [row.area for row in agreement.areas.all() if row.area in facts.areas],
            [issue.key for issue in agreement.issues.all() if issue.key in facts.issues],
        )
        found.append(shared)
    found.sort(key=_closeness)  # stable: of equals, the newest stays first
    return found[:MOST_AGREEMENTS]


def _closeness(shared):
    return -(PARTY * len(shared.organisations) + AREA * len(shared.areas) + ISSUE * len(shared.issues))


def gaps_around(facts, names):
    """Return sentences on what no published project serves, as far as the portal has it.

    They are about the planned places, and about the planned countries with the planned areas and issues, with all
    areas, and with their provinces. `names` are the Names of the check.
    """
    facets = registry.facet_index(Project).facets
    found = [
        gettext("{place}: no sourced project names it or a place in it.").format(place=names.places[key])
        for key in facts.places
        if key in names.places and not facets["place"][key]  # of a place and of all places in it
    ]
    notes: dict[str, None] = {}  # in their order, each once
    for country in list(facts.countries)[:MOST_COUNTRIES]:
        if country not in names.places:
            continue
        here = facets["country"][country]

        def lacking(facet, values, here=here):
            return [value for value in values if here.isdisjoint(facets[facet][value])]

        planned = [Area(value).label for value in lacking("area", facts.areas)]
        planned += [names.issues[key] for key in lacking("issue", facts.issues) if key in names.issues]
        others = [Area(value).label for value in lacking("area", Area.values) if value not in facts.areas]
        provinces = provinces_without_projects(country, besides=facts.places)
        for sentence, listed in (
            (gettext("{country}: no sourced project on what is planned: {names}"), label_list(planned)),
            (gettext("{country}: areas without a sourced project: {names}"), label_list(others)),
            (gettext("{country}: provinces that no sourced project names: {names}"), ", ".join(provinces)),
        ):
            if listed:
                found.append(sentence.format(country=names.places[country], names=listed))
        if provinces:
            notes |= dict.fromkeys(notes_on_provinces(country))
    return [*found, *notes]
