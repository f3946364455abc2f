"""Sign in as a member of the staff."""

from django.contrib.auth.models import Group, User

from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS

ROLES = {"editor": EDITOR, "reviewer": REVIEWER, "administrator": ADMINISTRATOR, "translator": TRANSLATORS["ko"]}


def sign_in(client, who):
    """Sign in the account of a role (a key of ROLES) or of a group, and return the client. "anonymous" signs out."""
    client.logout()
    if who != "anonymous":
        user, _created = User.objects.get_or_create(username=who, is_staff=True)
        user.groups.set([Group.objects.get(name=ROLES.get(who, who))])
        client.force_login(user)
    return client
