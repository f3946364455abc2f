"""Who may come in, and how: rules of the accounts that administrators make."""

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

from portal.core.after_response import after_response
from portal.tracking.audit_log import AuditEntry, client_network, log_refusal

# Recovery codes stand in for one of these; alone they are no second step.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# What counts as the address of clients that have none: gunicorn listens on a Unix socket, and no proxy names them. All
# of them share the limits of one network. It is not a loopback address, which METRICS_NETWORKS may name.
NO_ADDRESS = str(IPv4Address(0))
SIGNED_IN_AT = "signed_in_at"  # in the session
KNOWN_NETWORK_LASTS = timedelta(days=90)
FACTOR_SALT = "portal.accounts.FactorAdapter"
FERNET_PREFIX = "gAAAAA"  # of every token until the year 2106; no secret or code of allauth begins with it

log = logging.getLogger(__name__)


def needs_mfa_setup(user):
    """Whether a second step is asked of this account and none is set up yet."""
    return settings.STAFF_MFA and user.is_staff and not is_mfa_enabled(user, SECOND_FACTORS)


def display(user):
    """What an account is called in pages: the person's name, or the username."""
    return user.get_full_name() or user.get_username()


# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────


def attempt_counters(request, username):
    """Return the counters that an attempt to sign in spends: pairs of an action of ACCOUNT_RATE_LIMITS and a key.

    Attempts from a network that the account signed in from count apart from those of strangers, so that strangers
    cannot lock its owner out.
    """
    user = get_user_by_username(username)
    name, network = username.lower(), client_network(request)
    counters = [("attempts_on_account_from_network", f"{name} {network}")]
    known = AuditEntry.objects.filter(  # asked for names that nobody has too: timing must not tell them apart
        who=user.get_username() if user else "",
        what=AuditEntry.Action.SIGNED_IN,
        network=network,
        at__gt=timezone.now() - KNOWN_NETWORK_LASTS,
    )
    if not known.exists():
        counters = [("attempts_from_address", None), *counters, ("attempts_on_account", name)]
    return counters


class AccountAdapter(DefaultAccountAdapter):
    """allauth's, with the door to new accounts closed."""

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
        "username_password_mismatch": _("The username and the password do not fit together. Try again."),
        "rate_limited": _("That was too often in a short time. Wait a few minutes, then try again."),
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
        """Count an attempt with a password, before the password is checked. Raise ValidationError if it is refused.

        Replaces allauth's single count for each account, whose key has the Host header in it and with which anyone
        can lock anyone out. allauth takes the attempt off the counts if the password is right.
        """
        self._login_failed_rl_usage = ratelimit.RateLimitUsage(usage=[])
        username = credentials.get("username", "")
        for action, key in attempt_counters(request, username):
            counted = ratelimit.consume(request, app="allauth.account", action=action, key=key)
            if not counted:
                raise self.validation_error("too_many_login_attempts", who=get_user_by_username(username))
            self._login_failed_rl_usage.usage += counted.usage

    def validation_error(self, code, *args, who=None):
        """Return the error of a form. One that says that somebody tries too often is told to the audit too.

        `who` is the account, where it is neither signed in nor between its password and its second step.
        """
        if code in {"too_many_login_attempts", "rate_limited"}:
            stage = None if who or self.request.user.is_authenticated else unstash_login(self.request, peek=True)
            log_refusal(AuditEntry.Action.THROTTLED, self.request, who or (stage.user if stage else self.request.user))
        return super().validation_error(code, *args)

    def is_reauthentication_required(self, *, app, **kwargs):
        """Whoever has just signed in need not do it again."""
        since = time.time() - self.request.session.get(SIGNED_IN_AT, 0)
        return since > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT and super().is_reauthentication_required(app=app)

    def get_reset_password_from_key_url(self, key):
        """Return allauth's address on PUBLIC_URL: whoever asks for the mail also writes the Host header."""
        return settings.PUBLIC_URL + urlsplit(super().get_reset_password_from_key_url(key)).path

    def send_mail(self, template_prefix, email, context):
        super().send_mail(template_prefix, email, {**context, "public_url": settings.PUBLIC_URL})

    def add_message(self, *args, **kwargs):
        """Mark messages of the accounts: at the desk, other messages of success say that a form was saved."""
        super().add_message(*args, **kwargs | {"extra_tags": "account"})

    def send_notification_mail(self, *args, **kwargs):
        """Tell the owner of an account what was changed. What was changed stays so if no mail gets out."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except (SMTPException, OSError):
            log.exception("A notice to the owner of an account could not be sent.")


# ── The second step, and one's own account ───────────────────────────────────────────────────────────────────


def factor_cipher():
    """Return the cipher for secrets of second factors. It encrypts by SECRET_KEY and decrypts by former keys too."""
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(salted_hmac(FACTOR_SALT, "", key, algorithm="sha256").digest()))
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )


class FactorAdapter(DefaultMFAAdapter):
    """allauth's adapter, which encrypts what is secret of a second factor.

    The picture for the authenticator app stands in the page itself: the content policy allows no other.
    """

    def encrypt(self, text):
        return factor_cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        """Return the plain text. Text that was never encrypted is returned as it is: in an upgrade, processes of the
        version before may still write some. Raise ImproperlyConfigured if no key fits.
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
    """Encrypt all secrets of second factors by the present SECRET_KEY, and return how many factors there are.

    Raise ImproperlyConfigured, and change nothing, if one was encrypted by a key that is not known.
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
    """Sends a link to a new password, after the response: its time must not tell whether the address has an account."""

    def clean_email(self):
        """Find the accounts with this address, however its letters are written. `iexact` also finds some that only look
        alike, such as “ı” for “i”.
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
    """One's own account: password, second step, way out."""

    template_name = "account/account.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"needs_mfa_setup": needs_mfa_setup(self.request.user)}


class SignOut(LogoutView):
    """allauth's, which also makes the browser forget the pages and cookies of the portal.

    It keeps its storage: there lies text that was not saved (static/js/autosave.js).
    """

    def post(self, *args, **kwargs):
        response = super().post(*args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache", "cookies"'
        return response


class MFAPage(AuthenticateView):
    """Between the password and the way in: asks for what the account has, and for nothing that it has not."""

    def get_context_data(self, **kwargs):
        user = self.stage.login.user
        return super().get_context_data(**kwargs) | {
            "has_app": is_mfa_enabled(user, [Authenticator.Type.TOTP]),
            "has_key": is_mfa_enabled(user, [Authenticator.Type.WEBAUTHN]),
        }
