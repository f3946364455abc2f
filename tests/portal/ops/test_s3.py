"""Uploaded files in a bucket. The client of django-storages talks to a server of S3 on this machine."""

import boto3
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from moto.server import ThreadedMotoServer

from portal.models.held_file import stored_names
from portal.settings import uploaded_files_storage
from tests.make import make_attachment, make_picture

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    """Run a server of S3 and return its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def bucket(server, settings, monkeypatch):
    """Configure the portal with a bucket, as docs/operation.md describes, and return the bucket."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "S3_BUCKET": "portal",
        "S3_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3", endpoint_url=server).Bucket("portal")
    bucket.create()
    settings.STORAGES = {**settings.STORAGES, "default": uploaded_files_storage()}
    yield bucket
    bucket.objects.delete()
    bucket.delete()


def names_in(bucket):
    return sorted(item.key for item in bucket.objects.all())


def test_files_are_stored_in_the_bucket_and_served_by_the_portal(bucket, client):
    picture, attachment = make_picture(), make_attachment()
    assert names_in(bucket) == stored_names() == sorted([*picture.file_names, *attachment.file_names])
    response = client.get(attachment.src)
    assert (response.status_code, len(response.content)) == (200, attachment.size)
    assert [client.get(url).status_code for _width, url in picture.files] == [200, 200, 200]


def test_hidden_file_is_not_served_and_a_lost_one_is_not_found(client):
    hidden, lost = make_attachment(is_shown=False), make_attachment()
    default_storage.delete(lost.file_names[0])
    assert [client.get(attachment.src).status_code for attachment in (hidden, lost)] == [404, 404]


def test_check_finds_files_without_rows_and_rows_without_files(bucket, capsys):
    kept, gone = make_attachment(), make_attachment()
    gone.delete()
    call_command("check_files", delete=True)
    assert names_in(bucket) == kept.file_names
    default_storage.delete(kept.file_names[0])
    with pytest.raises(CommandError, match="Files are lost"):
        call_command("check_files")
    assert capsys.readouterr().err == f"Lost: {kept.file_names[0]}, of attachment {kept.pk}\n"
