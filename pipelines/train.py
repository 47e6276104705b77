"""Training: what a cell's components are made into, and the loop."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from components.initialise import initialise
from components.registry import build
from pipelines.samples import samples
from pipelines.windows import read

if TYPE_CHECKING:
    from components.batching import Batching, Documents
    from components.decoder import Decoder
    from components.schedule import Schedule
    from pipelines.cell import Cell


@dataclass(frozen=True)
class Trainee:
    """A cell's components, built; model and optimizer change while it trains.

    Fields:
        model: the decoder, on the device.
        optimizer: of the model's parameters.
        peaks: the learning rate of each of the optimizer's groups, before the schedule's factor.
        schedule: the factor on the peaks.
        batching: fills the rows.
    """

    model: "Decoder"
    optimizer: Optimizer
    peaks: tuple[float, ...]
    schedule: "Schedule"
    batching: "Batching"

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.model.embedding.weight.device


@dataclass(frozen=True)
class Step:
    """What one optimizer step measured.

    Fields:
        number: counted from 1.
        predicted: targets of its sample.
        loss: [], nats per target before the update; on the device.
        gradient_norm: [], before it is clipped; on the device.
        learning_rate: of the update.
    """

    number: int
    predicted: int
    loss: Tensor
    gradient_norm: Tensor
    learning_rate: float


def new_model(cell: "Cell", vocabulary: int) -> "Decoder":
    """Build the decoder of a cell, with its initial values, on the CPU.

    Raises:
        UserError: a component refuses an option.
    """
    # Parameters and buffers do not depend on it, which is checked; whatever else may be drawn does.
    torch.manual_seed(cell.seed)
    return built(cell, vocabulary)


def built(cell: "Cell", vocabulary: int) -> "Decoder":
    """Build the decoder of a cell under the global random state as it is."""
    model: Decoder = build(cell.model, cell.parts, vocabulary, cell.training.context)
    initialise(model, cell.seed, model.sizes.layers, model.init)
    return model


def new_batching(cell: "Cell", window: int, documents: "Documents") -> "Batching":
    """Build what fills the rows of a cell.

    Raises:
        UserError: the documents cannot fill them.
    """
    training = cell.training
    batching: Batching = build(
        cell.parts["batching"][0], documents, training.context, window, training.batch
    )
    return batching


def new_trainee(
    cell: "Cell", vocabulary: int, documents: "Documents", device: torch.device
) -> Trainee:
    """Build all that a cell trains with.

    Raises:
        UserError: a component refuses an option.
    """
    model = new_model(cell, vocabulary).to(device)
    if cell.training.engine == "compiled":
        torch.compiler.reset()  # what earlier cells compiled counts against a limit
        model.compile(dynamic=False)
    named = [each for each in model.named_parameters() if each[1].requires_grad]
    optimizer: Optimizer = build(cell.parts["optimizer"][0], named).make()
    return Trainee(
        model,
        optimizer,
        tuple(group["lr"] for group in optimizer.param_groups),
        build(cell.parts["schedule"][0], cell.training.steps),
        new_batching(cell, model.sizes.window, documents),
    )


def steps(trainee: Trainee, cell: "Cell", first: int = 0) -> Iterator[Step]:
    """Train on each sample, window by window; yield what every optimizer step measured.

    Nothing here waits for the device, but where a batching lets a memory forget in the middle of a
    sample. A gradient that is not finite is replaced by zeros before the optimizer sees it; whoever
    reads the steps ends the training there.

    Args:
        trainee: is trained in place.
        cell: whose every `auto` is resolved.
        first: steps that were done before.
    """
    model, optimizer, training = trainee.model, trainee.optimizer, cell.training
    own = samples(trainee.batching, cell.seed, trainee.device, first, training.steps)
    for done, sample in enumerate(own, start=first):
        model.train()
        torch.manual_seed(_seed_of(cell.seed, done))  # for components that draw while they train
        for group, peak in zip(optimizer.param_groups, trainee.peaks, strict=True):
            group["lr"] = peak * trainee.schedule.factor(done)

        optimizer.zero_grad(set_to_none=True)
        count = max(sample.predicted, 1)
        loss = torch.zeros((), device=trainee.device)
        pending = loss
        for reading in read(model, sample.parts, training.precision):
            # nats per token of the sample: windows with fewer targets weigh less
            nats = reading.nats.sum() / count
            loss = loss + nats.detach()
            pending = pending + nats
            if reading.auxiliary is not None:
                pending = pending + reading.auxiliary / len(sample.parts)
            # Where a later window sends gradients back into this one, they go back together.
            if reading.part is sample.parts[-1] or not carries_gradient(reading.state):
                pending.backward()
                pending = torch.zeros_like(loss)

        norm = clip_grad_norm_(model.parameters(), training.clip)
        broken = ~(loss.isfinite() & norm.isfinite())
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.masked_fill_(broken, 0.0)
        optimizer.step()
        model.after_step()
        yield Step(done + 1, sample.predicted, loss, norm, optimizer.param_groups[0]["lr"])


def carries_gradient(state: Any) -> bool:
    """Say whether a loss of the next window would send gradients through a memory's state."""
    if isinstance(state, Tensor):
        return state.requires_grad
    if isinstance(state, tuple | list):
        return any(carries_gradient(each) for each in state)
    if isinstance(state, dict):
        return any(carries_gradient(each) for each in state.values())
    if is_dataclass(state) and not isinstance(state, type):
        return any(carries_gradient(getattr(state, each.name)) for each in fields(state))
    return False


def _seed_of(seed: int, step: int) -> int:
    digest = hashlib.blake2b(f"{seed}/step/{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
