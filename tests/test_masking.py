"""Secrets in URLs and connection strings never show, whatever else a URL looks like."""

import pytest

from aerotrack.masking import mask_database_url, mask_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("sbs://127.0.0.1:30003?name=home", "sbs://127.0.0.1:30003?name=home"),
        ("simulator://?flights=500&seed=1", "simulator://?flights=500&seed=1"),
        ("sbs://tok@h:1", "sbs://***@h:1"),
        ("https://me:pw@[::1]:80/data", "https://***@[::1]:80/data"),
        ("https://h/x?access_token=q&name=a", "https://h/x?access_token=***&name=a"),
        ("https://h/x?name=a&api_key=q", "https://h/x?name=a&api_key=***"),
        ("opensky://?client_secret=s", "opensky://?client_secret=***"),
        ("https://h/?monkey=1", "https://h/?monkey=1"),
        ("file:///path?format=beast", "file:///path?format=beast"),
        ("me:pw@h:1", "***@h:1"),
    ],
)
def test_userinfo_and_secret_parameters_of_a_feed_are_hidden(url: str, masked: str) -> None:
    assert masked == mask_url(url)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://h/db", "postgresql://h/db"),
        ("postgresql://me@h/db", "postgresql://me@h/db"),
        (
            "postgresql://me:s@h:5/db?sslpassword=x&a=1",
            "postgresql://me:***@h:5/db?sslpassword=***&a=1",
        ),
        ("postgresql://me:s/e@cret@h/db", "postgresql://me:***@h/db"),
        (r"host=h password='a b\'c' user=me", "host=h password=*** user=me"),
        ("host=h password = abc user=me", "host=h password = *** user=me"),
        ("password='never closed", "password=***"),
    ],
)
def test_the_password_of_a_database_is_hidden_and_its_user_is_not(url: str, masked: str) -> None:
    assert masked == mask_database_url(url)
