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
_UNSAFE = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def rounded(losses: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Round to multiples of QUANTUM; what is not finite becomes NaN, "no value"."""
    exact = np.asarray(losses, dtype=np.float64)
    kept = np.where(np.isfinite(exact), exact, np.nan)
    return (np.round(kept / QUANTUM) * QUANTUM).astype(np.float32)


def shuffled(values: NDArray[np.float32]) -> bytes:
    """Bytes of all values plane by plane: all first bytes, all second bytes, and so on."""
    planes = np.ascontiguousarray(values, dtype="<f4").view(np.uint8).reshape(-1, 4)
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
