"""The answer to a plan as plain data in one language: the page, the API, files and stored results show the same."""

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_lazy, ngettext, override, pgettext_lazy

from portal.core.choices import Area, PublicationStatus
from portal.core.formatting import date_text, money, number, quantity
from portal.core.languages import text_and_language
from portal.core.urls import with_query
from projects.budgets import convert_budget
from projects.models import Agreement, Organisation, Participation, Project, Result
from projects.overlap.check import check_overlap
from projects.overlap.names import COUNTRY, ORGANISATION, PLACE
from projects.overlap.reasons import Names, reasons_for
from projects.overlap.scoring import RELATED, SAME, STRONG
from projects.overlap.surroundings import agreements_for, gaps_around

VISIBLE = PublicationStatus.PUBLISHED
MOST_ORGANISATIONS = 4
MOST_RESULTS = 3
LONGEST_RESULT = 400  # characters of a text on what came of a project
MOST_WORDS = 40
MOST_IN_BRIEF = 5  # neighbours that a brief begins with
GRADE_LABELS = {
    SAME: gettext_lazy("Same or continues"),
    STRONG: gettext_lazy("Strongly overlaps"),
    RELATED: pgettext_lazy("overlap", "Related"),
}
# What was read from a plan, by its name in the answer.
READ_LABELS = {
    "countries": gettext_lazy("Countries"),
    "places": gettext_lazy("Places"),
    "areas": gettext_lazy("Areas of cooperation"),
    "issues": gettext_lazy("Environmental issues"),
    "organisations": gettext_lazy("Organisations"),
    "words": gettext_lazy("Words"),
}


def answer_plan(plan):
    """Return the answer to a plan as a dict for JSON, in the language of the plan. Its URLs are paths."""
    with override(plan.language):
        check = check_overlap(plan)
        names = Names.of(check)
        facts = check.facts
        items = _items(check, names, plan)
        return {
            "language": plan.language,
            "checked_on": timezone.localdate().isoformat(),
            "searched": check.searched,
            "compared": len(check.projects),
            "read": {
                "countries": _known(names.places, facts.countries),
                "places": _known(names.places, facts.places),
                "areas": [str(Area(key).label) for key in facts.areas],
                "issues": _known(names.issues, facts.issues),
                "organisations": _known(names.organisations, facts.organisations),
                "years": list(facts.years),
                "words": sorted({facts.typed[token] for token in facts.words if token in facts.typed})[:MOST_WORDS],
            },
            "read_as": [
                {"typed": typed, "name": (names.organisations if kind == ORGANISATION else names.places).get(key, key)}
                for typed, kind, key in facts.read_as
                if kind in (COUNTRY, PLACE, ORGANISATION)
            ],
            "unknown": list(facts.unknown),
            "items": items,
            "agreements": _agreements(facts, names),
            "gaps": gaps_around(facts, names),
            "brief": _brief(facts, items),
        }


def _brief(facts, items):
    """Return the address of a brief on the planned country and topic with the near projects; None without either."""
    topics = {"issue": facts.issues} if facts.issues else {"area": facts.areas}
    [(name, topic)] = topics.items()
    if not facts.countries or not topic:
        return None
    # Of equally certain values, the one that was stated first.
    subject = {"country": max(facts.countries, key=facts.countries.get), name: max(topic, key=topic.get)}
    near = [item["key"] for item in items if item["grade"] > RELATED]
    return with_query(reverse("brief"), subject | ({"project": near[:MOST_IN_BRIEF]} if near else {}))


def headline(answer):
    """Return the result in a sentence: how many projects overlap with the plan, or else how many are related."""
    found, near = len(answer["items"]), sum(item["grade"] > RELATED for item in answer["items"])
    if near:
        sentence = ngettext("{count} project overlaps with the plan", "{count} projects overlap with the plan", near)
        return sentence.format(count=number(near))
    if found:
        sentence = ngettext(
            "No project overlaps with the plan; {count} is related.",
            "No project overlaps with the plan; {count} are related.",
            found,
        )
        return sentence.format(count=number(found))
    return gettext("No project in the portal is near to this. It may exist all the same.")


def what_was_read(answer, *, words=True):
    """Return what was read from a plan as pairs of a label and names, without `words` those of records alone."""
    return [
        (label, answer["read"][name])
        for name, label in READ_LABELS.items()
        if answer["read"][name] and (words or name != "words")
    ]


def _known(names, keys):
    return [names[key] for key in keys if key in names]


def _items(check, names, plan):
    """Return the neighbours as dicts. The number of queries is constant."""
    parts = Participation.objects.filter(organisation__publication=VISIBLE).select_related("organisation")
    results = Result.objects.published().order_by("key")
    projects = (
        Project.objects.published()
        .prefetch_related(Prefetch("participations", parts), Prefetch("result_records", results))
        .in_bulk([neighbour.pk for neighbour in check.neighbours])
    )
    found = []
    for neighbour in check.neighbours:
        project = projects.get(neighbour.pk)
        if project is None:
            continue  # it was withdrawn a moment ago
        title, language = project.name_and_language()
        reasons = reasons_for(neighbour, check, names)
        found.append(
            {
                "key": project.key,
                "title": title,
                "title_language": language,
                "url": project.get_absolute_url(),
                "grade": neighbour.grade,
                "grade_label": str(GRADE_LABELS[neighbour.grade]),
                "fit": round(100 * neighbour.fit),
                "reasons": [reason["text"] for reason in reasons],
                "points": {reason["signal"]: reason["points"] for reason in reasons},
                "status": str(project.status_now_words),
                "years": [project.start, project.end],
                "budget": money(project.budget, project.currency) if project.budget is not None else None,
                "budget_share": _budget_share(project, plan),
                "outcome": _outcome(project),
                "looked_on_words": project.looked_on_words,
                "organisations": _organisations(project),
            }
        )
    return found


