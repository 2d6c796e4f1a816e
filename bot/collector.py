"""The garbage collector, kept off what stays.

Rules, second net and libraries are a quarter of a million objects that live as long as the
program. Looking them all over takes a good part of a second, which the collector does again and
again as visitors come and go, and no card can come meanwhile.
"""

from __future__ import annotations

import gc


def spare_what_is_here() -> None:
    """Collect once, and look no more at what is left.

    What is dropped later is freed all the same, but for what refers to itself: that waits for the
    next call.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
