"""Two hundred readers and two editors at once: each confirmed change is stored once, and readers get all pages."""

import itertools
import threading

import pytest
from django.db.models import Count

from issues.models import Term
from tests.browser.served import serve
from tests.faults.visiting import PATIENCE, Editor, Readers, ask, session_of, until
from tests.make import make_citation, make_source, make_term

READERS, SAVES = 200, 3
PATHS = ("/en/glossary/", "/ko/glossary/", "/ru/glossary/", "/en/sources/")


def keep_saving(editor, leaving, stored, forms):
    """Send forms one after the other until the event is set. Collect those that the portal confirmed."""
    for name, path, changes in forms:
        if leaving.is_set():
            return
        assert editor.save(path, **changes).status_code == 302
        stored.append(name)


@pytest.mark.django_db(transaction=True)  # the server only sees committed data
def test_every_write_that_was_answered_is_there_and_none_twice(own_database):
    source, term = make_source(), make_term(key="tugai", definition_en="Forest number 0.")
    make_citation(term, source)
    began = term.version
    changing = (
        (
            f"Forest number {number}.",
            f"/admin/issues/term/{term.pk}/change/",
            {"definition_en": f"Forest number {number}.", "why": f"It has number {number}."},
        )
        for number in itertools.count(1)
    )
    adding = (
        (
            f"word-{number}",
            "/admin/issues/term/add/",
            {"key": f"word-{number}", "term_en": f"Word {number}"}
            | {"definition_en": "A word.", "publication": "draft"},
        )
        for number in itertools.count(1)
    )
    with serve(own_database, "--workers", "2") as site:
        leaving, stored = threading.Event(), ([], [])
        with Editor(site, session_of("kim")) as kim, Editor(site, session_of("lee")) as lee:
            editors = [
                threading.Thread(target=keep_saving, args=(editor, leaving, names, forms))
                for editor, names, forms in zip((kim, lee), stored, (changing, adding), strict=True)
            ]
            with Readers(site, PATHS, count=READERS, pages=2) as readers:
                for thread in editors:
                    thread.start()
                readers.join()
            until(lambda: min(map(len, stored)) >= SAVES)
            leaving.set()
            for thread in editors:
                thread.join(PATIENCE)
        assert "Traceback" not in site.log()
        last = ask(site, "/en/glossary/").text
    changed, added = stored
    assert [answer for answer in readers.answers if not answer.is_whole_page] == []
    # Every change is stored, in the order in which it was made, and the page shows the last one.
    kept = [state.definition_en for state in Term.history.filter(key="tugai").order_by("pk")]
    assert kept == ["Forest number 0.", *changed]
    assert Term.objects.get(key="tugai").version == began + len(changed)
    assert changed[-1] in last
    # Every new record is stored once, with its history.
    there = Term.objects.filter(key__startswith="word-")
    assert sorted(there.values_list("key", flat=True)) == sorted(added)
    began_once = Term.history.filter(key__startswith="word-", history_type="+").values("key").annotate(n=Count("pk"))
    assert {row["key"]: row["n"] for row in began_once} == dict.fromkeys(added, 1)
