"""Sessions of those who sign in: how long one lasts, and the page on which one sees and ends one's others."""

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

BEGAN_AT, ACTIVE_AT = "session_began_at", "session_active_at"  # in the session: when it began, when it was last used
ACTIVITY_SECONDS = 60  # activity is written so often at most
# What a user agent contains, and what people call it. The first match holds: most browsers also claim to be others.
BROWSERS = {
    **{"Edg": "Edge", "OPR/": "Opera", "YaBrowser": "Yandex Browser", "Whale/": "Whale"},
    **{"SamsungBrowser": "Samsung Internet", "Firefox/": "Firefox", "FxiOS": "Firefox"},
    **{"CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"},
}
SYSTEMS = {
    **{"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Macintosh": "Mac"},
    **{"CrOS": "ChromeOS", "Linux": "Linux"},
}


def listen():
    """Follow the signals that sessions need."""
    user_logged_in.connect(begin_session, dispatch_uid="sessions")
    pre_save.connect(keep_network_only, sender=UserSession, dispatch_uid="sessions")
    password_changed.connect(tell_of_ended_sessions, dispatch_uid="sessions")
    for signal in (authenticator_added, authenticator_removed, authenticator_reset):
        signal.connect(offer_to_end_sessions, dispatch_uid="sessions")


# ── How long a session lasts ─────────────────────────────────────────────────────────────────────────────────


def begin_session(sender, request, user, **kwargs):
    """Note in the session of a sign-in when it began."""
    request.session[BEGAN_AT] = request.session[ACTIVE_AT] = time.time()


def note_activity(request):
    """Let a session last for SESSION_COOKIE_AGE from now, but not beyond SESSION_MAX_SECONDS after it began."""
    session, now = request.session, time.time()
    if now - session.get(ACTIVE_AT, 0) < ACTIVITY_SECONDS:
        return
    session[ACTIVE_AT] = now
    ends = min(now + settings.SESSION_COOKIE_AGE, session.setdefault(BEGAN_AT, now) + settings.SESSION_MAX_SECONDS)
    # A time rather than a number of seconds, which would count anew from each change of the session.
    session.set_expiry(datetime.fromtimestamp(ends, tz=UTC))
    if not UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now()):
        UserSession.objects.create_from_request(request)  # a session from before they were listed


class ActivityMiddleware:
    """Keeps the session of whoever works at the desk or on a page of the accounts from ending as an idle one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith(PRIVATE_PATHS) and request.user.is_authenticated:
            note_activity(request)
        return self.get_response(request)


# ── Seeing and ending them ───────────────────────────────────────────────────────────────────────────────────


def keep_network_only(sender, instance, **kwargs):
    """Keep of an address the network that it belongs to, as the audit does."""
    instance.ip = str(network_at(instance.ip).network_address)


def device(user_agent):
    """Return the browser and the system that a User-Agent header names, in the reader's words."""
    browser, system = (
        next((name for mark, name in names.items() if mark in user_agent), "") for names in (BROWSERS, SYSTEMS)
    )
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    if system:
        return _("Unknown browser on {system}").format(system=system)
    return browser or _("Unknown browser")


def other_sessions(request):
    """Return the sessions of the account besides the one of the request, the one that was used last first."""
    sessions = UserSession.objects.purge_and_list(request.user)
    others = [session for session in sessions if session.session_key != request.session.session_key]
    return sorted(others, key=lambda session: session.last_seen_at, reverse=True)


def tell_of_ended_sessions(sender, request, user, **kwargs):
    """Tell whoever changed the password that no other session goes on: Django ties each to the password."""
    messages.info(request, _("Your account is signed in nowhere else any more."), extra_tags="account")


def offer_to_end_sessions(sender, request, authenticator, signal, **kwargs):
    """Lead whoever changed a second step to the other sessions of the account, if there are any."""
    along = signal != authenticator_reset and authenticator.type == Authenticator.Type.RECOVERY_CODES
    if not along and other_sessions(request):  # recovery codes come and go with the first and last factor
        link = format_html('<a href="{}">{}</a>', reverse("usersessions_list"), _("See and end the other sessions"))
        told = format_html("{} {}", _("Your account is signed in elsewhere too."), link)
        messages.info(request, told, extra_tags="account")


class EndSessionsForm(ManageUserSessionsForm):
    """Ends the session that it names, or all others of the account."""

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
    """Where the account is signed in."""

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
