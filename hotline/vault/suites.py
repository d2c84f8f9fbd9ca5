"""Suites of ciphers: an authenticated cipher and a keyed digest that belong together.

`aes` is AES-256-GCM with HMAC-SHA256 (NIST SP 800-38D, FIPS 198-1). `sm` is SM4-GCM with HMAC-SM3 (GB/T 32907,
GB/T 32905), which the assessment of commercial cryptography (密评) asks of a Chinese administration.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext_lazy as _

from hotline.shut import Shut

TAG = 16  # bytes that prove what is encrypted
NONCE = 12  # bytes that are never the same twice


class Broken(Shut):
    """What was to be decrypted is not what was encrypted with this key: somebody altered it, or put it elsewhere."""

    message = _(
        "Something that is kept of a caller was altered and cannot be read. Tell whoever looks after the system."
    )


@dataclass(frozen=True)
class Suite:
    """`name` is what `CRYPTO_SUITE` calls it; `length` is that of its cipher's keys, in bytes."""

    name: str
    length: int

    def derived(self, secret: bytes, purpose: str, length: int) -> bytes:
        """A key of its own for a purpose, made from a secret of any length."""
        return self.drawn(secret, f"hotline {self.name} {purpose}".encode(), length)

    def drawn(self, secret: bytes, info: bytes, length: int, salt: bytes | None = None) -> bytes:
        """What HKDF (RFC 5869) draws from a secret with the digest of the suite."""
        digest = hashes.SM3() if self.name == "sm" else hashes.SHA256()
        return HKDF(digest, length, salt, info).derive(secret)

    def encrypt(self, key: bytes, nonce: bytes, clear: bytes, bound: bytes) -> bytes:
        """`clear` encrypted, with its tag; `bound` must be said again to decrypt it."""
        if self.name == "aes":
            return _aes(key).encrypt(nonce, clear, bound)
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(bound)
        return encryptor.update(clear) + encryptor.finalize() + encryptor.tag

    def decrypt(self, key: bytes, nonce: bytes, kept: bytes, bound: bytes) -> bytes:
        """What `encrypt` was given. Raises Broken where anything of it is another."""
        try:
            if self.name == "aes":
                return _aes(key).decrypt(nonce, kept, bound)
            if len(kept) < TAG:
                raise InvalidTag
            decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, kept[-TAG:])).decryptor()
            decryptor.authenticate_additional_data(bound)
            return decryptor.update(kept[:-TAG]) + decryptor.finalize()
        except InvalidTag as error:
            raise Broken("this was altered, or encrypted as something else") from error

    def digest(self, key: bytes, said: bytes) -> bytes:
        """The keyed digest of `said`, 32 bytes."""
        if self.name == "aes":
            return hmac.digest(key, said, "sha256")
        made = keyed.HMAC(key, hashes.SM3())
        made.update(said)
        return made.finalize()


@lru_cache(maxsize=64)
def _aes(key: bytes) -> AESGCM:
    return AESGCM(key)


SUITES = {suite.name: suite for suite in (Suite("aes", 32), Suite("sm", 16))}