def _budget_share(project, plan):
    """Return the budget of a project as a percentage of the planned one; None if one is unknown or there is no rate."""
    if not plan.budget or project.budget is None:
        return None
    if project.currency == plan.currency:
        amount = project.budget
    elif (converted := convert_budget(project, plan.currency)) is not None:
        amount = converted.amount
    else:
        return None
    return round(100 * amount / plan.budget)


def budget_words(item):
    """Return the budget of a neighbour in words, compared with the planned one where both are known; "" if unknown."""
    if item["budget"] and item.get("budget_share") is not None:  # answers of an earlier version have no share
        share = quantity(item["budget_share"], "%")
        return gettext("{budget}, about {share} of the planned budget").format(budget=item["budget"], share=share)
    return item["budget"] or ""


def _outcome(project):
    """Return what came of a project: its results and lessons, or else the text of its own; [] if nothing is known."""
    kinds = list(Result.Kind)
    results = sorted(project.result_records.all(), key=lambda result: kinds.index(result.kind))
    # One of each kind first, so that a lesson is not hidden behind many results.
    first_of_kind = {result.kind: result for result in reversed(results)}.values()
    shown = sorted(first_of_kind, key=lambda result: kinds.index(result.kind))
    shown += [result for result in results if result not in shown]
    found = []
    for result in shown[:MOST_RESULTS]:
        text, language = text_and_language(result, "text")
        found.append(
            {
                "key": result.key,
                "kind": str(result.get_kind_display()),
                "text": Truncator(text).chars(LONGEST_RESULT),
                "text_language": language,
                "url": result.get_absolute_url(),
            }
        )
    text, language = text_and_language(project, "results")
    if not found and text:
        found.append(
            {
                "key": None,
                "kind": gettext("Results"),
                "text": Truncator(text).chars(LONGEST_RESULT),
                "text_language": language,
                "url": f"{project.get_absolute_url()}#results",
            }
        )
    return found


def _organisations(project):
    """Return whom to ask: the organisations of a project, the leading ones first, each with its roles."""
    roles = {}
    order = [*Participation.Role.leading(), Participation.Role.PARTNER]
    for part in sorted(project.participations.all(), key=lambda part: order.index(part.role)):
        roles.setdefault(part.organisation, []).append(str(part.get_role_display()))
    return [
        {
            "key": organisation.key,
            "name": organisation.name_and_language()[0],
            "name_language": organisation.name_and_language()[1],
            "roles": of_organisation,
            "url": organisation.get_absolute_url(),
        }
        for organisation, of_organisation in list(roles.items())[:MOST_ORGANISATIONS]
    ]


def _agreements(facts, names):
    found = []
    for shared in agreements_for(facts):
        agreement = shared.agreement
        title, language = agreement.name_and_language()
        reasons = (
            (gettext("Party: {names}"), _known(names.organisations, shared.organisations)),
            (gettext("Area: {names}"), [str(Area(area).label) for area in shared.areas]),
            (gettext("Issue: {names}"), _known(names.issues, shared.issues)),
        )
        found.append(
            {
                "key": agreement.key,
                "title": title,
                "title_language": language,
                "url": agreement.get_absolute_url(),
                "date": agreement.date,
                "date_label": date_text(agreement.date),
                "kind": str(agreement.get_kind_display()),
                "reasons": [sentence.format(names=", ".join(values)) for sentence, values in reasons if values],
            }
        )
    return found


def still_published(answer):
    """Return a stored answer without the records that are no longer published. Four queries."""
    projects = _published(Project, answer["items"])
    agreements = _published(Agreement, answer["agreements"])
    organisations = _published(Organisation, [one for item in answer["items"] for one in item["organisations"]])
    results = _published(Result, [one for item in answer["items"] for one in item["outcome"]]) | {None}
    items = [
        item
        | {
            "organisations": [one for one in item["organisations"] if one["key"] in organisations],
            "outcome": [one for one in item["outcome"] if one["key"] in results],
        }
        for item in answer["items"]
        if item["key"] in projects
    ]
    return answer | {"items": items, "agreements": [one for one in answer["agreements"] if one["key"] in agreements]}


def _published(model, rows):
    return set(model.objects.published().filter(key__in={row["key"] for row in rows}).values_list("key", flat=True))


def with_base(answer, base):
    """Return an answer in which `base` begins each URL. Its URLs are paths."""

    def based(rows):
        return [row | {"url": base + row["url"]} for row in rows]

    items = [
        item | {"organisations": based(item["organisations"]), "outcome": based(item["outcome"])}
        for item in based(answer["items"])
    ]
    brief = answer["brief"] and base + answer["brief"]
    return answer | {"items": items, "agreements": based(answer["agreements"]), "brief": brief}
