"""Unpublished content does not appear at any URL.

The tests publish a small world. Then they link it to records that are drafts, in review, scheduled or archived and
contain a secret word. They request every public URL of the URL configuration in every format, and unpack ZIP files.
No response may contain the word. The key of an unpublished record gets the same response as a key that never existed.
"""

import functools
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import override
from modeltranslation.translator import translator

from issues.models import Issue, KeyFigure
from portal.core import documents
from portal.core.choices import PublicationStatus
from portal.formats.responses import FORMATS
from portal.formats.serialisers import SERIALISERS
from portal.models import Attachment, Picture, Record, Revision
from portal.publishing.preview import preview_links
from portal.search import indexing
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import RowVersionPair, change_reason, parts_of, version_at
from tests.addresses import KINDS, addresses, filled, kind_of_key, unpacked
from tests.documents import pdf
from tests.lists import LISTS
from tests.make import (
    UNPUBLISHED,
    make_assignment,
    make_attachment,
    make_citation,
    make_comment,
    make_correction,
    make_issue,
    make_notice,
    make_organisation,
    make_participation,
    make_picture,
    make_portal_details,
    make_project,
    make_reader_report,
    make_reporting_organisation,
    make_revision,
    make_source,
)
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db

WORD = SECRET.lower().encode()
# Parameters of lists and pages whose value is the key of a record.
CHOOSERS = ("country", "issue", "organisation", "place", "indicator", "source", "project")


def keys_of(found):
    keys = {}
    for record in found:
        if hasattr(record, "key"):
            keys.setdefault(record._meta.model_name, []).append(record.key)
    return keys


@pytest.fixture(scope="class")
def hidden(own_database):
    """Return a published world, with unpublished records beside each of its records, and the keys of both.

    It takes seconds to make. The tests of a class only read it.
    """
    with override("en"), transaction.atomic():
        return make_hidden()


def make_hidden():
    world = make_world()
    make_reporting_organisation()
    make_participation(project=world.project, organisation=make_organisation())
    once_secret = make_issue(name_en=SECRET, summary_en=SECRET, publication=PublicationStatus.DRAFT)
    with change_reason(ChangeReason.ON_TIME):
        for name in ("name", "summary"):
            for code in ("en", "ko", "ru"):
                setattr(once_secret, f"{name}_{code}", "Told to all")
        once_secret.publication = PublicationStatus.PUBLISHED
        once_secret.save()
    made = []

    def remembered(new):
        def make(maker, **fields):
            made.append(new(maker, **fields))
            return made[-1]

        return make

    # What readers write is private, open or closed, and so is the note of the editors.
    private = {"url": f"https://{SECRET}.example/", "email": f"{SECRET}@a.example", "message": SECRET, "note": SECRET}
    address = world.project.get_absolute_url()
    make_reader_report(address=address, **private)
    make_reader_report(address=address, state="corrected", closed_on=timezone.localdate(), **private)
    # What editors write to each other, on records of every state.
    colleague = User.objects.create_user(f"{SECRET}-name", first_name=SECRET, is_staff=True)
    for record in (world.project, world.issue, once_secret):
        written = make_comment(record, text=SECRET, author=colleague)
        make_assignment(record, assignee=colleague)
        make_notice(record, recipient=colleague, actor=colleague, comment=written)
    make_correction(world.project)
    make_portal_details(publisher_en="An institute")

    for record in records(world):
        if isinstance(record, Record):
            revise(record)
    for publication in UNPUBLISHED:
        for record in records(world):
            link(record, remembered(unpublished(publication)), SECRET)
    texts = {f"{name}_{code}": SECRET for name in ("alt", "location") for code in ("en", "ko", "ru")}
    told = {**texts, "credit": SECRET, "author": SECRET, "note": SECRET, "url": f"https://{SECRET}.example/"}
    unseen = unseen_files(Picture, make_picture, world, made, width=390, **told)
    told = {name: text for name, text in told.items() if not name.startswith(("alt", "location"))}
    titles = {f"title_{code}": SECRET for code in ("en", "ko", "ru")}
    document = functools.partial(make_attachment, documents.clean(pdf(SECRET)))  # its text is a secret too
    unseen_documents = unseen_files(Attachment, document, world, made, **told, **titles)
    shown = make_attachment(source=world.source)
    indexing.flush_index()
    digests = {
        "digest": [make_picture(width=390, place=world.place).digest],
        "hidden": [picture.digest for picture in unseen],
        "document": [shown.digest],
        "hidden_document": list({attachment.digest for attachment in unseen_documents}),
    }
    return keys_of([*records(world), once_secret]) | digests, keys_of(made)


