"""Everything that goes into the page as text: curves, JSON, the drawing library, digests."""

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import plotly
from numpy.typing import NDArray

# 1/4096 nat: far below the noise of one batch, and it makes the low bytes compressible.
QUANTUM = 2.0**-12
MISSING = -(2**31)
"""What stands for a loss that is not there."""

_UNSAFE = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def rounded(losses: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Round to multiples of QUANTUM; what is not finite becomes NaN, "no value"."""
    exact = np.asarray(losses, dtype=np.float64)
    kept = np.where(np.isfinite(exact), exact, np.nan)
    return (np.round(kept / QUANTUM) * QUANTUM).astype(np.float32)


def in_buckets(losses: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Keep mean, lowest and highest of every `size` losses, the lowest and highest exactly.

    Shapes: [steps] -> [3, buckets]: the mean, how far the lowest lies below it, the highest above.
    Distances compress better than losses. Values that are not finite are left out; a bucket of
    none but these is NaN.
    """
    many = -(-len(losses) // size)
    padded = np.full(many * size, np.nan, np.float32)
    padded[: len(losses)] = rounded(losses)
    cut = padded.reshape(many, size)
    known = np.isfinite(cut)
    empty = ~known.any(axis=1)
    sums = np.where(known, cut, 0.0).sum(axis=1, dtype=np.float64)
    means = rounded(np.where(empty, np.nan, sums / np.maximum(known.sum(axis=1), 1)))
    lowest = np.where(known, cut, np.inf).min(axis=1, initial=np.inf)
    highest = np.where(known, cut, -np.inf).max(axis=1, initial=-np.inf)
    below = np.where(empty, np.nan, means - lowest)
    above = np.where(empty, np.nan, highest - means)
    return np.stack([means, below, above]).astype(np.float32)


def in_quanta(losses: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
    """Count the quanta of each loss; MISSING where there is none, the most there can be above it.

    Two of the four bytes are 0 below 16 nats, which is less than a float of the same losses takes.
    """
    counted = np.round(np.asarray(losses, dtype=np.float64) / QUANTUM)
    bounded = np.clip(np.nan_to_num(counted, nan=0.0), -(2.0**31) + 1, 2.0**31 - 1)
    return np.where(np.isfinite(counted), bounded, MISSING).astype(np.int32)


def shuffled(values: NDArray[np.int32]) -> bytes:
    """Bytes of all values plane by plane: all first bytes, all second bytes, and so on."""
    planes = np.ascontiguousarray(values, dtype="<i4").view(np.uint8).reshape(-1, 4)
    return planes.T.tobytes()


def packed(content: bytes) -> str:
    """Compress `content` and write it as base64: the same text for the same bytes, always."""
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")


def script_json(value: Any) -> str:
    """Write JSON that cannot end the script element it stands in.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.translate(_UNSAFE)


def source_digest(script: str) -> str:
    """Return the expression by which a content security policy allows exactly this script."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def plotly_source() -> str:
    """Return the plotly.js that comes with the installed plotly."""
    folder = Path(plotly.__file__).parent / "package_data"
    return (folder / "plotly.min.js").read_text(encoding="utf-8")
