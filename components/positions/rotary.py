"""Rotary position embeddings, with their scalings to longer contexts."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from typing_extensions import override

from components.exact import Exact
from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes

TURNS = {"yarn": (1, 32), "llama3": (1, 4)}
"""Pairs that turn less often than the first in the original length are interpolated, those that
turn more often than the second are left alone."""

STEEP = ("ntk", "dynamic")

OF_THE_ORIGINAL = ("dynamic", "yarn", "llama3")
"""Scalings that ask how long the original context was."""
"""Scalings of the base; its exponent is r / (r - 2)."""


@component("positions", "rotary")
class Rotary(Positions):
    r"""Turn pairs of channels of queries and keys by an angle that grows with the position.

    Formula:  (a, b) -> (a cos p t_i - b sin p t_i, b cos p t_i + a sin p t_i), t_i = base^(-2i/r),
              i = 0 .. r/2 - 1, r = fraction head_width to the nearest even number.
              l of dynamic is what the positions from the first key that the window's document sees
              to the end of the window span, both ends included: of windows without a memory their
              length. Far positions alone do not enlarge it, nor keys of before a reset. A document
              that begins in the window has its own, from there to the end of the window, even if
              another one begins before that: it could not know.
    Shapes:   queries and keys [batch, heads, length, head_width]; channels from r on pass through.
    Options:
        base: the slowest pair turns by 1/base of a radian, about, from token to token.
        fraction: share of the head's channels that is turned.
        layout: which channels are a pair: half, i and i + r/2 (GPT-NeoX, Llama), or interleaved,
            2i and 2i + 1 (GPT-J).
        scaling: how angles shrink for contexts longer than the original one: interpolation,
            t_i / s; ntk, base s^(r/(r - 2)) as the base; dynamic, base (s l/T - s + 1)^(r/(r - 2))
            where l > T; yarn, t_i / s for pairs that turn less than once in T, t_i for those that
            turn more than 32 times, a mixture between, and scores times (0.1 ln s + 1)^2; llama3,
            the same with once and 4 times, and scores as they are.
        factor: s, the longer context over the original one.
        original: T, tokens of the original context (dynamic, yarn, llama3); null means the context
            of the training.
    Errors:   ValueError unless base > 1, 0 <= fraction <= 1, factor >= 1, original > 0; for ntk and
              dynamic with fewer than 4 turned channels; for factor and original where they do
              nothing.
    Source:   Su et al. 2021 (arXiv 2104.09864), section 3.2; interpolation: Chen et al. 2023
              (arXiv 2306.15595); yarn: Peng et al. 2023 (arXiv 2309.00071), section 3; dynamic and
              llama3: `modeling_rope_utils` of transformers.
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        base: float = 10000.0,
        fraction: float = 1.0,
        layout: Literal["half", "interleaved"] = "half",
        scaling: Literal["interpolation", "ntk", "dynamic", "yarn", "llama3"] | None = None,
        factor: float = 1.0,
        original: int | None = None,
    ) -> None:
        super().__init__(sizes)
        _check(base, fraction, factor, original)
        _check_unscaled(scaling, factor, original)
        self.turned = 2 * min(round(fraction * sizes.head_width / 2), sizes.head_width // 2)
        if scaling in STEEP and self.turned < 4:  # noqa: PLR2004  # the exponent is r / (r - 2)
            raise ValueError(f"scaling: {scaling} needs 4 turned channels, there are {self.turned}")
        self.layout = layout
        self.factor = factor
        self.original = sizes.context if original is None else original
        self.frequencies = _frequencies(self.turned, base, scaling, factor, self.original)
        self.exact = Exact(self.frequencies)
        self.slowing = Exact(_slowing(self.turned)) if scaling == "dynamic" else None
        self.stretch = 0.1 * math.log(factor) + 1 if scaling == "yarn" else 1.0

    @override
    def on_queries_and_keys(self, seen: Seen) -> tuple[Tensor, Tensor]:
        if not self.turned:
            return seen.queries, seen.keys
        origin, length = seen.query_positions[:, :1], seen.queries.shape[2]
        speeds = self._speeds(seen)
        of_keys = self._cos_sin(seen.key_positions, origin, speeds)
        same = seen.query_positions is seen.key_positions
        own = speeds[..., -length:, :] if speeds.ndim > 1 else speeds
        of_queries = of_keys if same else self._cos_sin(seen.query_positions, origin, own)
        return self._turn(seen.queries, of_queries), self._turn(seen.keys, of_keys)

    def _speeds(self, seen: Seen) -> Tensor:
        """Return the angle from token to token of each pair, [batch, 1, keys, pairs] or [pairs]."""
        speeds = self.exact.on(seen.keys.device)
        if self.slowing is None:
            return speeds
        slowing = self.slowing.on(seen.keys.device)
        longer = _spanned(seen)[:, None, :, None].to(slowing.dtype) / self.original
        # (base g^(r/(r-2)))^(-2i/r) = t_i g^(-2i/(r-2)), and g is 1 up to T.
        growth = (self.factor * longer - (self.factor - 1)).clamp(min=1)
        return speeds * growth**slowing

    def _cos_sin(self, positions: Tensor, origin: Tensor, speeds: Tensor) -> tuple[Tensor, Tensor]:
        """Return cos and sin, [batch or 1, 1, length, turned / 2], of the angles at `positions`."""
        precision = torch.float64
        if positions.device.type == "mps":  # no float64 there: keep the angles small instead
            precision, positions = torch.float32, positions - origin
        angles = positions[:, None, :, None].to(precision) * speeds
        return angles.cos() * self.stretch, angles.sin() * self.stretch

    def _turn(self, x: Tensor, cos_sin: tuple[Tensor, Tensor]) -> Tensor:
        precision = precise(x)
        cos, sin = (each.to(precision) for each in cos_sin)
        turned, rest = x[..., : self.turned].to(precision), x[..., self.turned :]
        if self.layout == "half":
            a, b = turned.chunk(2, dim=-1)
            turned = torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)
        else:
            a, b = turned[..., ::2], turned[..., 1::2]
            turned = torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2)
        turned = turned.to(x.dtype)
        return torch.cat([turned, rest], dim=-1) if rest.shape[-1] else turned


