"""The refusal of models in which a token sees its future, by gradients and by changed tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import Tensor

from components.decoder import Decoder
from components.initialise import generator_of

WINDOWS = 3
ROWS = 4
LONGEST = 64
"""Tokens of a window in the check: enough for a block of any usual kernel, and soon computed."""


def refuse_if_it_sees_the_future(model: Decoder, seed: int = 0) -> None:
    """Check that no output depends on a later token, over some windows and the memory in between.

    Two checks, since each misses what the other finds: the gradient of the outputs up to a place
    with respect to later embeddings must be exactly 0 (finds the faintest leak), and outputs up to
    a place must stay the same to the last bit when all later tokens change (finds leaks without a
    gradient, and those that the memory hands on). Places are the first two, the last but one, and
    those around the window edges. Where the windows of these checks are shorter than the model's,
    tokens are changed in windows of the full length as well, without gradients: a look further
    ahead than a short window is long would go unseen. Models that keep the documents of a row apart
    must not change when a later document begins, either.

    All of it is done once as the model is evaluated and once as it is trained, with the same random
    numbers in every pass. The check works on a float32 copy whose parameters are all drawn anew:
    gates and biases that start at 0 would hide a path.

    Args:
        model: is left as it is.
        seed: of the drawn parameters and tokens.

    Raises:
        ValueError: a token sees its future; the message has the first place found and the check.
    """
    copy = randomised(model, seed)
    window = model.sizes.window
    length = window_of_check(model)
    for mode in (copy.eval, copy.train):
        mode()
        try:
            _refuse_short(copy, seed, length)
            if copy.separates_documents:
                _refuse_boundaries(copy, seed, length)
            if length < window:
                _refuse_long(copy, seed)
        except ValueError as error:
            raise ValueError(f"{error}{', while it trains' * copy.training}") from error


def _refuse_short(model: Decoder, seed: int, length: int) -> None:
    """Refuse what is seen in some short windows, by gradients and by changed tokens."""
    tokens, others = _tokens(model, seed, ROWS, windows_of_check(model) * length)
    before = _logits(model, tokens, length)
    for last in _places(length, tokens.shape[1]):
        with _repeatable(model):
            _refuse_gradient(model, tokens, length, last)
        changed = torch.cat([tokens[:, : last + 1], others[:, last + 1 :]], dim=1)
        _refuse_change(before, _logits(model, changed, length), last)


def _refuse_boundaries(model: Decoder, seed: int, length: int) -> None:
    """Refuse outputs that know where a later document of their window begins."""
    tokens, _ = _tokens(model, seed, ROWS, windows_of_check(model) * length)
    documents = torch.zeros_like(tokens)
    before = _logits(model, tokens, length, documents)
    for last in _places(length, tokens.shape[1]):
        later = documents.clone()
        later[:, last + 1 : (last // length + 1) * length] = 1
        _refuse_change(before, _logits(model, tokens, length, later), last)


def _refuse_long(model: Decoder, seed: int) -> None:
    """Refuse what changed tokens show in two windows of full length, or in the only one.

    In each window the tokens of its second half change, which any look ahead meets, and then its
    last one alone.
    """
    window = model.sizes.window
    tokens, others = _tokens(model, seed, 1, min(2 * window, model.sizes.context))
    before = _logits(model, tokens, window)
    for begin in range(0, tokens.shape[1], window):
        for last in sorted({begin + max(window // 2, 1) - 1, begin + window - 2}):
            changed = torch.cat([tokens[:, : last + 1], others[:, last + 1 :]], dim=1)
            after = _logits(model, changed[:, : begin + window], window)
            _refuse_change(before[:, : begin + window], after, last)


def _tokens(model: Decoder, seed: int, rows: int, count: int) -> tuple[Tensor, Tensor]:
    """Return random tokens [rows, count], and as many of which each is another."""
    generator = generator_of("causality.tokens", seed)
    vocabulary = model.sizes.vocabulary
    tokens = torch.randint(vocabulary, (rows, count), generator=generator)
    # Never 0: every later token does change.
    shifts = torch.randint(1, max(2, vocabulary), (rows, count), generator=generator)
    return tokens, (tokens + shifts) % vocabulary


@contextmanager
def _repeatable(model: Decoder) -> Iterator[None]:
    """Let a pass draw the same random numbers as any other, and leave nothing in the buffers."""
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with torch.random.fork_rng(devices=[]):  # of the CPU, where the copy is
        torch.default_generator.manual_seed(0)
        yield
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            buffer.copy_(before[name])


def randomised(model: Decoder, seed: int = 0) -> Decoder:
    """Return a float32 copy of `model` on the CPU in which no parameter has its initial value.

    Vectors are drawn around 1/2, so that gains, gates and biases all let something through;
    matrices keep the size of what they are applied to.
    """
    copy = deepcopy(model).cpu().float().eval()
    with torch.no_grad():
        for name, parameter in copy.named_parameters():
            matrix = parameter.ndim > 1
            mean, spread = (0.0, parameter.shape[-1] ** -0.5) if matrix else (0.5, 0.1)
            parameter.normal_(mean, spread, generator=generator_of(f"randomised.{name}", seed))
    return copy


def windows_of_check(model: Decoder) -> int:
    """Return how many windows are read: three, or those that the model's context has."""
    return min(WINDOWS, model.sizes.context // model.sizes.window)


def window_of_check(model: Decoder) -> int:
    """Return how many tokens each of them has, so that none stands where the model has no place."""
    each = model.sizes.context // windows_of_check(model)
    return min(LONGEST, model.sizes.window, each)


def _places(length: int, total: int) -> list[int]:
    """Return the last token before the future begins, for each check."""
    edges = (each + near for each in range(length, total, length) for near in (-2, -1, 0))
    return sorted({place for place in (0, 1, *edges, total - 2) if 0 <= place < total - 1})


def _windows(
    model: Decoder, tokens: Tensor, length: int, documents: Tensor | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield each window's embeddings, which ask for gradients, and its logits."""
    state = model.start(len(tokens))
    for begin in range(0, tokens.shape[1], length):
        x = model.embedding(tokens[:, begin : begin + length]).detach().requires_grad_()
        own = None if documents is None else documents[:, begin : begin + length]
        logits, state, _ = model.from_embeddings(x, state, own)
        yield x, logits


def _logits(model: Decoder, tokens: Tensor, length: int, documents: Tensor | None = None) -> Tensor:
    with _repeatable(model), torch.no_grad():
        each = [logits for _, logits in _windows(model, tokens, length, documents)]
    logits = torch.cat(each, dim=1)
    if not logits.isfinite().all():
        raise ValueError("causality: with random parameters the outputs are not finite")
    return logits


def _refuse_gradient(model: Decoder, tokens: Tensor, length: int, last: int) -> None:
    """Refuse a gradient from the outputs up to `last` to later embeddings of the same window."""
    window, place = divmod(last, length)
    *_, (x, logits) = _windows(model, tokens[:, : (window + 1) * length], length)
    weights = torch.randn(logits.shape, generator=generator_of(f"causality.weights.{last}", 0))
    (gradient,) = torch.autograd.grad((weights * logits)[:, : place + 1].sum(), x)
    slopes = gradient.abs().amax(dim=(0, 2))
    if not slopes[: place + 1].any():
        raise ValueError(f"causality: position {last} depends on no token (gradient)")
    seen = slopes[place + 1 :].nonzero()
    if len(seen):
        first = int(seen[0]) + place + 1
        raise ValueError(
            f"causality: position {last} or one before it sees position {window * length + first}, "
            f"which comes later (gradient {slopes[first]:.1e})"
        )


def _refuse_change(before: Tensor, after: Tensor, last: int) -> None:
    """Refuse outputs up to `last` that a change of later tokens has changed."""
    differences = (before - after)[:, : last + 1].abs().amax(dim=(0, 2))
    moved = differences.nonzero()
    if len(moved):
        place = int(moved[0])
        raise ValueError(
            f"causality: position {place} sees a token behind position {last}: it changes by "
            f"{differences[place]:.1e} when later tokens do (perturbation)"
        )
