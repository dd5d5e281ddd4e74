"""One-time codes as the second step of signing in, and the recovery codes for whoever lost the phone.

Codes are those of RFC 6238: six digits, 30 s, SHA-1, which every authenticator app knows. The code of the step
before and of the step after count too; no code counts twice, and none that is older than the last one taken.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import pyotp
from django.db import transaction

from laoke.foundation import vault
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.staff.errors import (
    CodesAlreadyOn,
    CodesNotOn,
    NoSuchStaff,
    SetupOutdated,
    WrongCode,
    WrongPassword,
)
from laoke.foundation.staff.models import RecoveryCode, Staff
from laoke.foundation.vault import SealedDataDamaged, SealedWithOtherKey

STEP_SECONDS = 30
RECOVERY_CODES = 10
SETUP_HOLDS = timedelta(minutes=30)
_SECRET = "staff.code-secret"  # noqa: S105 - the purpose it is sealed for
_SETUP = "staff.code-setup"
_RECOVERY = "staff.recovery-code"
# Without what is read as something else: 0 o, 1 l i.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Setup:
    """What a phone needs to make codes. `token` carries it, sealed, through the form that confirms it.

    `secret` is base32 in groups of four, to be typed where nothing can be scanned; `uri` goes into the QR picture.
    """

    secret: str
    uri: str
    token: str


def propose(staff: Caller, at: datetime) -> Setup:
    """A fresh secret for an account. Nothing is kept until `turn_on` shows that a phone has it."""
    return _setup(staff, pyotp.random_base32(), at + SETUP_HOLDS)


def proposed(staff: Caller, token: str, *, at: datetime) -> Setup:
    """What was proposed before, so that a mistyped code does not ask for a second scan.

    Raises:
        SetupOutdated: it was more than half an hour ago, or to another account.
    """
    try:
        told = orjson.loads(vault.unseal(base64.urlsafe_b64decode(token[:1000].encode()), _SETUP))
    except (binascii.Error, ValueError, SealedDataDamaged, SealedWithOtherKey):
        raise SetupOutdated from None
    until = datetime.fromisoformat(told["until"])
    if told["staff"] != staff.id or at >= until:
        raise SetupOutdated
    return _setup(staff, told["secret"], until)


def turn_on(staff: Caller, token: str, code: str, *, at: datetime) -> list[str]:
    """Ask this account for codes from now on. Returns its recovery codes, which cannot be shown again.

    Raises:
        SetupOutdated, CodesAlreadyOn.
        WrongCode: the phone does not have the secret, or its clock is off.
    """
    secret = proposed(staff, token, at=at).secret.replace(" ", "")
    step = _step_of(secret, _plain(code), at, after=None)
    if step is None:
        raise WrongCode
    with transaction.atomic():
        row = _locked(staff.id)
        if row.code_secret is not None:
            raise CodesAlreadyOn
        row.code_secret, row.code_step = vault.seal(secret, _SECRET), step
        row.save(update_fields=["code_secret", "code_step"])
        fresh = _fresh_recovery_codes(row)
        audit.record(staff, "staff.codes-on", "staff", row.username, at=at)
    return fresh


def check(staff_id: int, code: str, *, at: datetime) -> None:
    """Take a one-time code, or a recovery code, which is used up then.

    Raises:
        CodesNotOn.
        WrongCode: it is wrong, or was taken before.
    """
    with transaction.atomic():
        _take(_locked(staff_id), code, at)


def turn_off(staff: Caller, password: str, code: str, *, at: datetime) -> None:
    """Ask this account for no codes any more. Takes its password and a code: a browser left open is not enough.

    Args:
        password: not looked at when the account has none because it came by the identity provider.
    Raises:
        CodesNotOn, WrongPassword, WrongCode.
    """
    with transaction.atomic():
        row = _locked(staff.id)
        if row.has_usable_password() and not row.check_password(password):
            raise WrongPassword
        _take(row, code, at)
        _forget(row)
        audit.record(staff, "staff.codes-off", "staff", row.username, at=at)


def renew_recovery_codes(staff: Caller, code: str, *, at: datetime) -> list[str]:
    """Ten new recovery codes; the former ones count no more.

    Raises:
        CodesNotOn, WrongCode.
    """
    with transaction.atomic():
        row = _locked(staff.id)
        _take(row, code, at)
        fresh = _fresh_recovery_codes(row)
        audit.record(staff, "staff.recovery-codes-renewed", "staff", row.username, at=at)
    return fresh


def reset(caller: Caller, username: str, *, at: datetime) -> None:
    """Ask somebody else's account for no codes any more: the phone is lost, and so are the recovery codes.

    Raises:
        MissingScope, NoSuchStaff, CodesNotOn.
    """
    caller.require(Scope.STAFF)
    with transaction.atomic():
        row = Staff.objects.select_for_update().filter(username=username).first()
        if row is None:
            raise NoSuchStaff(username)
        if row.code_secret is None:
            raise CodesNotOn
        _forget(row)
        audit.record(caller, "staff.codes-reset", "staff", username, at=at)


def recovery_codes_left(staff_id: int) -> int:
    """How many recovery codes an account has not used."""
    return RecoveryCode.objects.filter(staff_id=staff_id).count()


def reseal(caller: Caller, *, at: datetime) -> int:
    """Seal every secret again with the current data key; returns how many there are.

    Raises:
        MissingScope.
        SealedWithOtherKey: a secret needs a key that LAOKE_OLD_DATA_KEYS does not name.
    """
    caller.require(Scope.STAFF)
    box = vault.vault()
    with transaction.atomic():
        rows = list(Staff.objects.select_for_update().exclude(code_secret=None).order_by("pk"))
        for row in rows:
            assert row.code_secret is not None
            row.code_secret = box.seal(box.unseal(row.code_secret, _SECRET), _SECRET)
            row.save(update_fields=["code_secret"])
        audit.record(caller, "vault.resealed", "vault", "staff", at=at, after={"rows": len(rows)})
    return len(rows)


def _setup(staff: Caller, secret: str, until: datetime) -> Setup:
    told = {"staff": staff.id, "secret": secret, "until": until.isoformat()}
    token = base64.urlsafe_b64encode(vault.seal(orjson.dumps(told).decode(), _SETUP)).decode()
    uri = pyotp.TOTP(secret).provisioning_uri(name=staff.label, issuer_name="Laoke")
    return Setup(" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)), uri, token)


def _locked(staff_id: int) -> Staff:
    return Staff.objects.select_for_update().get(pk=staff_id)


def _plain(code: str) -> str:
    """What was typed, without the blanks and dashes that apps and people put in; wide digits become plain ones."""
    kept = unicodedata.normalize("NFKC", code[:40]).lower()
    return "".join(letter for letter in kept if letter.isalnum())


def _take(row: Staff, code: str, at: datetime) -> None:
    if row.code_secret is None:
        raise CodesNotOn
    typed = _plain(code)
    if len(typed) == _RECOVERY_LENGTH:
        digest = vault.blind(typed, _RECOVERY)
        used, _ = RecoveryCode.objects.filter(staff=row, digest=digest).delete()
        if not used:
            raise WrongCode
        audit.record(_self(row), "staff.recovery-code-used", "staff", row.username, at=at)
        return
    step = _step_of(vault.unseal(row.code_secret, _SECRET), typed, at, after=row.code_step)
    if step is None:
        raise WrongCode
    row.code_step = step
    row.save(update_fields=["code_step"])


def _step_of(secret: str, typed: str, at: datetime, *, after: int | None) -> int | None:
    """The step a code belongs to, of the present one and its neighbours; None when it is none of theirs."""
    totp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in (now - 1, now, now + 1):  # always all three: the time it takes tells nothing
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode()):
            found = step
    return None if found is None or (after is not None and found <= after) else found


def _fresh_recovery_codes(row: Staff) -> list[str]:
    codes = [
        "".join(secrets.choice(_LETTERS) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(staff=row).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(staff=row, digest=vault.blind(code, _RECOVERY)) for code in codes
    )
    half = _RECOVERY_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def _forget(row: Staff) -> None:
    row.code_secret = row.code_step = None
    row.save(update_fields=["code_secret", "code_step"])
    RecoveryCode.objects.filter(staff=row).delete()


def _self(row: Staff) -> Caller:
    return Caller(kind="staff", id=row.pk, label=row.username, scopes=frozenset())
