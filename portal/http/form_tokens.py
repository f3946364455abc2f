"""Signed tokens of forms that readers send without an account.

A token takes the place of Django's CSRF cookie, because readers get no cookies. Such a form uses no session and does
nothing in the name of a user, so there is nothing that another site could misuse. The token shows that the form was
fetched from the portal, and when: a program that sends too early or too late is refused. Each token has a random part
(nonce), by which a form that is sent twice is recognised.
"""

import secrets

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

SALT = "portal.form"
LEAST_SECONDS = 4  # nobody reads and fills in a form faster
MOST_SECONDS = 24 * 60 * 60


class InvalidToken(Exception):
    """Raised for a token that is missing, forged or older than MOST_SECONDS."""


class EarlyToken(Exception):
    """Raised for a token that is younger than LEAST_SECONDS. The same token is valid later."""


def make_token() -> str:
    """Return a new token: the nonce, the time and the signature."""
    return TimestampSigner(salt=SALT).sign(secrets.token_urlsafe(18))


def read_nonce(token: str) -> str:
    """Return the nonce of a token. Raise InvalidToken or EarlyToken."""
    signer = TimestampSigner(salt=SALT)
    try:
        nonce = signer.unsign(token, max_age=MOST_SECONDS)
    except (BadSignature, SignatureExpired) as error:
        raise InvalidToken from error
    try:
        signer.unsign(token, max_age=LEAST_SECONDS)
    except SignatureExpired:
        return nonce
    raise EarlyToken
