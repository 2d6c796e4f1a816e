"""The vectors that everything about meaning is computed with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Float32; of texts, one in a row, and then usually unit vectors.
Vectors = NDArray[np.float32]
