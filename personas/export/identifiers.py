"""Identifiers as each platform wants them: normalised, hashed, never empty.

Platforms match on *unsalted* hashes, and each of them prescribes its own spelling before hashing: the
same phone number has a different hash at Google (``+8613800138000``, SHA-256) and at Tencent
(``13800138000``, MD5). A hash that a platform can match is still personal data.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import phonenumbers

from personas.errors import DataError

Algorithm = Literal["sha256", "md5"]

_HASHED: dict[Algorithm, re.Pattern[str]] = {
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "md5": re.compile(r"[0-9a-f]{32}"),
}
_ANY_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{64}")
_SPACE = re.compile(r"[\s\u200b\ufeff]+")
_EMAIL = re.compile(
    r"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)"
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"
)
_GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
_PHONE_PUNCTUATION = re.compile(r"[\s\u200b\ufeff\u2010-\u2015().\-]+")
_MAINLAND_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_INTERNATIONAL_MAINLAND_MOBILE = re.compile(r"(?:\+|00)86(1[3-9][0-9]{9})")
_IMEI = re.compile(r"[0-9a-f]{14,15}")
_UUID = re.compile(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")
_OAID = re.compile(r"[0-9A-Za-z-]{16,64}")
_MAC = re.compile(r"[0-9A-F]{12}")


def normalise_google_email(value: str) -> str | None:
    """Spell an e-mail address as Google matches it.

    Lower case, no white space anywhere; for gmail.com and googlemail.com only, no dots before the
    ``@`` and nothing from the ``+`` on.

    Parameters
    ----------
    value : str
        Raw address.

    Returns
    -------
    str or None
        The normalised address, None when the value is no e-mail address.

    References
    ----------
    Google, "Format user data", Data Manager API (vendor documentation),
    developers.google.com/data-manager/api/devguides/concepts/formatting. What counts as an address:
    WHATWG HTML Standard, "valid e-mail address", with at least one dot in the domain.

    Examples
    --------
    >>> normalise_google_email(" Cloudy.SanFrancisco+shopping@gmail.com")
    'cloudysanfrancisco@gmail.com'
    >>> normalise_google_email("first.last+news@example.com")
    'first.last+news@example.com'
    """
    # Matched before lowering: str.lower turns some non-ASCII letters into ASCII ones.
    match = _EMAIL.fullmatch(_SPACE.sub("", value))
    if match is None:
        return None
    local, domain = match[1].lower(), match[2].lower()
    if domain in _GMAIL_DOMAINS:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}" if local else None


def normalise_e164(value: str, region: str) -> str | None:
    """Spell a phone number in E.164: ``+``, country code, digits.

    Parameters
    ----------
    value : str
        Raw number in any usual spelling.
    region : str
        ISO 3166-1 alpha-2 code of the country that numbers without a country code belong to.

    Returns
    -------
    str or None
        The E.164 number, None when the value is no valid phone number.

    Notes
    -----
    Mainland mobile numbers are recognised by their shape (``1[3-9]`` and nine digits), since new
    prefixes are given out faster than number plans are published; every other number is checked
    against the number plans of the ``phonenumbers`` library.

    References
    ----------
    Google, "Format user data", Data Manager API (vendor documentation),
    developers.google.com/data-manager/api/devguides/concepts/formatting; ITU-T E.164.

    Examples
    --------
    >>> normalise_e164("(800)555-0100", "US")
    '+18005550100'
    >>> normalise_e164("138 0013 8000", "CN")
    '+8613800138000'
    """
    mobile = (_MAINLAND_MOBILE if region == "CN" else _INTERNATIONAL_MAINLAND_MOBILE).fullmatch(
        _digits(value)
    )
    if mobile is not None:
        return f"+86{mobile[1]}"
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_tencent_phone(value: str) -> str | None:
    """Spell a mainland mobile number as Tencent matches it: 11 digits, no country code.

    Parameters
    ----------
    value : str
        Raw number, with or without ``86``, ``+86`` or ``0086``, spaces, hyphens or full-width digits.

    Returns
    -------
    str or None
        The 11 digits, None when the value is no mainland mobile number.

    References
    ----------
    Tencent Ads, "客户文件人群" (vendor documentation), developers.e.qq.com/docs/audience_management/file.

    Examples
    --------
    >>> normalise_tencent_phone("+86 138-0013-8000")
    '13800138000'
    """
    match = _MAINLAND_MOBILE.fullmatch(_digits(value))
    return None if match is None else match[1]


def normalise_tencent_imei(value: str) -> str | None:
    """Spell an IMEI or MEID as Tencent matches it: 14 or 15 characters, lower case.

    Parameters
    ----------
    value : str
        Raw identifier.

    Returns
    -------
    str or None
        The identifier, None when it has another shape or is one digit repeated (a placeholder).

    References
    ----------
    Tencent Ads, "客户文件人群" (vendor documentation), developers.e.qq.com/docs/audience_management/file.

    Examples
    --------
    >>> normalise_tencent_imei("A000002C9060F7")
    'a000002c9060f7'
    """
    imei = value.lower()
    return imei if _IMEI.fullmatch(imei) and len(set(imei)) > 1 else None


def normalise_tencent_idfa(value: str) -> str | None:
    """Spell an IDFA as Tencent hashes it: upper case, hyphens kept.

    Parameters
    ----------
    value : str
        Raw identifier with its hyphens.

    Returns
    -------
    str or None
        The identifier, None when it has another shape or is all zeros (tracking switched off).

    Notes
    -----
    The vendor's text asks for "32 digits and capital letters", but the hash that it prints is that of
    the hyphenated string. 32 characters without hyphens cannot be told from an MD5, so they are read
    as one (lower case) or refused (upper case).

    References
    ----------
    Tencent Ads, "客户文件人群" (vendor documentation), developers.e.qq.com/docs/audience_management/file.

    Examples
    --------
    >>> normalise_tencent_idfa("ff1999cd-7177-4937-a474-74937a102630")
    'FF1999CD-7177-4937-A474-74937A102630'
    """
    idfa = value.upper()
    return idfa if _UUID.fullmatch(idfa) and set(idfa) != {"0", "-"} else None


def normalise_tencent_oaid(value: str) -> str | None:
    """Return an OAID as it stands: Tencent hashes the original value, case and hyphens included.

    Parameters
    ----------
    value : str
        Raw identifier.

    Returns
    -------
    str or None
        The identifier, None when it has another shape or is all zeros (tracking switched off).

    Notes
    -----
    Makers write OAIDs in several lengths (16 to 64 characters), some of which look like a hash, so an
    OAID is never taken for already hashed: the source must hold original values.

    References
    ----------
    Tencent Ads DataNexus, "ID上报方式" (vendor documentation),
    datanexus.qq.com/doc/develop/guider/interface/user_id. The lengths are our own bound.

    Examples
    --------
    >>> normalise_tencent_oaid("1fe9a970-efbb-29e0-0bdd-f5dbbf751ab5")
    '1fe9a970-efbb-29e0-0bdd-f5dbbf751ab5'
    """
    return value if _OAID.fullmatch(value) and not set(value) <= {"0", "-"} else None


def normalise_tencent_mac(value: str) -> str | None:
    """Spell a MAC address as Tencent hashes it: upper case, no colons; no destination uses it yet.

    Parameters
    ----------
    value : str
        Raw address.

    Returns
    -------
    str or None
        Twelve characters, None when the value is no MAC address.

    References
    ----------
    Tencent Ads, "客户文件人群" (vendor documentation), developers.e.qq.com/docs/audience_management/file.

    Examples
    --------
    >>> normalise_tencent_mac("02:00:00:00:00:00")
    '020000000000'
    """
    mac = value.replace(":", "").upper()
    return mac if _MAC.fullmatch(mac) else None


def is_hashed(value: str, algorithm: Algorithm) -> bool:
    """Return whether the whole value is a lower-case hexadecimal hash.

    Parameters
    ----------
    value : str
        Any text.
    algorithm : {"sha256", "md5"}
        Which hash.

    Returns
    -------
    bool
        True for 64 (SHA-256) or 32 (MD5) characters ``0-9a-f`` and nothing else.

    Examples
    --------
    >>> is_hashed("7945bd83237335e5376ff44d62e4f0ae", "md5")
    True
    >>> is_hashed("mail 7945bd83237335e5376ff44d62e4f0ae", "md5")
    False
    """
    return _HASHED[algorithm].fullmatch(value) is not None


def hash_text(value: str, algorithm: Algorithm) -> str:
    """Return the unsalted hash of a text, in lower-case hexadecimal.

    Parameters
    ----------
    value : str
        Normalised identifier, not empty.
    algorithm : {"sha256", "md5"}
        What the platform asks for.

    Returns
    -------
    str
        64 (SHA-256) or 32 (MD5) characters.

    Raises
    ------
    DataError
        If the text is empty: its hash would be the same for everybody.

    Examples
    --------
    >>> hash_text("13800138000", "md5")
    '7945bd83237335e5376ff44d62e4f0ae'
    """
    if not value:
        raise DataError("An empty text was to be hashed; leave users without the identifier out instead.")
    return hashlib.new(algorithm, value.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """How one platform wants one identifier.

    Parameters
    ----------
    column : str
        Canonical identifier column that it reads, for example ``"phone"``.
    kind : str
        The platform's word for the result, for example ``"HASH_MOBILE_PHONE"``.
    algorithm : {"sha256", "md5"}
        How it is hashed.
    normalise : callable
        Raw text -> normalised text, or None when it is no such identifier.
    accepts_hashed : bool
        Whether a value that already is such a hash is passed on as it stands.
    """

    column: str
    kind: str
    algorithm: Algorithm
    normalise: Callable[[str], str | None]
    accepts_hashed: bool = True

    def hashed(self, value: str) -> tuple[str | None, str]:
        """Return the hash of a raw value, or the reason why there is none.

        Parameters
        ----------
        value : str
            Raw identifier, not blank.

        Returns
        -------
        hash : str or None
            Lower-case hexadecimal, None when the value is of no use.
        reason : str
            ``""``, or ``invalid_<column>`` or ``<column>_hashed_otherwise``.
        """
        text = value.strip()
        if self.accepts_hashed and _ANY_HASH.fullmatch(text):
            if is_hashed(text, self.algorithm):
                return text, ""
            return None, f"{self.column}_hashed_otherwise"
        normalised = self.normalise(text)
        if not normalised:
            return None, f"invalid_{self.column}"
        return hash_text(normalised, self.algorithm), ""


def _digits(value: str) -> str:
    """Drop the punctuation of a phone number and make full-width digits plain."""
    return _PHONE_PUNCTUATION.sub("", unicodedata.normalize("NFKC", value))
