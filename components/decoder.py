"""The decoder: one explicit forward over two interfaces, positions and memory."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from torch import Tensor, nn
from typing_extensions import override

from components.layout import LayerPlan, layer_plans
from components.memory import Chain, Memory, Recall, Seen, Window
from components.options import Choice
from components.positions import Positions
from components.registry import build, component
from components.sizes import Sizes

if TYPE_CHECKING:
    from components.mixer import Mixer
    from components.mlp import Mlp
    from components.topology import Topology


class Prediction(NamedTuple):
    """What the decoder says of one window.

    Fields:
        logits: [batch, length, vocabulary].
        state: what the memory hands to the next window.
    """

    logits: Tensor
    state: Any


class Layer(nn.Module):
    """One layer: a mixer and an MLP, joined by a topology, with the layer's position encoder."""

    def __init__(self, sizes: Sizes, plan: LayerPlan, positions: Positions) -> None:
        super().__init__()
        self.positions = positions
        self.mixer: Mixer = build(plan.mixer, sizes)
        self.mlp: Mlp = build(plan.mlp, sizes, build(plan.activation))
        self.topology: Topology = build(plan.topology, partial(build, plan.norm, sizes.width))

    @override
    def forward(self, x: Tensor, window: Window, recall: Recall) -> tuple[Tensor, Seen | None]:
        """Return the stream [batch, length, width] after this layer, and its own keys."""
        mix = partial(self.mixer, window=window, positions=self.positions, recall=recall)
        return self.topology(x, mix, self.mlp)  # type: ignore[no-any-return]  # nn.Module.__call__


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
        tied: whether the head is the embedding.
        init: normal is N(0, 0.02) with depth scaling, torch is what nn.Linear and nn.Embedding do.
    Errors:   ValueError where sizes do not divide.
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
        tied: bool = False,
        init: Literal["normal", "torch"] = "normal",
    ) -> None:
        super().__init__()
        self.init = init
        self.sizes = Sizes(
            width=_positive("width", width),
            layers=_positive("layers", layers),
            heads=_positive("heads", heads),
            kv_heads=_key_value_heads(heads, kv_heads),
            head_width=_head_width(width, heads, head_width),
            window=_positive("window", window),
            context=_whole_windows(context, window),
            vocabulary=vocabulary,
        )
        plans = layer_plans(parts, layers)
        self.embedding = nn.Embedding(vocabulary, width)
        self.embedded: Positions = _embedding_encoder(self.sizes, parts["positions"])
        self.memory: Memory[Any] = Chain(
            self.sizes, [build(each, self.sizes) for each in parts["memory"]]
        )
        self.layers = nn.ModuleList(
            Layer(self.sizes, plan, _layer_encoder(self.sizes, plan.positions)) for plan in plans
        )
        final = self._layers[-1].topology.final_norm
        self.norm: nn.Module = build(plans[-1].norm, width) if final else nn.Identity()
        self.head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.head.weight = self.embedding.weight

    @property
    def _layers(self) -> tuple[Layer, ...]:
        return tuple(self.layers)  # type: ignore[arg-type]  # nn.ModuleList forgets the type

    def start(self, batch: int) -> Any:
        """Return the memory's state before the first window of `batch` rows."""
        return self.memory.start(batch, self.embedding.weight.device)

    @override
    def forward(self, tokens: Tensor, state: Any) -> Prediction:
        """Predict one window of `tokens` [batch, length]: logits and the next state."""
        return self.from_embeddings(self.embedding(tokens), state)

    def from_embeddings(self, x: Tensor, state: Any) -> Prediction:
        """Predict one window from its embedded tokens `x` [batch, length, width]."""
        window = self.memory.add_tokens(Window.of(x), state)
        x = self.embedded.on_embeddings(window.x, window.positions)

        seen: list[Seen | None] = []
        for index, layer in enumerate(self._layers):
            x, own = layer(x, window, partial(self._recall, index, state))
            seen.append(own)
        x = self.norm(x)

        state = self.memory.write(window, x, seen, state)
        read = x if window.read is None else x[:, window.read]
        return Prediction(self.head(read), state)

    def _recall(self, layer: int, state: Any, own: Seen) -> Seen:
        return self.memory.recall(layer, own, state)


def _embedding_encoder(sizes: Sizes, members: tuple[Choice, ...]) -> Positions:
    """Build the encoder that acts on the embeddings, or one that does nothing."""
    encoders: list[Positions] = [build(member, sizes) for member in members]
    acting = [encoder for encoder in encoders if encoder.acts_on_embeddings]
    if acting and len(members) > 1:
        name = members[encoders.index(acting[0])].name
        raise ValueError(f"positions: {name} acts on the embeddings and has no place in a pattern")
    return acting[0] if acting else Positions(sizes)


def _layer_encoder(sizes: Sizes, choice: Choice) -> Positions:
    encoder: Positions = build(choice, sizes)
    return Positions(sizes) if encoder.acts_on_embeddings else encoder


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
