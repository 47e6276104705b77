"""Figures for notebooks.

`names`, `figure`, `curves` and `difference` return the figures of the page with their colours: they
need no page, and can be shown, changed and written as any figure of plotly.
"""

from collections.abc import Collection, Sequence
from typing import Literal

import plotly.graph_objects as go

from reports.frames import Frames


def names(frames: Frames) -> dict[str, str]:
    """Return the figures that `figure` can draw of these results: name -> title."""
    from reports import notebook  # noqa: PLC0415  # most of the page, once a figure is wanted

    return notebook.names(frames)


def figure(frames: Frames, name: str, theme: Literal["light", "dark"] = "light") -> go.Figure:
    """Return a figure of the page as a plotly figure with colours, title and subtitle.

    Args:
        frames: of `reports.frames.read_frames`.
        name: one of `names(frames)`, `seeds`.
        theme: of the page.

    Raises:
        UserError: an unknown name or theme, or these results have nothing to draw in it.
    """
    from reports import notebook  # noqa: PLC0415  # as above

    return notebook.figure(frames, name, theme)


def curves(
    frames: Frames,
    smoothing: float = 0.9,
    *,
    kind: Literal["wandb", "tensorboard"] = "wandb",
    x: Literal["step", "tokens", "seconds", "flops"] = "step",
    variants: Sequence[str] | None = None,
    seeds: Collection[int] | None = None,
    theme: Literal["light", "dark"] = "light",
) -> go.Figure:
    """Return the training losses: every raw curve, and above it the smoothed mean over seeds.

    Args:
        frames: of `reports.frames.read_frames`.
        smoothing: 0 to 0.999, as on the page.
        kind: W&B's formula, which forgets by the width of the chart, or TensorBoard's, by points.
        x: what the curves stand over.
        variants: names; those that have a colour on the page unless said.
        seeds: all unless said.
        theme: of the page.

    Raises:
        UserError: something of it does not exist, or nothing is left to draw.
    """
    chosen = {"smoothing": smoothing, "kind": kind, "x": x, "variants": variants, "seeds": seeds}
    from reports import notebook  # noqa: PLC0415  # as above

    return notebook.curves(frames, "curves", theme, **chosen)


def difference(
    frames: Frames,
    smoothing: float = 0.9,
    *,
    kind: Literal["wandb", "tensorboard"] = "wandb",
    x: Literal["step", "tokens"] = "step",
    variants: Sequence[str] | None = None,
    seeds: Collection[int] | None = None,
    theme: Literal["light", "dark"] = "light",
) -> go.Figure:
    """Return the training losses minus the baseline's at the same seed and step; see `curves`."""
    chosen = {"smoothing": smoothing, "kind": kind, "x": x, "variants": variants, "seeds": seeds}
    from reports import notebook  # noqa: PLC0415  # as above

    return notebook.curves(frames, "difference", theme, **chosen)
