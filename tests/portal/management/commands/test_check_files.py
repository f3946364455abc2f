"""The command check_files finds files without rows and rows without files."""

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from portal.models import DocumentText
from portal.models.held_file import stored_names
from tests.make import make_attachment, make_picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


def test_storage_without_files_is_in_order(capsys):
    call_command("check_files")
    assert capsys.readouterr().out == (
        "0 files, 0 without a row; 0 rows without a file.\nRows use 0.0 of 5,000 MB (MOST_STORED_MB).\n"
    )


def test_files_without_a_row_are_named_and_deleted_only_on_request(capsys):
    kept, gone = make_picture(), make_picture()
    gone.delete()
    call_command("check_files")
    said = capsys.readouterr().out
    assert said == "".join(f"No row names: {name}\n" for name in sorted(gone.file_names)) + (
        "6 files, 3 without a row; 0 rows without a file.\nRows use 0.0 of 5,000 MB (MOST_STORED_MB).\n"
    )
    assert len(stored_names()) == 6
    call_command("check_files", delete=True)
    assert f"Deleted: {gone.file_names[0]}" in capsys.readouterr().out
    assert stored_names() == sorted(kept.file_names)


def test_other_files_of_the_storage_stay(tmp_path):
    (tmp_path / "pictures").mkdir()
    other = tmp_path / "pictures" / "notes.txt"
    other.write_text("not of the portal")
    call_command("check_files", delete=True)
    assert other.exists()


def test_rows_whose_files_are_lost_are_an_error(capsys):
    picture = make_picture()
    default_storage.delete(picture.file_names[0])
    with pytest.raises(CommandError, match="Files are lost"):
        call_command("check_files")
    told = capsys.readouterr()
    assert told.err == f"Lost: {picture.file_names[0]}, of picture {picture.pk}\n"


def test_documents_are_checked_as_pictures_are(capsys):
    kept, gone, lost = make_attachment(), make_attachment(), make_attachment()
    gone.delete()
    default_storage.delete(lost.file_names[0])
    with pytest.raises(CommandError, match="Files are lost"):
        call_command("check_files", delete=True)
    told = capsys.readouterr()
    assert told.out == (
        f"Deleted: {gone.file_names[0]}\nDeleted: 1 texts of documents\n"
        "2 files, 1 without a row; 1 rows without a file.\nRows use 0.0 of 5,000 MB (MOST_STORED_MB).\n"
    )
    assert set(DocumentText.objects.values_list("digest", flat=True)) == {kept.digest, lost.digest}
    assert told.err == f"Lost: {lost.file_names[0]}, of attachment {lost.pk}\n"
    assert stored_names() == kept.file_names
