"""Adapters, forms and views for allauth: sign-in, second factors and e-mail. Administrators create the accounts."""

import base64
import logging
import time
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address
from smtplib import SMTPException
from urllib.parse import urlsplit

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from allauth.account.internal.stagekit import unstash_login
from allauth.account.internal.userkit import get_user_by_username
from allauth.account.views import LogoutView
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.sessions import device
from portal.core.after_response import after_response
from portal.tracking.audit_log import AuditEntry, client_network, log_refusal

# Recovery codes replace one of these for a sign-in; without one, they are not a second factor.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# The IP address of clients that have none: gunicorn listens on a Unix socket, and no proxy gives their address. They
# all share the limits of one network. It is not a loopback address, since METRICS_NETWORKS may contain those.
NO_ADDRESS = str(IPv4Address(0))
SIGNED_IN_AT = "signed_in_at"  # key in the session; seconds since 1970
KNOWN_NETWORK_LASTS = timedelta(days=90)
FACTOR_SALT = "portal.accounts.FactorAdapter"
FERNET_PREFIX = "gAAAAA"  # the start of every Fernet token until 2106; no secret or code of allauth starts with it

log = logging.getLogger(__name__)


def needs_mfa_setup(user):
    """Return True if the account must have a second factor (STAFF_MFA) and has none yet."""
    return settings.STAFF_MFA and user.is_staff and not is_mfa_enabled(user, SECOND_FACTORS)


def display(user):
    """Return the name of an account in pages: the person's full name, or else the username."""
    return user.get_full_name() or user.get_username()


# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────


def attempt_counters(request, username):
    """Return the rate limits that an attempt to sign in counts against.

    They are pairs of an action of ACCOUNT_RATE_LIMITS and a key, which is None for the limit of the client's address.
    Attempts from a network from which the account signed in within KNOWN_NETWORK_LASTS (90 days) do not count against
    the limits for the address and the account. So attempts by strangers cannot lock out the owner.
    """
    user = get_user_by_username(username)
    name, network = username.lower(), client_network(request)
    counters = [("attempts_on_account_from_network", f"{name} {network}")]
    known = AuditEntry.objects.filter(  # also queried for unknown names, so that the time does not show which exist
        who=user.get_username() if user else "",
        what=AuditEntry.Action.SIGNED_IN,
        network=network,
        at__gt=timezone.now() - KNOWN_NETWORK_LASTS,
    )
    if not known.exists():
        counters = [("attempts_from_address", None), *counters, ("attempts_on_account", name)]
    return counters