def unseen_files(model, make, world, made, **told):
    """Return files that readers do not see: hidden ones of published records, and shown ones of unpublished records."""
    files = [make(**{owner: getattr(world, owner)}, is_shown=False, **told) for owner in model.OWNERS]
    owners = [(record._meta.model_name, record) for record in made]
    return files + [make(**{kind: record}, **told) for kind, record in owners if kind in model.OWNERS]


def revise(record):
    """Make revisions of a published record in each state but published: SECRET is in all its texts and in a new row."""
    texts = dict.fromkeys(texts_of(record), SECRET)
    now = version_at(record, kinds=parts_of(record))
    times = {"decided_at": timezone.now(), "publish_at": timezone.now() + timedelta(days=1)}
    for state in Revision.State.values:
        decided = {"scheduled": times, "discarded": times | {"publish_at": None}}
        if state != Revision.State.PUBLISHED:
            revision = make_revision(record, texts, state=state, why=SECRET, note=SECRET, **decided.get(state, {}))
            for row in now[KeyFigure].values() if isinstance(record, Issue) else ():
                secret = row | {"id": -1, "position": 99} | {f"label_{code}": SECRET for code in ("en", "ko", "ru")}
                revision.set_steps(revision.steps | {KeyFigure: {-1: RowVersionPair(None, secret)}})
                revision.save()


def texts_of(record):
    """Return the columns of a record that hold text."""
    fields = translator.get_options_for_model(type(record)).all_fields
    return [f"{field}_{code}" for field in fields for code in ("en", "ko", "ru")] or ["title", "note"]


def asked(seen):
    """Yield every public URL in each of its formats."""
    every = [path for route in addresses() for path in filled(route, seen)]
    for path in every:
        yield path
        if path.startswith(f"/{settings.LANGUAGE_CODE}/") and path.endswith("/"):
            yield from (f"{path}?format={name}" for name in (*FORMATS, "svg"))
    kinds = {"country": "place", "issue": "issue", "project": "project"}
    yield from (f"/en/compare/?{name}=" + f"&{name}=".join(seen[kind][:4]) for name, kind in kinds.items())
    yield "/iati/activities.xml?imported=1"
    yield "/en/issues/?view=causes"
    yield "/en/map/?format=json&bbox=40,30,90,60&zoom=2"


