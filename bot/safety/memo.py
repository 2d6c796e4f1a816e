"""What was worked out of texts, remembered without the texts.

A conversation comes whole with each of its turns, so that most of it was looked at before.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

#: Texts of which the values are kept, the last used.
_REMEMBERED = 4096


class Memo(Generic[Value]):
    """The values of the last few thousand texts. Safe to use from several threads.

    What was said must not lie about in memory: a text is known by a hash whose key is the memo's
    own, and a value must not hold words of it.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._key = secrets.token_bytes(32)
        self._values: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = Lock()

    def of(
        self, texts: Sequence[str], work_out: Callable[[Sequence[str]], Iterable[Value]]
    ) -> list[Value]:
        """The value of each text; ``work_out`` gives those of the ones that are new, in order."""
        keys = [self._hash(text) for text in texts]
        with self._lock:
            known = {key: self._values[key] for key in keys if key in self._values}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known |= zip(new, work_out(list(new.values())), strict=True)
        with self._lock:
            for key in keys:
                self._values[key] = known[key]
                self._values.move_to_end(key)
            while len(self._values) > _REMEMBERED:
                self._values.popitem(last=False)
        return [known[key] for key in keys]

    def _hash(self, text: str) -> bytes:
        # Half a character of two is no valid text, but a browser can send it.
        return hashlib.blake2b(text.encode(errors="surrogatepass"), key=self._key).digest()
