"""Hiding secrets in anything that is shown: logs, ``aerotrack config``, ``/api/v1/feeds``.

Passwords and tokens travel in URLs (``postgresql://me:secret@host/db``,
``https://host/data?token=secret``) and in libpq connection strings (``host=h password=secret``).
Where a malformed one leaves a doubt, too much is hidden rather than too little.
"""

import re
from typing import Final

MASK: Final = "***"

# Names of query parameters that carry a secret in the feeds and databases we know.
_SECRET_NAME: Final = r"(?:[a-z_]*(?:password|passwd|secret|token)|api_?key|auth|key)"
_SECRET_PARAMETER: Final = re.compile(rf"(?i)([?&]{_SECRET_NAME}=)[^&#]*")
# libpq: key = value, the value bare or in single quotes, either with backslash escapes.
_SECRET_KEYWORD: Final = re.compile(
    r"(?i)\b((?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)+)"
)
# Scheme, userinfo up to the last @ before the query (a raw @ or / in a password stays hidden).
_USERINFO: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)?([^?]*)@")


def mask_url(url: str) -> str:
    """``url`` with its userinfo and the values of secret query parameters replaced by ``***``."""
    return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", _USERINFO.sub(rf"\g<1>{MASK}@", url))


def mask_database_url(url: str) -> str:
    """The same for a database, whose user name is no secret and helps to find a mistake."""
    if "://" not in url:
        return _SECRET_KEYWORD.sub(rf"\g<1>{MASK}", url)

    def keep_user(found: re.Match[str]) -> str:
        user, colon, _ = found[2].partition(":")
        return f"{found[1]}{user}:{MASK}@" if colon else found[0]

    return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", _USERINFO.sub(keep_user, url))
