"""A training to go on with, and the weights that it leaves."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from pipelines.files import write_whole

if TYPE_CHECKING:
    from torch import nn

    from pipelines.train import Trainee

LARGEST_MODEL = 64 << 20
"""Bytes of weights that are kept of a finished cell."""


@dataclass(frozen=True)
class Checkpoint:
    """What was known after `step` optimizer steps; plain values and tensors alone.

    Fields:
        step: steps that were done.
        model, optimizer: their state.
        notes: what the caller keeps beside them, of plain Python values.
    """

    step: int
    model: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    notes: Mapping[str, Any]


def save(path: Path, trainee: "Trainee", step: int, notes: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: of the file.
        trainee: what is trained.
        step: steps that were done.
        notes: plain Python values: no arrays, no classes, or it cannot be read back.
    """
    content = {
        "step": step,
        "model": trainee.model.state_dict(),
        "optimizer": trainee.optimizer.state_dict(),
        "notes": dict(notes),
    }
    write_whole(path, lambda beside: torch.save(content, beside))


def load(path: Path, device: torch.device) -> Checkpoint | None:
    """Read a checkpoint; None where there is none, or none that can be read."""
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        return Checkpoint(**content)
    except (FileNotFoundError, pickle.UnpicklingError, RuntimeError, EOFError, TypeError, OSError):
        return None


def restore(trainee: "Trainee", checkpoint: Checkpoint) -> None:
    """Put model and optimizer into the state of the checkpoint."""
    trainee.model.load_state_dict(checkpoint.model)
    trainee.optimizer.load_state_dict(dict(checkpoint.optimizer))


def save_weights(path: Path, model: "nn.Module") -> None:
    """Write the weights of a finished cell, unless they are larger than `LARGEST_MODEL`."""
    tensors = {each.data_ptr(): each.nbytes for each in model.state_dict().values()}
    if sum(tensors.values()) <= LARGEST_MODEL:
        write_whole(path, lambda beside: save_model(model, str(beside)))


def load_weights(path: Path, model: "nn.Module") -> bool:
    """Read weights into a model of the same cell; False where there are none to be read."""
    try:
        load_model(model, str(path))
    except (OSError, RuntimeError, SafetensorError):
        return False
    return True
