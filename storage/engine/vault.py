"""The keys of one database: encrypting what people wrote, and telling what is encrypted.

An encrypted value names its key: ``@enc:<id>:<token>``. So rows in clear, under a former key and
under the present one may stand side by side, and each is found by its first signs.
"""

import hashlib
import hmac
import logging
import time
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect

logger = logging.getLogger(__name__)

MARK = "@enc:"
# A text in clear that itself begins with the mark: no key has an empty id.
_ESCAPED = f"{MARK}:"
_ID_LENGTH = 8
# What stands before the token of every value.
PREFIX_LENGTH = len(MARK) + _ID_LENGTH + 1
_BYTES = 32
_KEY_LENGTH = 44
# In hexadecimal: 160 bits.
_DIGEST_LENGTH = 40
_LOG_EVERY_SECONDS = 60.0


def new_key() -> str:
    """Return a fresh key, as the setting takes it."""
    return Fernet.generate_key().decode()


def is_key(text: str) -> bool:
    """Tell whether a text can be a key."""
    # Base64 is read leniently: what follows the end would be passed over.
    try:
        Fernet(text)
    except ValueError:
        return False
    return len(text) == _KEY_LENGTH


class Vault:
    """Keys, the newest first: the first encrypts, all decrypt. Without keys, texts stay in clear.

    Raises ValueError for a text that is no key.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        keys = tuple(dict.fromkeys(keys))
        self._by_id = {_derived(key, b"id").hex()[:_ID_LENGTH]: Fernet(key) for key in keys}
        self._fernet = MultiFernet(list(self._by_id.values())) if keys else None
        self._digest_keys = dict(
            zip(self._by_id, (_derived(key, b"digest") for key in keys), strict=True)
        )
        self._first = f"{MARK}{self.ids[0]}:" if keys else ""
        self._unread = 0
        self._logged_at = -_LOG_EVERY_SECONDS

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, which tell nothing of them, the one that encrypts first."""
        return tuple(self._by_id)

    @property
    def prefix(self) -> str:
        """What begins each value under the key that encrypts; empty without a key."""
        return self._first

    def sealed(self, text: str) -> str:
        """Return a text as it is stored; an empty one stays empty."""
        if self._fernet is not None and text:
            token = self._fernet.encrypt(text.encode("utf-8", "surrogatepass"))
            return self._first + token.decode("ascii")
        return MARK + text[len(MARK) - 1 :] if text.startswith(MARK) else text

    def opened(self, stored: str) -> str | None:
        """Return the text of what is stored; None, counted in the logs, where no key reads it."""
        if not stored.startswith(MARK):
            return stored
        if stored.startswith(_ESCAPED):
            return MARK + stored[len(_ESCAPED) :]
        if self._fernet is not None:
            try:
                token = stored[PREFIX_LENGTH:].encode("ascii")
                return self._fernet.decrypt(token).decode("utf-8", "surrogatepass")
            except (InvalidToken, UnicodeError):
                pass
        self._note_unread()
        return None

    def digests(self, text: str) -> tuple[str, ...]:
        """Return what stands for a text where it is searched for, under each key: the newest first.

        It is the same for the same text, and nobody can try texts out without the key. Spaces
        around it and capitals make no difference.
        """
        wanted = text.strip().casefold().encode("utf-8", "surrogatepass")
        return tuple(
            f"{key_id}:{hmac.new(key, wanted, hashlib.sha256).hexdigest()[:_DIGEST_LENGTH]}"
            for key_id, key in self._digest_keys.items()
        )

    def digest(self, text: str) -> str | None:
        """Return what stands for a text under the newest key; None without text or key.

        Without a key the text itself is stored in clear, and can be searched for.
        """
        return self.digests(text)[0] if text and self._digest_keys else None

    def sample(self, key_id: str) -> str:
        """Return a known text under one of the keys, to recognise that key by."""
        return self._by_id[key_id].encrypt(key_id.encode()).decode("ascii")

    def recognises(self, key_id: str, sample: str) -> bool:
        """Tell whether a sample was made with our key of this id."""
        try:
            return self._by_id[key_id].decrypt(sample) == key_id.encode()
        except (KeyError, InvalidToken):
            return False

    def _note_unread(self) -> None:
        # One query may meet thousands: they are counted, and told once a minute at most.
        self._unread += 1
        now = time.monotonic()
        if now - self._logged_at >= _LOG_EVERY_SECONDS:
            logger.error("%d encrypted values cannot be read: they read as empty", self._unread)
            self._unread, self._logged_at = 0, now


def _derived(key: str, purpose: bytes) -> bytes:
    """Derive bytes for another purpose: whoever learns them learns nothing of the key."""
    info = b"territoires-industrie-bot " + purpose
    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=info).derive(key.encode())


# An engine has a dialect of its own, and the types of its columns are given it with each value: so
# several databases in one process have keys of their own.
_vaults: WeakKeyDictionary[Dialect, Vault] = WeakKeyDictionary()
_NO_KEYS = Vault()


def lock_with(dialect: Dialect, vault: Vault) -> None:
    """Let an engine's dialect encrypt and decrypt with these keys."""
    _vaults[dialect] = vault


def vault_of(dialect: Dialect) -> Vault:
    """Return the keys that an engine's dialect was given."""
    return _vaults.get(dialect, _NO_KEYS)
