"""The command update_content brings the records up to date from the fixtures, and says what it did."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.import_export import content_update
from portal.management.commands import update_content
from portal.tracking.change_log import content_transaction
from portal.tracking.history import without_history
from tests.make import make_project, make_source
from tests.portal.import_export.releases import Release

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(tmp_path):
    """The fixtures of a release of which the portal has everything: one source, and one project without history."""
    with without_history(), content_transaction():
        make_source()
        make_project(key="trees", summary_ko="심는다.", summary_ru="Сажают.")
    return Release(tmp_path)


def test_the_command_says_what_it_did(release, settings):
    release.all_of("projects.project")[0]["summary_en"] = "Saxaul is planted on 500 ha."
    (release.folder / "fixtures").mkdir()
    release.folder /= "fixtures"
    release.load(dry_run=True)
    settings.BASE_DIR = release.folder.parent

    def said(**options):
        out = StringIO()
        call_command("update_content", stdout=out, **options)
        return out.getvalue().splitlines()

    assert said(dry_run=True) == ["changed: projects 1", "Nothing was stored (--dry-run)."]
    assert said(verbosity=2) == ["changed project trees: summary_en", "changed: projects 1"]
    assert said() == ["The content is up to date."]


def test_what_was_left_alone_is_named_with_the_reason(release, settings, monkeypatch):
    left_alone = content_update.UpdateReport()
    left_alone.left_alone.append(("project trees", "removed here"))
    monkeypatch.setattr(update_content, "update_content", lambda folder, dry_run: left_alone)
    out = StringIO()
    call_command("update_content", stdout=out)
    assert out.getvalue().splitlines() == [
        "left alone: project trees: removed here",
        "The content is up to date.",
    ]


def test_a_fixture_that_does_not_fit_ends_the_command_with_its_error(release, settings):
    settings.BASE_DIR = release.folder
    release.folder /= "fixtures"
    release.folder.mkdir()
    release.all_of("projects.project")[0]["colour"] = "green"
    with pytest.raises(content_update.FixtureError):
        release.load()
    with pytest.raises(CommandError, match=r"projects\.Project has no field colour"):
        call_command("update_content")


def test_an_empty_database_is_seeded_instead(db):
    with pytest.raises(CommandError, match="no records yet"):
        call_command("update_content")
