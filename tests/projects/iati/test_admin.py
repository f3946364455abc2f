"""The report to IATI in the admin: who reports, and what is left out for which reason."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from portal.core.choices import PublicationStatus
from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS
from projects.models import Project
from tests.make import make_reporting_organisation
from tests.projects.iati.reports import FILE, ROLE, make_reportable

pytestmark = pytest.mark.django_db

LACKS = {
    "The start date is unknown; IATI requires at least a planned one.": lambda p: Project.objects.update(start=None),
    "No published organisation has an IATI role (funding, accountable, extending, implementing).": (
        lambda p: p.participations.update(role=ROLE.PARTNER)
    ),
    "No published country is given.": lambda p: p.countries.clear(),
    "No sector is given.": lambda p: p.sectors.clear(),
    "It has not been published.": lambda p: Project.objects.update(publication=PublicationStatus.DRAFT),
}


@pytest.mark.parametrize("reason", LACKS)
def test_what_keeps_a_project_out_is_said_at_the_desk(client, reason):
    make_reporting_organisation()
    project = make_reportable()
    LACKS[reason](project)
    assert client.get(FILE).status_code == 404
    assert client.get(f"/iati/activities/{project.key}.xml").status_code == 404
    client.force_login(User.objects.create_superuser("editor"))
    form = client.get(reverse("admin:projects_project_change", args=[project.pk])).content.decode()
    assert reason in form
    if project.publication == Project.objects.get().publication:
        assert reason in client.get(reverse("admin:projects_iati_kept_out")).content.decode()


@pytest.mark.parametrize(
    ("group", "sees", "sets"),
    [
        (EDITOR, True, False),
        (REVIEWER, True, False),
        (ADMINISTRATOR, True, True),
        (TRANSLATORS["ko"], False, False),
        (None, False, False),
    ],
)
def test_administrators_say_who_reports_and_editors_see_what_is_reported(client, group, sees, sets):
    reporting = make_reporting_organisation()
    make_reportable()
    if group:
        user = User.objects.create(username="staff", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client.force_login(user)
    page = client.get(reverse("admin:projects_iati_kept_out"))
    assert ("1 project is reported under XM-DAC-99999." in page.content.decode()) == sees
    url = reverse("admin:projects_reportingorganisation_change", args=[reporting.pk])
    client.post(url, {"organisation": reporting.organisation_id, "ref": "XM-DAC-77777", "former_refs": "XM-DAC-99999"})
    reporting.refresh_from_db()
    assert reporting.ref == ("XM-DAC-77777" if sets else "XM-DAC-99999")
