"""Sessions of signed-in users: their duration, and the page on which users see and end their other sessions."""

import time
from datetime import UTC, datetime

from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.forms import ManageUserSessionsForm
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_save
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.urls import PRIVATE_PATHS
from portal.tracking.audit_log import AuditEntry, log_action, network_at

BEGAN_AT, ACTIVE_AT = "session_began_at", "session_active_at"  # keys in the session; seconds since 1970
ACTIVITY_SECONDS = 60  # the shortest time between two writes of a session's activity
# Text in a User-Agent header, and the name of the browser. The first match applies: most browsers also name others.
BROWSERS = {
    **{"Edg": "Edge", "OPR/": "Opera", "YaBrowser": "Yandex Browser", "Whale/": "Whale"},
    **{"SamsungBrowser": "Samsung Internet", "Firefox/": "Firefox", "FxiOS": "Firefox"},
    **{"CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"},
}
SYSTEMS = {
    **{"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Macintosh": "Mac"},
    **{"CrOS": "ChromeOS", "Linux": "Linux"},
}


def connect_signals():
    """Connect the receivers of this module. `PortalConfig.ready` calls it once."""
    user_logged_in.connect(begin_session, dispatch_uid="sessions")
    pre_save.connect(keep_network_only, sender=UserSession, dispatch_uid="sessions")
    password_changed.connect(tell_of_ended_sessions, dispatch_uid="sessions")
    for signal in (authenticator_added, authenticator_removed, authenticator_reset):
        signal.connect(offer_to_end_sessions, dispatch_uid="sessions")


# ── How long a session lasts ─────────────────────────────────────────────────────────────────────────────────


def begin_session(sender, request, user, **kwargs):
    """Receive user_logged_in: store in the session when it began."""
    request.session[BEGAN_AT] = request.session[ACTIVE_AT] = time.time()


def note_activity(request):
    """Extend the session to SESSION_COOKIE_AGE from now, but not beyond SESSION_MAX_SECONDS after it began.

    Also update `last_seen_at` of its UserSession. Nothing is done within ACTIVITY_SECONDS of the last call.
    """
    session, now = request.session, time.time()
    if now - session.get(ACTIVE_AT, 0) < ACTIVITY_SECONDS:
        return
    session[ACTIVE_AT] = now
    ends = min(now + settings.SESSION_COOKIE_AGE, session.setdefault(BEGAN_AT, now) + settings.SESSION_MAX_SECONDS)
    # A time, because a number of seconds would restart with each change of the session.
    session.set_expiry(datetime.fromtimestamp(ends, tz=UTC))
    if not UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now()):
        UserSession.objects.create_from_request(request)  # a session older than the list of sessions


class ActivityMiddleware:
    """Extends the session with each request of a signed-in user to the admin or the pages of the accounts."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith(PRIVATE_PATHS) and request.user.is_authenticated:
            note_activity(request)
        return self.get_response(request)


# ── The list of sessions ─────────────────────────────────────────────────────────────────────────────────────


def keep_network_only(sender, instance, **kwargs):
    """Receive pre_save of UserSession: replace the IP address by that of its network, as stored in the audit log."""
    instance.ip = str(network_at(instance.ip).network_address)


def device(user_agent):
    """Return the browser and operating system of a User-Agent header as text in the active language."""
    browser, system = (
        next((name for mark, name in names.items() if mark in user_agent), "") for names in (BROWSERS, SYSTEMS)
    )
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    if system:
        return _("Unknown browser on {system}").format(system=system)
    return browser or _("Unknown browser")


def other_sessions(request):
    """Return a list of the user's sessions except that of the request, the last used first. Deletes expired ones."""
    sessions = UserSession.objects.purge_and_list(request.user)
    others = [session for session in sessions if session.session_key != request.session.session_key]
    return sorted(others, key=lambda session: session.last_seen_at, reverse=True)


def tell_of_ended_sessions(sender, request, user, **kwargs):
    """Receive password_changed: add a message that all other sessions have ended.

    Django ends them itself, since each session contains a hash of the password.
    """
    messages.info(request, _("Your account is signed in nowhere else any more."), extra_tags="account")


def offer_to_end_sessions(sender, request, authenticator, signal, **kwargs):
    """Receive a change of second factors: add a message with a link to the other sessions, if there are any."""
    along = signal != authenticator_reset and authenticator.type == Authenticator.Type.RECOVERY_CODES
    if not along and other_sessions(request):  # added with the first factor, removed with the last
        link = format_html('<a href="{}">{}</a>', reverse("usersessions_list"), _("See and end the other sessions"))
        told = format_html("{} {}", _("Your account is signed in elsewhere too."), link)
        messages.info(request, told, extra_tags="account")


class EndSessionsForm(ManageUserSessionsForm):
    """Ends the chosen session, or without a choice all other sessions of the user, and adds an audit log entry."""

    session = forms.ModelChoiceField(
        queryset=UserSession.objects.none(),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("That session has ended already.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.others = other_sessions(self.request)
        self.fields["session"].queryset = UserSession.objects.filter(pk__in=[session.pk for session in self.others])

    def save(self, request):
        one = self.cleaned_data["session"]
        ended = [one] if one else self.others
        end_sessions(request, ended)
        log_action(AuditEntry.Action.SIGNED_OUT, sessions=len(ended))


class SessionsPage(ListUserSessionsView):
    """The page with the sessions of the user: the current one first, then the last used first."""

    form_class = EndSessionsForm

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        current = self.request.session.session_key
        sessions = sorted(context["sessions"], key=lambda session: session.last_seen_at, reverse=True)
        sessions.sort(key=lambda session: session.session_key != current)
        for session in sessions:
            session.is_this = session.session_key == current
            session.device, session.network = device(session.user_agent), network_at(session.ip)
        return context | {"sessions": sessions}
