"""Harvest the portal by OAI-PMH in tests."""

import datetime

import requests
from sickle import Sickle

from tests.make import (
    make_agreement,
    make_event,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_project,
    make_result,
    make_source,
)

NAMES = {"oai": "http://www.openarchives.org/OAI/2.0/", "dc": "http://purl.org/dc/elements/1.1/"}
MAKERS = (
    *(make_issue, make_indicator, make_event, make_project),
    *(make_organisation, make_agreement, make_place, make_result, make_source),
)


class Harvester(Sickle):
    """Return a harvester that requests the portal."""

    def __init__(self, client, **options):
        super().__init__("http://testserver/oai", **options)
        self.client = client

    def _request(self, asked):
        answer = (self.client.get if self.http_method == "GET" else self.client.post)("/oai", asked)
        response = requests.Response()
        response.status_code, response._content = answer.status_code, answer.content
        response.headers.update(answer.headers)
        return response


def identifiers(harvester, **asked):
    return [header.identifier for header in harvester.ListIdentifiers(metadataPrefix="oai_dc", **asked)]


def changed(record, text):
    """Set the time of the last change of a record."""
    moment = datetime.datetime.fromisoformat(text)
    type(record).objects.filter(pk=record.pk).update(updated_at=moment)
    return record
