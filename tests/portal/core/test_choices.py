"""Choices that exist in IATI have the codes of its lists."""

import csv

import pytest
from django.conf import settings

from portal.core.choices import Area, Confidence, Goal
from projects.models import Organisation, Participation, Project, ProjectIssue, RioMarker

CODELISTS = settings.BASE_DIR.parent / "shared" / "iati" / "codelists"


def codelist(name):
    """Return the English names of one of IATI's lists by code."""
    if not CODELISTS.is_dir():
        pytest.skip("../shared is not there")
    with (CODELISTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name_en"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("choices", "name", "expected"),
    [
        (
            Organisation.Kind,
            "OrganisationType",
            {
                "government": "Government",
                "local-government": "Local Government",
                "other-public-sector": "Other Public Sector",
                "international-ngo": "International NGO",
                "national-ngo": "National NGO",
                "multilateral": "Multilateral",
                "foundation": "Foundation",
                "private-sector": "Private Sector",
                "academic-research-training": "Academic, Training and Research",
            },
        ),
        (
            Project.Status,
            "ActivityStatus",
            {
                "pipeline": "Pipeline/identification",
                "implementation": "Implementation",
                "finalisation": "Finalisation",
                "closed": "Closed",
                "cancelled": "Cancelled",
                "suspended": "Suspended",
            },
        ),
        (
            Participation.Role,
            "OrganisationRole",
            {
                "funding": "Funding",
                "accountable": "Accountable",
                "extending": "Extending",
                "implementing": "Implementing",
                "partner": None,
            },
        ),
        (
            RioMarker.Marker,
            "PolicyMarker",
            {
                "biodiversity": "Aid Targeting the Objectives of the Convention on Biological Diversity",
                "mitigation": "Aid Targeting the Objectives of the Framework Convention on Climate Change - Mitigation",
                "adaptation": "Aid Targeting the Objectives of the Framework Convention on Climate Change - Adaptation",
                "desertification": "Aid Targeting the Objectives of the Convention to Combat Desertification",
            },
        ),
        (
            ProjectIssue.Significance,
            "PolicySignificance",
            {"principal": "principal objective", "significant": "significant objective"},
        ),
        (
            Project.Finance,
            "FinanceType",
            {
                "grant": "Standard grant",
                "loan": "Standard loan",
                "technical-cooperation": None,
                "investment": None,
                "exchange": None,
            },
        ),
    ],
)
def test_choices_carry_the_codes_of_their_iati_list(choices, name, expected):
    names = codelist(name)
    assert {choice.value: names[choice.iati_code] if choice.iati_code else None for choice in choices} == expected


def test_rio_marker_is_scored_as_iati_scores_it():
    names = codelist("PolicySignificance")
    assert [names[str(score)] for score in RioMarker.Significance.values] == [
        "not targeted",
        "significant objective",
        "principal objective",
    ]


def test_a_choice_is_its_value_in_text_and_database():
    assert f"{Participation.Role.FUNDING}" == Participation.Role.FUNDING.value == "funding"


def test_unfinished_work_is_what_goes_on():
    assert Project.Status.unfinished() == ["implementation", "finalisation"]


def test_each_confidence_says_what_it_means():
    assert [str(confidence.meaning) for confidence in Confidence] == [
        "An official or peer-reviewed source was read.",
        "Reputable press or a partner’s own page was read.",
        "One weak or partial source was read.",
    ]


def test_there_are_seventeen_goals_by_number():
    assert Goal.values == [str(number) for number in range(1, 18)]


@pytest.mark.parametrize("choices", [Area, Goal, Organisation.Kind, Project.Status, Participation.Role])
def test_no_two_choices_share_their_words(choices):
    labels = [str(label) for label in choices.labels]
    assert sorted(set(labels)) == sorted(labels)
