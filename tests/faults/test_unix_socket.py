"""gunicorn bound to a Unix socket, whose clients have no address, without BEHIND_PROXY."""

import httpx
import pytest

from portal.tracking.audit_log import AuditEntry
from tests.browser.served import serve
from tests.faults.visiting import early_in_a_minute


@pytest.mark.any_database
@pytest.mark.django_db(transaction=True)  # the server only sees committed data
@pytest.mark.parametrize("proxies", ["0", "1"])
def test_portal_answers_through_a_unix_socket(own_database, tmp_path, proxies):
    place = tmp_path / "portal.sock"
    options = {"BEHIND_PROXY": proxies, "LIMIT_SEARCH": "10", "METRICS_NETWORKS": "127.0.0.0/8"}
    with (
        serve(own_database, "--bind", f"unix:{place}", **options),
        httpx.Client(base_url="http://localhost", transport=httpx.HTTPTransport(uds=str(place)), timeout=60) as reader,
    ):
        early_in_a_minute()
        # All its clients count as one network, which may not read the metrics.
        statuses = [reader.get(f"/en/search/?q=aral{number}").status_code for number in range(30)]
        assert (statuses[0], statuses[-1]) == (200, 429)
        assert reader.get("/metrics").status_code == 404
        # Sign-in counts attempts by address too, and writes the network into the audit log.
        page = reader.get("/accounts/login/")
        form = {"login": "gulnara", "password": "wrong", "csrfmiddlewaretoken": page.cookies["csrftoken"]}
        answer = reader.post("/accounts/login/", data=form, headers={"Referer": "http://localhost/accounts/login/"})
        assert answer.status_code == 200
        assert "Wrong username or password." in answer.text
    assert AuditEntry.objects.get(what="sign-in-failed").network == "0.0.0.0/24"