class AccountAdapter(DefaultAccountAdapter):
    """allauth's adapter without sign-up, with the portal's rate limits of sign-in attempts and URLs on PUBLIC_URL."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": (
            _(
                "There were too many attempts that did not fit. Your account is safe. Wait five minutes, then try "
                "again. If you are still refused, set a new password by e-mail: that signs you in."
            )
            if settings.SENDS_EMAIL
            else _(
                "There were too many attempts that did not fit. Your account is safe. Wait five minutes, then try "
                "again, or ask an administrator."
            )
        ),
        "username_password_mismatch": _("Wrong username or password. Try again."),
        "rate_limited": _("Too many attempts in a short time. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request):
        return False

    def get_client_ip(self, request):
        """Return the client's IP address, or `NO_ADDRESS` for a client of a Unix socket."""
        try:
            return super().get_client_ip(request)
        except PermissionDenied:
            return NO_ADDRESS

    def get_login_redirect_url(self, request):
        return reverse("admin:index") if request.user.is_staff else super().get_login_redirect_url(request)

    def post_login(self, request, user, **kwargs):
        request.session[SIGNED_IN_AT] = time.time()
        return super().post_login(request, user, **kwargs)

    def pre_authenticate(self, request, **credentials):
        """Count a sign-in attempt, before the password is checked. Raise ValidationError if a limit is exceeded.

        This replaces allauth's single limit for each account, whose key contains the Host header and with which anyone
        can lock out any account. allauth removes the attempt from the counts if the password is right.
        """
        self._login_failed_rl_usage = ratelimit.RateLimitUsage(usage=[])
        username = credentials.get("username", "")
        for action, key in attempt_counters(request, username):
            counted = ratelimit.consume(request, app="allauth.account", action=action, key=key)
            if not counted:
                raise self.validation_error("too_many_login_attempts", who=get_user_by_username(username))
            self._login_failed_rl_usage.usage += counted.usage

    def validation_error(self, code, *args, who=None):
        """Return the ValidationError for `code`. For a rate limit, also add an entry to the audit log.

        `who` is the account, if it is neither signed in nor between its password and its second factor.
        """
        if code in {"too_many_login_attempts", "rate_limited"}:
            stage = None if who or self.request.user.is_authenticated else unstash_login(self.request, peek=True)
            log_refusal(AuditEntry.Action.THROTTLED, self.request, who or (stage.user if stage else self.request.user))
        return super().validation_error(code, *args)

    def is_reauthentication_required(self, *, app, **kwargs):
        """Return False within ACCOUNT_REAUTHENTICATION_TIMEOUT after the sign-in, else as allauth decides."""
        since = time.time() - self.request.session.get(SIGNED_IN_AT, 0)
        return since > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT and super().is_reauthentication_required(app=app)

    def get_reset_password_from_key_url(self, key):
        """Return allauth's path on PUBLIC_URL, since the person who requests the mail controls the Host header."""
        return settings.PUBLIC_URL + urlsplit(super().get_reset_password_from_key_url(key)).path

    def send_mail(self, template_prefix, email, context):
        """Send a mail. It names the browser of the request in words, instead of its User-Agent header."""
        if "user_agent" in context:
            context |= {"user_agent": device(context["user_agent"])}
        super().send_mail(template_prefix, email, {**context, "public_url": settings.PUBLIC_URL})

    def add_message(self, *args, **kwargs):
        """Add a message with the tag "account". In the admin, other success messages mean that a form was saved."""
        super().add_message(*args, **kwargs | {"extra_tags": "account"})

    def send_notification_mail(self, *args, **kwargs):
        """Send the owner of an account a notice of a change. If sending fails, log it; the change remains."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except (SMTPException, OSError):
            log.exception("A notice to the owner of an account could not be sent.")


# ── Second factors, and the account page ─────────────────────────────────────────────────────────────────────


def factor_cipher():
    """Return the cipher for secrets of second factors.

    It encrypts with a key from SECRET_KEY, and decrypts also with keys from SECRET_KEY_FALLBACKS.
    """
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(salted_hmac(FACTOR_SALT, "", key, algorithm="sha256").digest()))
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )


class FactorAdapter(DefaultMFAAdapter):
    """allauth's adapter for second factors, with encryption of their secrets.

    The QR code for the authenticator app is an inline SVG, since the content security policy allows no data: URL.
    """

    def encrypt(self, text):
        return factor_cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        """Return the plain text. Raise ImproperlyConfigured if it was encrypted with an unknown key.

        Text that is not encrypted is returned unchanged: during an upgrade, processes of the former version may still
        write some.
        """
        if not encrypted_text.startswith(FERNET_PREFIX):
            return encrypted_text
        try:
            return factor_cipher().decrypt(encrypted_text).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "A second factor was encrypted by another SECRET_KEY. Put that key into SECRET_KEY_FALLBACKS "
                "(docs/operation.md, A new SECRET_KEY)."
            ) from error

    def build_totp_svg(self, url):
        code = qrcode.QRCode()
        code.add_data(url)
        rows = code.get_matrix()
        path = "".join(f"M{x},{y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        return format_html(
            '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}"><path d="{2}"/></svg>',
            len(rows),
            _("QR code for the authenticator app"),
            path,
        )


def encrypt_factors():
    """Encrypt all secrets of second factors again with the present SECRET_KEY. Return the number of factors.

    Passkeys have only public keys and are left out. Raise ImproperlyConfigured, and change nothing, if a secret was
    encrypted with an unknown key. One transaction.
    """
    adapter = FactorAdapter()

    def anew(text):
        return adapter.encrypt(adapter.decrypt(text))

    with transaction.atomic():
        factors = Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN)  # public keys
        for factor in factors:
            for name in {"secret", "seed"} & factor.data.keys():
                factor.data[name] = anew(factor.data[name])
            if "migrated_codes" in factor.data:
                factor.data["migrated_codes"] = [anew(code) for code in factor.data["migrated_codes"]]
            factor.save(update_fields=["data"])
    return len(factors)


class ResetForm(ResetPasswordForm):
    """Sends a link to set a new password, after the response, whose time must not show whether the account exists."""

    def clean_email(self):
        """Find the active accounts with this address, in upper or lower case, and return it in lower case.

        The result of `iexact` is compared again, since it also matches similar letters, such as “ı” for “i”.
        """
        email = self.cleaned_data["email"].lower()
        found = get_user_model().objects.filter(email__iexact=email, is_active=True)
        self.users = [user for user in found if user.email.lower() == email]
        return email

    def save(self, request, **kwargs):
        after_response(request, partial(super().save, request, **kwargs))
        return self.cleaned_data["email"]


class AddKeyForm(AddWebAuthnForm):
    name = forms.CharField(label=_("Name of the key"), required=False)


class EditKeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name of the key"))


class AccountPage(IndexView):
    """The page of the user's own account: password, second factor, sign out."""

    template_name = "account/account.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"needs_mfa_setup": needs_mfa_setup(self.request.user)}


class SignOut(LogoutView):
    """allauth's view, which also makes the browser clear its cache and cookies of the portal by Clear-Site-Data.

    The browser's storage is not cleared, since it holds unsaved text (static/js/autosave.js).
    """

    def post(self, *args, **kwargs):
        response = super().post(*args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache", "cookies"'
        return response


class MFAPage(AuthenticateView):
    """The page after the password: asks for the second factors that the account has, and for no others."""

    def get_context_data(self, **kwargs):
        user = self.stage.login.user
        return super().get_context_data(**kwargs) | {
            "has_app": is_mfa_enabled(user, [Authenticator.Type.TOTP]),
            "has_key": is_mfa_enabled(user, [Authenticator.Type.WEBAUTHN]),
        }
