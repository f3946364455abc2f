"""URLs of sign-in and of the user's own account: the views of allauth that the portal uses.

There is no page to change the e-mail address, and sign-up is closed (`is_open_for_signup`): administrators do both.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.conf import settings
from django.urls import include, path, re_path
from django.views.i18n import set_language

from portal.accounts.adapters import AccountPage, MFAPage, SignOut
from portal.accounts.sessions import SessionsPage

urlpatterns = [
    path("", AccountPage.as_view(), name="mfa_index"),
    path("login/", account.login, name="account_login"),
    path("logout/", SignOut.as_view(), name="account_logout"),
    path("signup/", account.signup, name="account_signup"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("language/", set_language, name="account_language"),
    path("sessions/", SessionsPage.as_view(), name="usersessions_list"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/authenticate/", MFAPage.as_view(), name="mfa_authenticate"),
    path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/", include("allauth.mfa.totp.urls")),
    path("2fa/webauthn/", include("allauth.mfa.webauthn.urls")),
    path("2fa/recovery-codes/", include("allauth.mfa.recovery_codes.urls")),
]
if settings.SENDS_EMAIL:
    urlpatterns += [
        path("password/reset/", account.password_reset, name="account_reset_password"),
        path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
        re_path(
            r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            account.password_reset_from_key,
            name="account_reset_password_from_key",
        ),
        path(
            "password/reset/key/done/",
            account.password_reset_from_key_done,
            name="account_reset_password_from_key_done",
        ),
    ]
