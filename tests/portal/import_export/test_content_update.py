"""Updates of the content: the fixtures of a new release, on a portal whose editors have worked since."""

import pytest

from issues.models import Observation, PageIndicator
from portal.core.choices import PublicationStatus
from portal.import_export.content_update import FixtureError
from portal.models import Source
from portal.tracking import content_version
from portal.tracking.change_log import content_transaction
from portal.tracking.history import TRACKED, change_reason, without_history
from projects.models import Project
from tests.make import (
    make_citation,
    make_country,
    make_former_key,
    make_observation,
    make_organisation,
    make_page_indicator,
    make_participation,
    make_project,
    make_source,
    make_tombstone,
)
from tests.portal.import_export.releases import Release

pytestmark = pytest.mark.django_db


@pytest.fixture
def trees(db):
    """A project as it was loaded: with a country, an organisation and a source, and without history."""
    with without_history(), content_transaction():
        project = make_project(key="trees", title_en="Trees", summary_ko="심는다.", summary_ru="Сажают.")
        project.countries.add(make_country(key="uz"))
        make_citation(project, make_source(key="kei-2021"))
        make_participation(project=project, organisation=make_organisation(key="koica"), role="funding")
        make_organisation(key="kfs")
    return project


@pytest.fixture
def release(trees, tmp_path):
    return Release(tmp_path)


def edited(reason="Corrected after a call."):
    """The changes within are those of an editor."""
    return change_reason(reason)


def test_an_untouched_record_is_brought_up_to_date_with_its_rows(release, trees, client):
    [fields] = release.all_of("projects.project")
    fields |= {"summary_en": "Saxaul is planted on 500 ha.", "budget": "250.5", "currency": "USD", "countries": []}
    release.all_of("projects.participation")[0]["role"] = "implementing"
    release.add("10_sources", "portal.source", **(release.all_of("portal.source")[0] | {"key": "kfs-2024"}))
    release.add("60_projects", "projects.projectcitation", project=["trees"], source=["kfs-2024"], position=1)
    before = content_version.current_version()

    report = release.load()

    trees.refresh_from_db()
    assert (trees.summary_en, str(trees.budget), trees.version) == ("Saxaul is planted on 500 ha.", "250.50", 3)
    assert list(trees.countries.all()) == []
    assert list(trees.participations.values_list("organisation__key", "role")) == [("koica", "implementing")]
    assert list(trees.citations.values_list("source__key", flat=True)) == ["kei-2021", "kfs-2024"]
    assert Source.objects.get(key="kfs-2024").published_at is not None
    assert report.left_alone == []
    assert content_version.current_version() == before + 1
    assert "/en/projects/trees/" in client.get("/en/search/?q=500").content.decode()


def test_a_second_update_changes_nothing(release, trees):
    release.all_of("projects.project")[0]["summary_en"] = "Saxaul is planted on 500 ha."
    release.load()
    version = content_version.current_version()
    report = release.load()
    assert (report.counts, report.changes) == ({}, [])
    assert content_version.current_version() == version


def test_the_history_shows_the_update_and_what_was_before(release, trees):
    release.all_of("projects.project")[0]["summary_en"] = "Saxaul is planted on 500 ha."
    release.load()
    states = (
        TRACKED[Project]
        .states.objects.order_by("pk")
        .values_list("history_type", "history_change_reason", "history_user", "summary_en")
    )
    assert list(states) == [
        ("=", "", None, "Saxaul is planted on the dry bed."),
        ("~", "Updated with the content of a new version of the portal.", None, "Saxaul is planted on 500 ha."),
    ]
    release.all_of("projects.project")[0]["summary_en"] = "Saxaul is planted on 700 ha."
    assert release.load().left_alone == []
    trees.refresh_from_db()
    assert trees.summary_en == "Saxaul is planted on 700 ha."


def test_of_an_edited_record_the_untouched_fields_are_brought_up_to_date(release, trees):
    with edited():
        trees.summary_en = "Editors know better."
        trees.save()
    release.all_of("projects.project")[0].update(
        summary_en="Saxaul is planted on 500 ha.", summary_ko="500ha에 심는다.", title_en="Trees of the Aralkum"
    )
    report = release.load()
    trees.refresh_from_db()
    assert (trees.summary_en, trees.summary_ko) == ("Editors know better.", "심는다.")
    assert trees.title_en == "Trees of the Aralkum"
    assert report.left_alone == [("project trees", "changed here: summary_en, summary_ko")]


def test_rows_that_editors_changed_removed_or_added_stay(release, trees):
    with edited():
        trees.participations.get().delete()
        make_participation(project=trees, organisation=make_organisation(key="own"), role="partner")
        trees.countries.clear()
    release.add("60_projects", "projects.participation", project=["trees"], organisation=["kfs"], role="funding")
    report = release.load()
    assert set(trees.participations.values_list("organisation__key", "role")) == {
        ("own", "partner"),
        ("kfs", "funding"),
    }
    assert list(trees.countries.all()) == []
    assert report.left_alone == [
        ("project trees", "changed here: countries"),
        ("participation trees/koica/funding", "it was removed here"),
    ]


def test_a_row_that_an_editor_gave_another_key_is_not_added_again(release, trees):
    with edited():
        row = trees.participations.get()
        row.role = "partner"
        row.save()
    assert release.load().changes == []
    assert list(trees.participations.values_list("role", flat=True)) == ["partner"]


