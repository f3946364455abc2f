"""Sign in as a member of the staff."""

import time

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings

from portal.accounts.adapters import SIGNED_IN_AT
from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS
from tests.browser.served import settings_of_a_local_run

ROLES = {"editor": EDITOR, "reviewer": REVIEWER, "administrator": ADMINISTRATOR, "translator": TRANSLATORS["ko"]}


def sign_in(client, who):
    """Sign in the account of a role (a key of ROLES) or of a group, and return the client. "anonymous" signs out."""
    client.logout()
    if who != "anonymous":
        user, _created = User.objects.get_or_create(username=who, is_staff=True)
        user.groups.set([Group.objects.get(name=ROLES.get(who, who))])
        client.force_login(user)
    return client


def note_sign_in(client):
    """Store in the session of a client that its user has just signed in: no page asks for the password again."""
    session = client.session
    session[SIGNED_IN_AT] = time.time()
    session.save()


def session_of(user):
    """Return the session cookie of a user who has just signed in: no page asks for the password again.

    Servers of `serve` on the same database accept it.
    """
    with override_settings(SECRET_KEY=settings_of_a_local_run()["SECRET_KEY"]):
        browser = Client()
        browser.force_login(user)
        note_sign_in(browser)
    return browser.cookies[settings.SESSION_COOKIE_NAME].value
