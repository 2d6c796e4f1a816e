"""The index: where passages and their vectors are kept, and how they are found again.

Only ``chroma`` below imports ``chromadb``; importing this package does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import IndexUnavailable
from bot.knowledge.index.chroma import FORMAT
from bot.knowledge.index.contract import REMEDY, Index, IndexDamaged, Store
from bot.knowledge.index.folder import FolderStore
from bot.knowledge.index.server import ServerStore

if TYPE_CHECKING:
    from bot.settings import Settings

__all__ = [
    "FORMAT",
    "FolderStore",
    "Index",
    "IndexDamaged",
    "ServerStore",
    "Store",
    "check_usable",
    "open_index",
    "open_store",
]


def open_store(settings: Settings) -> Store:
    """The store that ``settings`` name; nothing is opened or created yet.

    Raises ``SettingsError`` if ``BOT_CHROMA_URL`` is not an address.
    """
    if settings.chroma_url:
        return ServerStore(settings.chroma_url, settings.index)
    return FolderStore(settings.index)


def open_index(settings: Settings, embedder_identity: str) -> Index:
    """The current version of the index, for vectors of the embedder ``embedder_identity``.

    Raises ``IndexUnavailable`` if there is none, it cannot be read, or another embedder made
    its vectors.
    """
    store = open_store(settings)
    index = store.open()
    if index is None:
        raise IndexUnavailable(f"There is no index at {store.place} yet. {REMEDY}")
    try:
        check_usable(index, store.place, embedder_identity)
    except IndexUnavailable:
        index.close()
        raise
    return index


def check_usable(index: Index, place: str, embedder_identity: str) -> None:
    """Raise ``IndexUnavailable`` unless ``index`` suits this program and this embedder."""
    if index.format != FORMAT:
        raise IndexUnavailable(
            f"The index at {place} was made by another release of this program "
            f"(format {index.format}, this one reads {FORMAT}). Build it again. {REMEDY}"
        )
    if index.identity != embedder_identity:
        raise IndexUnavailable(
            f"The index at {place} was made with the sentence model {index.identity}, and the "
            f"one in use is {embedder_identity}. Build the index again. {REMEDY}"
        )
