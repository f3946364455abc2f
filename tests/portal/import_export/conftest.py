"""Fixtures of imports."""

import pytest
from django.contrib.auth.models import Group, User


@pytest.fixture
def user():
    """Return a function that makes a user of a group."""

    def of(group):
        someone, _created = User.objects.get_or_create(username=group, is_staff=True)
        someone.groups.set([Group.objects.get(name=group)])
        return User.objects.get(pk=someone.pk)

    return of
