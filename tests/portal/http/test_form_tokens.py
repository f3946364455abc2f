"""Tokens of public forms: signed, not too early, not too late."""

import pytest

from portal.http import form_tokens
from portal.http.form_tokens import LEAST_SECONDS, MOST_SECONDS, EarlyToken, InvalidToken, make_token, read_nonce


@pytest.fixture
def clock(monkeypatch):
    """Stop the clock of the tokens, and return a list whose only element is the time in seconds."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("django.core.signing.time.time", lambda: now[0])
    return now


def test_token_is_valid_for_a_day_after_the_first_seconds(clock):
    token = make_token()
    clock[0] += LEAST_SECONDS + 1
    nonce = read_nonce(token)
    assert len(nonce) >= 20
    clock[0] += MOST_SECONDS - LEAST_SECONDS - 1
    assert read_nonce(token) == nonce
    clock[0] += 1
    with pytest.raises(InvalidToken):
        read_nonce(token)


def test_token_is_too_early_at_first_and_stays_the_same(clock):
    token = make_token()
    clock[0] += LEAST_SECONDS
    with pytest.raises(EarlyToken):
        read_nonce(token)


FORGERIES = (lambda _: "", lambda token: token[:-1], lambda token: f"x{token}", str.upper, lambda _: "a:b:c")


@pytest.mark.parametrize("forge", FORGERIES)
def test_forged_token_is_refused(clock, forge):
    token = forge(make_token())
    clock[0] += LEAST_SECONDS + 1
    with pytest.raises(InvalidToken):
        read_nonce(token)


def test_token_of_another_purpose_is_refused(clock, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(form_tokens, "SALT", "another.form")
        token = make_token()
    clock[0] += LEAST_SECONDS + 1
    with pytest.raises(InvalidToken):
        read_nonce(token)


def test_two_tokens_have_different_nonces(clock):
    tokens = [make_token(), make_token()]
    clock[0] += LEAST_SECONDS + 1
    assert len({read_nonce(token) for token in tokens}) == 2
