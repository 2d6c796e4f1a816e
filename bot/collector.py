"""The garbage collector, kept off what stays.

Rules, second net and libraries are half a million objects that live as long as the program.
Looking them all over takes 0.2 to 0.3 seconds, which the collector does again and again as
visitors come and go, and no card can come meanwhile.
"""

from __future__ import annotations

import gc


def spare_what_is_here() -> None:
    """Collect once, and look no more at what is left; what is dropped later is still freed."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
