"""Pictures at the desk: uploading, what is required before readers see them, and who may show them."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override

from issues.models import Event, Issue
from portal.core.choices import PublicationStatus
from portal.models import AuditEntry, Picture, Place
from projects.models import Organisation, Project
from tests import reading
from tests.drawings import drawing
from tests.make import make_event, make_issue, make_organisation, make_picture, make_place, make_project
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

D, R, S, P, A, _ASIDE = PublicationStatus
MODELS = (Issue, Place, Project, Event, Organisation)


def upload(data=None, name="IMG 0001.jpg"):
    return SimpleUploadedFile(name, drawing() if data is None else data)


COMPLETE = {
    "alt_en": "Ships on dry land",
    "alt_ko": "마른 땅의 배",
    "alt_ru": "Суда на суше",
    "location_en": "Moynaq",
    "taken_on": "2021-07",
    "author": "Test Drawer",
    "credit": "Test Drawer",
    "licence": "cc-by-4.0",
    "persons": "none",
    "is_shown": "on",
}


def add(client, **data):
    form = client.get(address(Picture, "add"))
    return client.post(address(Picture, "add"), form_data(form, **data))


def test_editor_uploads_a_picture_to_a_draft_and_readers_see_it_with_the_record(desk):
    place = make_place(key="moynaq", publication=D)
    assert add(desk("editor"), upload=upload(), place=place.pk, **COMPLETE).status_code == 302
    picture = Picture.objects.get()
    assert (picture.record, picture.is_shown, picture.width, picture.height) == (place, True, 800, 500)
    reader = desk("anonymous")
    assert reader.get(picture.src).status_code == 404
    place.publication = P
    place.save()
    assert reader.get(picture.src).status_code == 200
    [image] = reading.page(reader.get("/en/places/moynaq/")).xpath("//figure[@class='picture']/img")
    assert {name: image.get(name) for name in ("src", "width", "height", "alt", "loading")} == {
        "src": picture.src,
        "width": "800",
        "height": "500",
        "alt": "Ships on dry land",
        "loading": "lazy",
    }


def test_name_of_an_upload_is_nowhere(desk):
    add(desk("editor"), upload=upload(name="../../etc/passwd.html"), place=make_place(publication=D).pk, **COMPLETE)
    picture = Picture.objects.get()
    assert picture.file_names == [f"pictures/{picture.digest}-{width}.webp" for width in (390, 780, 800)]
    assert all(map(default_storage.exists, picture.file_names))


@pytest.mark.parametrize("missing", [name for name in COMPLETE if name not in {"author", "is_shown"}])
def test_readers_see_no_picture_that_lacks_something(desk, missing):
    response = add(desk("editor"), upload=upload(), place=make_place(publication=D).pk, **COMPLETE | {missing: ""})
    assert errors_of(response)[missing] == ["Readers need this before the file is shown."]
    assert not Picture.objects.exists()


def test_picture_needs_an_author_or_the_address_of_the_original(desk):
    data = {"upload": upload(), "place": make_place(publication=D).pk, **COMPLETE, "author": ""}
    client = desk("editor")
    assert errors_of(add(client, **data))["author"] == ["Give the author, or the address of the original."]
    assert add(client, **data | {"upload": upload(), "url": "https://example.org/picture"}).status_code == 302


def test_hidden_picture_may_be_incomplete(desk):
    assert add(desk("editor"), upload=upload(), place=make_place().pk).status_code == 302
    assert not Picture.objects.get().is_shown


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_editor_is_told_in_their_language_why_a_file_is_refused(desk, language):
    client = desk("editor")
    client.cookies["django_language"] = language
    response = add(client, upload=upload(b"<svg/>"), place=make_place(publication=D).pk)
    with override(language):
        [said] = errors_of(response)["upload"]
    assert {"en": "JPEG, PNG", "ko": "JPEG, PNG", "ru": "JPEG, PNG"}[language] in said
    assert ("picture that the portal can read" in said) == (language == "en")


@pytest.mark.parametrize("owners", [(), ("place", "issue")], ids=["no record", "two records"])
def test_picture_belongs_to_one_record(desk, owners):
    made = {"place": make_place, "issue": make_issue}
    response = add(desk("editor"), upload=upload(), **{owner: made[owner](publication=D).pk for owner in owners})
    assert errors_of(response)["__all__"] == ["A picture belongs to exactly one record."]


def test_new_picture_needs_a_file(desk):
    response = add(desk("editor"), place=make_place(publication=D).pk)
    assert errors_of(response)["upload"] == ["Choose a file."]


def test_quota_refuses_what_does_not_fit(desk, settings):
    make_picture()
    settings.MOST_STORED_BYTES = 1_000
    response = add(desk("editor"), upload=upload(), place=make_place(publication=D).pk)
    assert errors_of(response)["upload"] == [
        "The portal’s space for files is used up: 0 MB. Ask an administrator to remove files or to allow more."
    ]


# ── Who may do what ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("role", "publication", "may"),
    [
        ("editor", D, True),
        ("editor", R, True),
        ("editor", S, False),
        ("editor", P, False),
        ("editor", A, False),
        ("reviewer", P, True),
        ("administrator", P, True),
    ],
)
def test_only_reviewers_show_pictures_on_public_records(desk, role, publication, may):
    place = make_place(publication=publication)
    response = add(desk(role), upload=upload(), place=place.pk, why="A new picture", **COMPLETE)
    assert (response.status_code == 302) == may
    assert Picture.objects.exists() == may
    if not may:
        assert errors_of(response)["is_shown"] == ["This record is public: only a reviewer may show a file on it."]


def test_editor_cannot_touch_a_picture_that_readers_see(desk):
    picture = make_picture()
    client = desk("editor")
    client.post(change_address(picture), {"alt_en": "Something else"})
    assert client.post(address(Picture, "delete", picture.pk), {"post": "yes"}).status_code == 403
    picture.refresh_from_db()
    assert picture.alt_en == "Ships on dry land"
    hidden = make_picture(is_shown=False)
    assert client.post(address(Picture, "delete", hidden.pk), {"post": "yes"}).status_code == 302


def test_editor_cannot_show_a_picture_by_reverting_it(desk):
    picture = make_picture()
    picture.is_shown = False
    picture.save()
    [change] = picture.history.filter(history_type="~")
    before = change.prev_record.history_date.strftime("%Y%m%dT%H%M%S%f")
    client = desk("editor")
    assert client.post(address(Picture, "revert", picture.pk, before), {"why": "x"}).status_code == 403
    assert "Revert" not in client.get(address(Picture, "history", picture.pk)).content.decode()


def test_translator_writes_the_texts_of_their_language_and_cannot_empty_a_required_one(desk):
    picture = make_picture()
    client = desk("translator")
    form = client.get(change_address(picture))
    assert set(form.context["adminform"].form.fields) >= {"alt_ko", "location_ko"}
    assert "alt_ru" not in form.context["adminform"].form.fields
    response = client.post(change_address(picture), {"alt_ko": "", "location_ko": "", "why": "x"})
    assert errors_of(response)["alt_ko"] == ["Readers need this before the file is shown."]
    response = client.post(change_address(picture), {"alt_ko": "마른 바다의 배", "location_ko": "모이나크", "why": "x"})
    assert response.status_code == 302
    picture.refresh_from_db()
    assert (picture.alt_ko, picture.location_ko, picture.alt_en) == ("마른 바다의 배", "모이나크", "Ships on dry land")


def test_stranger_cannot_upload(desk):
    assert desk("anonymous").post(address(Picture, "add"), {"upload": upload()}).status_code == 302
    assert not Picture.objects.exists()


# ── At the record, in the history ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [make_issue, make_place, make_project, make_event, make_organisation])
def test_record_leads_to_its_pictures_and_a_new_one_is_of_that_record(desk, make):
    record = make()
    owner = record._meta.model_name
    make_picture(**{owner: record}), make_picture()
    client = desk("reviewer")
    [link] = reading.page(client.get(change_address(record))).xpath("//a[contains(@href, 'portal/picture/?')]")
    assert reading.words(link) == "Pictures (1)"
    response = client.get(link.get("href"))
    assert [picture.record for picture in response.context["cl"].queryset] == [record]
    [add_link] = reading.page(response).xpath("//ul[@class='object-tools']//a[@class='addlink']")
    form = client.get(add_link.get("href"))
    assert str(form.context["adminform"].form[owner].value()) == str(record.pk)


def test_change_is_explained_audited_and_in_the_history(desk):
    picture = make_picture()
    client = desk("reviewer")
    form = client.get(change_address(picture))
    refused = client.post(change_address(picture), form_data(form, alt_en="Three ships", why=""))
    assert "why" in errors_of(refused)
    client.post(change_address(picture), form_data(form, alt_en="Three ships", why="Counted"))
    newest = picture.history.latest()
    assert (newest.alt_en, newest.history_change_reason, newest.history_user.username) == (
        "Three ships",
        "Counted",
        "reviewer",
    )
    client.post(address(Picture, "delete", picture.pk), {"post": "yes"})
    assert AuditEntry.objects.filter(what=AuditEntry.Action.DELETED, kind="picture").exists()


def test_new_file_replaces_the_old_one(desk):
    picture = make_picture(place=make_place(publication=D))
    old = picture.digest
    client = desk("editor")
    form = client.get(change_address(picture))
    data = form_data(form, upload=upload(drawing(900, 600, seed=99)), why="A better one")
    assert client.post(change_address(picture), data).status_code == 302
    picture = Picture.objects.get()
    assert (picture.width, picture.height) == (900, 600)
    assert picture.digest != old