def test_rows_that_left_the_fixtures_go(release, trees):
    with without_history(), content_transaction():
        kept, retired = make_observation(year=2020), make_observation(year=2021)
    later = Release(release.folder)
    later.drop("issues.observation", year=2021)
    later.load()
    assert list(Observation.objects.values_list("pk", flat=True)) == [kept.pk]
    states = TRACKED[Observation].states.objects.filter(id=retired.pk).order_by("pk")
    assert list(states.values_list("history_type", flat=True)) == ["=", "-"]


def test_a_removed_record_stays_removed_and_an_archived_one_archived(release, trees):
    with without_history(), content_transaction():
        removed = make_project(key="removed", title_en="Removed")
        archived = make_project(key="archived", title_en="Archived")
    later = Release(release.folder)
    with edited():
        removed.delete()
        archived.publication = PublicationStatus.ARCHIVED
        archived.save()
    for fields in later.all_of("projects.project"):
        fields["title_en"] += " project"
    report = later.load()
    assert set(Project.objects.values_list("key", "title_en", "publication")) == {
        ("trees", "Trees project", "published"),
        ("archived", "Archived project", "archived"),
    }
    assert report.left_alone == [("project removed", "it was removed here")]


def test_a_record_with_a_notice_of_removal_is_not_added(release, trees):
    make_tombstone(kind="source", key="gone-2020")
    release.add("10_sources", "portal.source", **(release.all_of("portal.source")[0] | {"key": "gone-2020"}))
    release.add("60_projects", "projects.projectcitation", project=["trees"], source=["gone-2020"], position=1)
    report = release.load()
    assert not Source.objects.filter(key="gone-2020").exists()
    assert report.left_alone == [
        ("source gone-2020", "it was removed here"),
        ("citation trees/gone-2020", "it names source gone-2020, which is not here"),
    ]


def test_an_own_record_of_the_portal_stays_with_its_rows(release, trees):
    with edited():
        own = make_project(key="own", title_en="Own")
        make_citation(own, make_source(key="own-source"))
    release.add("60_projects", "projects.project", **(release.all_of("projects.project")[0] | {"key": "own"}))
    release.add("60_projects", "projects.participation", project=["own"], organisation=["koica"], role="funding")
    report = release.load()
    own.refresh_from_db()
    assert (own.title_en, own.participations.count(), own.citations.count()) == ("Own", 0, 1)
    assert report.left_alone == [("project own", "the portal has a record of its own with this key")]


def test_a_record_that_left_the_fixtures_goes_unless_own_records_name_it(release, trees):
    with without_history(), content_transaction():
        make_source(key="unused"), make_source(key="named")
    later = Release(release.folder)
    with edited():
        make_citation(make_project(key="own"), Source.objects.get(key="named"))
    later.drop("portal.source", key="unused")
    later.drop("portal.source", key="named")
    report = later.load()
    assert set(Source.objects.values_list("key", flat=True)) == {"kei-2021", "named"}
    assert report.left_alone == [("source named", "it left the fixtures, but records of this portal name it")]
    version = content_version.current_version()
    assert (later.load().counts, content_version.current_version()) == ({}, version)


def test_a_merged_source_stands_for_its_former_key(release, trees):
    with edited():
        other = make_source(key="kei-2021-page")
        trees.citations.update(source=other)
        Source.objects.get(key="kei-2021").delete()
        make_former_key(kind="source", key="kei-2021", now="kei-2021-page")
    report = release.load()
    assert list(trees.citations.values_list("source__key", flat=True)) == ["kei-2021-page"]
    assert report.changes == []


def test_a_dry_run_stores_nothing(release, trees):
    release.all_of("projects.project")[0]["summary_en"] = "Saxaul is planted on 500 ha."
    version = content_version.current_version()
    report = release.load(dry_run=True)
    assert report.changes == ["changed project trees: summary_en"]
    trees.refresh_from_db()
    assert trees.summary_en == "Saxaul is planted on the dry bed."
    assert content_version.current_version() == version


def test_choices_for_pages_are_loaded_only_into_a_portal_without_any(release, trees):
    with without_history(), content_transaction():
        own = make_page_indicator()
    later = Release(release.folder)
    later.drop("issues.pageindicator")
    assert later.load().left_alone == [("indicators on pages", "the portal has its own choices")]
    assert list(PageIndicator.objects.all()) == [own]


def test_a_value_that_the_database_refuses_is_left_alone(release, trees):
    with edited():
        trees.end = "2024"
        trees.save()
    release.all_of("projects.project")[0].update(start="2026", title_en="Trees of the Aralkum")
    report = release.load()
    trees.refresh_from_db()
    assert (trees.title_en, trees.start, trees.end) == ("Trees", None, "2024")
    assert report.left_alone == [
        ("project trees", "changed here: end"),
        ("project trees", "A project cannot end before it starts."),
    ]


def test_a_fixture_that_does_not_fit_is_refused(release, trees):
    release.all_of("projects.project")[0]["colour"] = "green"
    with pytest.raises(FixtureError, match=r"projects\.Project has no field colour"):
        release.load()
    release.add("60_projects", "projects.unheard", key="x")
    with pytest.raises(FixtureError, match=r"60_projects\.json: the model projects\.unheard is unknown"):
        release.load()