def _check_unscaled(scaling: str | None, factor: float, original: int | None) -> None:
    """Refuse options that do nothing, so that no two variants are the same function."""
    if scaling is None and factor != 1:
        raise ValueError(f"factor: {factor} does nothing without a scaling")
    if scaling not in OF_THE_ORIGINAL and original is not None:
        raise ValueError(f"original: {original} does nothing with the scaling {scaling}")


def _check(base: float, fraction: float, factor: float, original: int | None) -> None:
    if base <= 1:
        raise ValueError(f"base: {base} is not above 1")
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction: {fraction} is not between 0 and 1")
    if factor < 1:
        raise ValueError(f"factor: {factor} is below 1")
    if original is not None and original < 1:
        raise ValueError(f"original: {original} is below 1")


def _frequencies(
    turned: int, base: float, scaling: str | None, factor: float, original: int
) -> tuple[float, ...]:
    """Return the angle from token to token of each pair, in radians."""
    if scaling == "ntk":
        base *= factor ** (turned / (turned - 2))
    plain = tuple(base ** (-2 * pair / turned) for pair in range(turned // 2))
    if scaling == "interpolation":
        return tuple(each / factor for each in plain)
    if scaling == "yarn":
        return _mixed(plain, _slow_by_place(plain, base, original), factor)
    if scaling == "llama3":
        return _mixed(plain, _slow_by_turns(plain, original), factor)
    return plain


def _mixed(plain: Sequence[float], slow: Sequence[float], factor: float) -> tuple[float, ...]:
    """Interpolate each pair as far as it is slow."""
    pairs = zip(plain, slow, strict=True)
    return tuple(each / factor * share + each * (1 - share) for each, share in pairs)


def _slow_by_place(plain: Sequence[float], base: float, original: int) -> tuple[float, ...]:
    """Return how slow each pair is, 0 to 1, by its place between a fast pair and a slow one."""
    turned = 2 * len(plain)

    def pair_that_turns(times: int) -> float:
        return turned * math.log(original / (2 * math.pi * times)) / (2 * math.log(base))

    slow, fast = TURNS["yarn"]
    low = max(math.floor(pair_that_turns(fast)), 0)
    high = min(math.ceil(pair_that_turns(slow)), turned - 1)
    ramp = max(high - low, 0.001)
    return tuple(min(max((pair - low) / ramp, 0.0), 1.0) for pair in range(len(plain)))


def _slow_by_turns(plain: Sequence[float], original: int) -> tuple[float, ...]:
    """Return how slow each pair is, 0 to 1, by its turns in the original length."""
    slow, fast = TURNS["llama3"]
    turns = (original * each / (2 * math.pi) for each in plain)
    return tuple(min(max((fast - each) / (fast - slow), 0.0), 1.0) for each in turns)


def _slowing(turned: int) -> tuple[float, ...]:
    """Return the powers -2i/(r-2) by which each pair's angle shrinks as the base grows."""
    return tuple(-2 * pair / (turned - 2) for pair in range(turned // 2))


def _spanned(seen: Seen) -> Tensor:
    """Return how many positions the document of each key spans, [batch or 1, keys], int64."""
    length = seen.queries.shape[2]
    begin = seen.query_positions[:, :1]
    end = seen.query_positions[:, -1:] if seen.goes_on is None else begin + length - 1
    there = seen.visible.any(dim=1) & seen.keys_going_on()
    first = torch.where(there, seen.key_positions, begin).amin(dim=1, keepdim=True)
    spans = torch.maximum(end, begin) - torch.minimum(first, begin) + 1
    spans = spans.expand(-1, seen.keys.shape[2])
    if seen.goes_on is None:
        return spans
    index = torch.arange(length, device=spans.device)
    to_the_end = length - index + seen.query_positions
    own = torch.where(seen.goes_on, spans[:, -length:], to_the_end)
    return torch.cat([spans[:, :-length].expand(len(own), -1), own], dim=1)