@pytest.mark.long
class TestHidden:
    def test_no_answer_tells_what_is_not_published(self, hidden, client):
        seen, _unseen = hidden
        told, count = [], 0
        for address in asked(seen):
            response = client.get(address)
            headers = " ".join(f"{name}: {value}" for name, value in response.headers.items())
            count += 1
            if WORD in unpacked(response).lower() or WORD in headers.lower().encode():
                told.append(address)
        assert told == []
        assert count > 400

    @pytest.mark.parametrize("verb", ["ListIdentifiers", "ListRecords"])
    def test_harvesters_learn_of_what_was_archived_that_it_is_gone_and_nothing_else(
        self, hidden, client, monkeypatch, verb
    ):
        _seen, unseen = hidden
        monkeypatch.setattr("portal.open_data.oai.protocol.PAGE", 1_000)
        said = client.get(f"/oai?verb={verb}&metadataPrefix=oai_dc").content
        gone = rb'<header status="deleted"><identifier>oai:testserver:(\w+)/([\w-]+)</identifier>.*?</header>'
        found = re.findall(gone, said)
        assert found
        for kind, key in found:
            assert key.decode() in unseen[kind.decode()]
            model = SERIALISERS[kind.decode()].model
            assert model.objects.filter(key=key.decode(), publication=PublicationStatus.ARCHIVED).exists()
        assert WORD not in re.sub(gone, b"", said).lower()
        assert b"resumptionToken" not in said

    def test_no_file_of_an_unpublished_record_or_a_hidden_picture_is_served(self, hidden, client):
        seen, _unseen = hidden
        answers = {
            digest: client.get(f"/files/pictures/{digest}/390.webp").status_code
            for digest in (*seen["digest"], *seen["hidden"])
        }
        assert answers == dict.fromkeys(seen["digest"], 200) | dict.fromkeys(seen["hidden"], 404)
        assert len(answers) > 20
        [hidden_document], [shown] = seen["hidden_document"], seen["document"]
        answers = [client.get(f"/files/attachments/{digest}.pdf").status_code for digest in (hidden_document, shown)]
        assert answers == [404, 200]

    def test_its_words_find_no_more_than_words_that_stand_nowhere(self, hidden, client):
        stranger = "Zzyzxa"
        for name in (*LISTS, "search", "map", "search/suggest"):
            for query in ("", "&format=json"):
                answers = [unpacked(client.get(f"/en/{name}/?q={word}{query}")) for word in (SECRET, stranger)]
                assert answers[0].replace(SECRET.encode(), b"*") == answers[1].replace(stranger.encode(), b"*"), name

    def test_a_guessed_key_finds_no_more_than_one_that_nobody_gave(self, hidden, client):
        """Use the keys in URLs and as filters. For an archived record a reader learns only that it existed."""
        _seen, unseen = hidden
        archived = {
            key
            for kind, keys in unseen.items()
            for key in SERIALISERS[kind]
            .model.objects.filter(publication=PublicationStatus.ARCHIVED)
            .values_list("key", flat=True)
        }
        different, count = [], 0

        def said(address, key):
            response = client.get(address)
            return response.status_code, unpacked(response).replace(key.encode(), b"*")

        for route in addresses():
            if "<key>" in route:
                [stranger] = filled(route, {kind: ["nobody-s-key"] for kind in KINDS.values()})
                nothing = said(stranger, "nobody-s-key")
                assert nothing[0] == 404
                kind = kind_of_key(route)
                few = {(key in archived): key for key in unseen[kind]}  # an archived one and one of the others
                for key in few.values():
                    count += 1
                    [address] = filled(route, {kind: [key] for kind in KINDS.values()})
                    answer = said(address, key)
                    if answer != nothing and not (
                        key in archived and answer[0] == 410 and WORD not in answer[1].lower()
                    ):
                        different.append(address)
        for path in (
            "issues",
            "projects",
            "timeline",
            "indicators",
            "coverage",
            "map",
            "gyeonggi/ties",
            "compare",
            "search",
            "glossary",
        ):
            for name in CHOOSERS:
                kind = "place" if name == "country" else name
                key = unseen[kind][0]
                nothing = said(f"/en/{path}/?{name}=nobody-s-key", "nobody-s-key")
                count += 1
                if said(f"/en/{path}/?{name}={key}", key) != nothing:
                    different.append(f"/en/{path}/?{name}={key}")
        assert different == []
        assert count > 100

    def test_no_page_in_another_language_tells_it(self, hidden, client):
        seen, _unseen = hidden
        told, count = [], 0
        for language in ("ko", "ru"):
            with override(language):
                pages = [
                    path for route in addresses() for path in filled(route, seen) if path.startswith(f"/{language}/")
                ]
            told += [path for path in pages if WORD in unpacked(client.get(path)).lower()]
            count += len(pages)
        assert told == []
        assert count > 120


@pytest.mark.parametrize("state", ["draft", "in-review"])
def test_revision_is_shown_only_to_whoever_has_its_link(client, state):
    project = make_project()
    make_citation(project)
    revision = make_revision(project, {"summary_en": SECRET}, state=state)
    [(_code, _name, url), *_others] = preview_links(revision)
    shown = client.get(url)
    assert WORD in unpacked(shown).lower()
    assert shown.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert shown.headers["Cache-Control"] == "private, no-store"
    page = f"/admin/projects/project/{project.pk}/revisions/{revision.pk}/"
    for address in (project.get_absolute_url(), f"{project.get_absolute_url()}?format=json", page, f"{page}edit/"):
        assert WORD not in unpacked(client.get(address)).lower()
    revision.state = "in-review" if state == "draft" else "draft"
    revision.save()
    ended = client.get(url)
    assert (ended.status_code, WORD in unpacked(ended).lower()) == (410, False)


def test_what_is_public_of_a_record_begins_when_it_is_published(client):
    """The text stays in the draft's history, although the record is published later."""
    project = make_project(summary_en=SECRET, publication=PublicationStatus.IN_REVIEW)
    project.summary_en, project.publication = "Trees on the dried bed.", PublicationStatus.PUBLISHED
    project.save()
    make_source()
    for address in ("changes/", "changes/feed/", "", "?format=json"):
        assert WORD not in unpacked(client.get(f"{project.get_absolute_url()}{address}")).lower()
