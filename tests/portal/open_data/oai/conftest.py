"""Fixtures of OAI-PMH."""

import pytest

from tests.portal.open_data.oai.harvest import Harvester


@pytest.fixture
def harvester(client):
    return Harvester(client)
