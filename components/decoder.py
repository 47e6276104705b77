"""The decoder: one explicit forward over two interfaces, positions and memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.cap import capped, checked
from components.errors import Problem, UserError
from components.layer import Layer
from components.layout import LayerPlan, Shape, layer_plans
from components.memory import Chain, Memory, Recall, Seen, Window
from components.options import Choice
from components.positions import Positions
from components.registry import build, component
from components.sizes import Sizes

if TYPE_CHECKING:
    from components.mixer import Mixer
    from components.mlp import Mlp


@dataclass(frozen=True)
class State:
    """What one window hands to the next.

    Fields:
        memory: of the decoder's memory.
        layers: for each layer, of its mixers.
    """

    memory: Any
    layers: tuple[tuple[Any, ...], ...]


class Prediction(NamedTuple):
    """What the decoder says of one window.

    Fields:
        logits: [batch, length, vocabulary].
        state: what is handed to the next window.
        auxiliary: what is minimised beside the loss of this window, [], already weighted; None
            where no component has such. It is never part of a loss that is recorded.
    """

    logits: Tensor
    state: State
    auxiliary: Tensor | None


@component("model", "decoder")
class Decoder(nn.Module):
    """A causal language model, assembled from the components of a cell.

    Formula:  logits = head(norm(layers(embedding(tokens)))), window by window.
    Shapes:   tokens [batch, length]; logits [batch, length, vocabulary].
    Options:
        width: channels of the residual stream.
        layers: number of layers.
        heads: query heads of every layer.
        kv_heads: key-value heads, a divisor of heads; null means as many as heads.
        head_width: channels of a head; null means width / heads.
        window: tokens processed at once.
        mlp_sharing: a letter for each layer, layers with equal letters have one MLP: `aabb`; null
            means that each has its own.
        mlp_widths: factors of the MLPs' inner widths, repeating over the layers; null means 1.
        fan_out: channels that each layer has more than the one below it. What a layer is given it
            pads with zeros, in each head's part of the stream.
        tied: whether the head is the embedding.
        softcap: c, the largest logit there can be: c tanh(logit / c), as in Gemma 2; null for none.
        init: normal is N(0, 0.02) with depth scaling, torch is what nn.Linear and nn.Embedding do.
    Errors:   ValueError where sizes do not divide, unless softcap > 0; UserError where components
              do not go together.
    Source:   design of this project: positions and memory are two interfaces.
    """

    def __init__(
        self,
        parts: Mapping[str, tuple[Choice, ...]],
        vocabulary: int,
        context: int,
        *,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        kv_heads: int | None = None,
        head_width: int | None = None,
        window: int = 128,
        mlp_sharing: str | None = None,
        mlp_widths: tuple[float, ...] | None = None,
        fan_out: int = 0,
        tied: bool = False,
        softcap: float | None = None,
        init: Literal["normal", "torch"] = "normal",
    ) -> None:
        super().__init__()
        self.init = init
        self.softcap = checked(softcap)
        shape = Shape(_positive("layers", layers), width, fan_out, mlp_widths, mlp_sharing)
        plans = layer_plans(parts, shape)
        self.sizes = Sizes(
            width=_positive("width", width),
            layers=layers,
            heads=_positive("heads", heads),
            kv_heads=_key_value_heads(heads, kv_heads),
            head_width=_head_width(width, heads, head_width),
            window=_positive("window", window),
            context=_whole_windows(context, window),
            vocabulary=vocabulary,
            attends=tuple(plan.has_keys for plan in plans),
        )
        self.embedding = nn.Embedding(vocabulary, width)
        _refuse_two_of_one_name(parts["memory"])
        self.memory = Chain(
            self.sizes, {each.name: build(each, self.sizes) for each in parts["memory"]}
        )
        _refuse_a_memory_that_does_not_fit(self.memory, parts, self.sizes, fan_out)
        self.sizes = replace(self.sizes, places=_places(self.sizes, self.memory))
        self.embedded: Positions = _embedding_encoder(self.sizes, parts["positions"])
        self.layers = nn.ModuleList(_layers(self.sizes, plans, head_width))
        final = self._layers[-1].topology.final_norm
        last = plans[-1].width
        self.norm: nn.Module = build(plans[-1].norm, last) if final else nn.Identity()
        self.head = nn.Linear(last, vocabulary, bias=False)
        if tied and fan_out:
            raise ValueError("tied: with fan_out the head is wider than the embedding")
        if tied:
            self.head.weight = self.embedding.weight

    @property
    def _layers(self) -> tuple[Layer, ...]:
        return tuple(self.layers)  # type: ignore[arg-type]  # nn.ModuleList forgets the type

    @property
    def _mixers(self) -> "tuple[Mixer, ...]":
        return tuple(mixer for layer in self._layers for mixer in layer.mixers)

    @property
    def carries(self) -> bool:
        """Whether a window sees anything of the windows before it."""
        return self.memory.carries or any(mixer.carries for mixer in self._mixers)

    @property
    def separates_documents(self) -> bool:
        """Whether documents that share a window stay apart in every part of it."""
        return self.memory.separates_documents and all(
            mixer.separates_documents for mixer in self._mixers
        )

    def start(self, batch: int) -> State:
        """Return the state before the first window of `batch` rows."""
        device = self.embedding.weight.device
        layers = tuple(layer.start(batch, device) for layer in self._layers)
        return State(self.memory.start(batch, device), layers)

    def reset(self, rows: Tensor, state: State) -> State:
        """Return the state in which the rows of the mask `rows` [batch] have forgotten all."""
        each = zip(self._layers, state.layers, strict=True)
        layers = tuple(layer.reset(rows, own) for layer, own in each)
        return State(self.memory.reset(rows, state.memory), layers)

    def after_step(self) -> None:
        """Move what is learned without a gradient; called once behind every optimizer step."""
        for module in self.modules():
            if module is not self and hasattr(module, "after_step"):
                module.after_step()  # type: ignore[operator]  # nn.Module says Tensor or Module

    @override
    def forward(self, tokens: Tensor, state: State, documents: Tensor | None = None) -> Prediction:
        """Predict one window of `tokens` [batch, length].

        Args:
            tokens: [batch, length].
            state: behind the window before.
            documents: as in `Window`, where those of a row are kept apart.
        """
        return self.from_embeddings(self.embedding(tokens), state, documents)

    def from_embeddings(
        self, x: Tensor, state: State, documents: Tensor | None = None
    ) -> Prediction:
        """Predict one window from its embedded tokens `x` [batch, length, width]."""
        window = self.memory.add_tokens(Window.of(x, documents), state.memory)
        x = self.embedded.on_embeddings(window.x, window.positions)

        seen: list[Seen | None] = []
        states: list[tuple[Any, ...]] = []
        losses: list[Tensor | None] = []
        for index, (layer, own) in enumerate(zip(self._layers, state.layers, strict=True)):
            layered = layer(x, window, Recall(self.memory, index, state.memory), own)
            x = layered.x
            seen.append(layered.own)
            states.append(layered.state)
            losses.append(layered.auxiliary)
        x = self.norm(x)

        losses.append(self.memory.auxiliary(seen, state.memory))
        written = self.memory.write(window, x, seen, state.memory)
        read = x if window.read is None else x[:, window.read]
        logits = self.head(read)
        if self.softcap is not None:
            logits = capped(self.softcap, logits)
        return Prediction(logits, State(written, tuple(states)), _sum(losses))


def _refuse_two_of_one_name(memories: Sequence[Choice]) -> None:
    names = [each.name for each in memories]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"memory: {name} stands twice in the chain")


def _sum(losses: Sequence[Tensor | None]) -> Tensor | None:
    found = [loss for loss in losses if loss is not None]
    return torch.stack(found).sum() if found else None


def _layers(sizes: Sizes, plans: Sequence[LayerPlan], head_width: int | None) -> tuple[Layer, ...]:
    """Build the layers, with the encoders and MLPs that some of them share."""
    layers: list[Layer] = []
    encoders: dict[str, Positions] = {}
    for plan in plans:
        own = replace(
            sizes,
            width=plan.width,
            head_width=_head_width(plan.width, sizes.heads, head_width),
            mlp_factor=plan.mlp_factor,
        )
        first = layers[plan.mlp_of].mlp if plan.mlp_of < len(layers) else None
        mlp: Mlp = first or build(plan.mlp, own, build(plan.activation))
        layers.append(Layer(own, plan, _layer_encoder(own, plan, encoders), mlp))
    return tuple(layers)


def _embedding_encoder(sizes: Sizes, members: tuple[Choice, ...]) -> Positions:
    """Build the encoder that acts on the embeddings, or one that does nothing."""
    encoders: list[Positions] = [build(member, sizes) for member in members]
    acting = [encoder for encoder in encoders if encoder.acts_on_embeddings]
    if acting and len(members) > 1:
        name = members[encoders.index(acting[0])].name
        raise ValueError(f"positions: {name} acts on the embeddings and has no place in a pattern")
    return acting[0] if acting else Positions(sizes)


def _layer_encoder(sizes: Sizes, plan: LayerPlan, shared: dict[str, Positions]) -> Positions:
    """Build the encoder of a layer, or take what it shares with those before it."""
    if not plan.has_keys:
        return Positions(sizes)
    key = f"{plan.positions} {sizes.head_width}"
    first = shared.get(key)
    if first is not None and first.shared_across_layers:
        return first
    encoder: Positions = build(plan.positions, sizes)
    if first is not None:
        encoder.share_with(first)
    shared.setdefault(key, encoder)
    return Positions(sizes) if encoder.acts_on_embeddings else encoder


def _refuse_a_memory_that_does_not_fit(
    memory: Memory[Any], parts: Mapping[str, tuple[Choice, ...]], sizes: Sizes, fan_out: int
) -> None:
    """Refuse a memory that would do nothing, or cannot."""
    names = ", ".join(each.name for each in parts["memory"])
    if memory.acts_on_keys and not any(map(sizes.has_keys, range(sizes.layers))):
        mixers = ", ".join(each.name for each in parts["mixer"])
        what = f"memory {names} acts on keys, and no layer has any"
        raise UserError(Problem(what, key="memory", hints=(f"mixer: {mixers}",)))
    if memory.one_width and fan_out:
        what = f"memory {names} needs layers of one width, which model.fan_out makes wider"
        raise UserError(Problem(what, key="memory"))


def _places(sizes: Sizes, memory: Memory[Any]) -> int:
    """Return the positions that a context takes, with the tokens that a memory adds."""
    return sizes.context + sizes.context // sizes.window * memory.added


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name}: {value} is below 1")
    return value


def _key_value_heads(heads: int, kv_heads: int | None) -> int:
    count = heads if kv_heads is None else _positive("kv_heads", kv_heads)
    if heads % count:
        raise ValueError(f"kv_heads: {count} does not divide heads = {heads}")
    return count


def _head_width(width: int, heads: int, head_width: int | None) -> int:
    if head_width is not None:
        return _positive("head_width", head_width)
    if width % heads:
        raise ValueError(f"heads: {heads} does not divide width = {width}; set head_width")
    return width // heads


def _whole_windows(context: int, window: int) -> int:
    if context % window:
        raise ValueError(f"window: {window} does not divide training.context = {context}")
    return context
