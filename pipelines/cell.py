"""The cell: everything that is trained, as frozen values; the only typed settings there are."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from components.options import Choice, plain

PART_KINDS = (
    "positions",
    "memory",
    "mixer",
    "mlp",
    "activation",
    "norm",
    "topology",
    "optimizer",
    "schedule",
    "batching",
)


@dataclass(frozen=True)
class Data:
    """Which text, cut and encoded how.

    Fields:
        corpus: embedded, the docstrings of pinned packages; files, text on this machine; hub, a
            dataset of the Hugging Face hub; or a synthetic task, of which only the answers are
            predicted: recall (of values by their keys), copy, induction (what followed a marker
            before), selective_copy (what stood between blanks) or parity (of all bits so far).
        path: of `files`: a file or folder of .txt, .jsonl, .json or .parquet, all but the last also
            with .gz; or WikiText's wiki.train.raw, wiki.valid.raw and wiki.test.raw, or .tokens. A
            folder where files, or the folders in it, are named train and validation (valid, val,
            dev) or test is validated on its own validation split, and its test split is never read.
        name: of `hub`: the dataset, `Salesforce/wikitext`.
        config: of `hub`: its configuration, `wikitext-103-raw-v1`.
        text_field: the field that holds the text, for JSONL, Parquet and hub.
        documents: what a document of plain text is: a whole file, a line, a paragraph (between
            empty lines) or a Wikipedia article of WikiText's raw files (` = Title = `).
        tokenizer: byte, 256 ids and one for the end of a document; bpe, trained on the training
            split.
        vocabulary: ids of a trained tokenizer, the end of a document included.
        validation_tokens: size of the validation split in tokens; documents are taken whole.
        probe_length: of a synthetic task: tokens of each document, the end included.
        probe_items: pairs of a recall, symbols of a selective copy, bits before the next parity is
            asked for.
        probe_symbols: different symbols of a synthetic task; of a recall half of them are keys and
            half are values. A blank, a marker and the end of a document come on top.
        probe_documents: of a synthetic task: documents to train on.
    """

    corpus: Literal[
        "embedded",
        "files",
        "hub",
        "recall",
        "copy",
        "induction",
        "selective_copy",
        "parity",
    ] = "embedded"
    path: str | None = None
    name: str | None = None
    config: str | None = None
    text_field: str = "text"
    documents: Literal["file", "line", "paragraph", "wikitext"] = "file"
    tokenizer: Literal["byte", "bpe"] = "byte"
    vocabulary: int = 2048
    validation_tokens: int = 65536
    probe_length: int = 32
    probe_items: int = 4
    probe_symbols: int = 32
    probe_documents: int = 16384


@dataclass(frozen=True)
class Training:
    """How a cell is trained.

    Fields:
        context: tokens of one training sample, a multiple of `model.window`.
        batch: samples of an optimizer step.
        steps: optimizer steps.
        clip: largest gradient norm; larger ones are scaled down to it.
        precision: of the forward pass; auto is bfloat16 where the device has fast bfloat16, float32
            else, and always float32 on a CPU.
        engine: eager, or compiled by torch.compile.
        devices: processes that train one cell together.
        validations: evaluations on the validation split, evenly spaced; the last comes after the
            last step.
    """

    context: int = 256
    batch: int = 16
    steps: int = 300
    clip: float = 1.0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    engine: Literal["eager", "compiled"] = "eager"
    devices: int = 1
    validations: int = 5


@dataclass(frozen=True)
class Evaluation:
    """One way to evaluate a trained cell; never part of its fingerprint.

    Fields:
        name: `validation`, or `length 1024`.
        length: tokens of one sample; null means the trained context. Without a memory that carries,
            the window is as long as the sample when a length is given.
    """

    name: str = "validation"
    length: int | None = None


@dataclass(frozen=True)
class Cell:
    """A variant and a seed: the unit that is trained, cached and counted.

    Fields:
        variant: what differs from the baseline, dotted key -> value, for people; not fingerprinted.
        seed: of the initial values and the data order.
        model: the decoder with its sizes.
        parts: kind -> members: one, a chain (`memory`) or a pattern over the layers.
        data: which text.
        training: how.
    """

    variant: Mapping[str, Any]
    seed: int
    model: Choice
    parts: Mapping[str, tuple[Choice, ...]]
    data: Data
    training: Training

    def as_json(self) -> dict[str, Any]:
        """Return the plain form that workers, files and digests hold."""
        return {
            "variant": plain(dict(self.variant)),
            "seed": self.seed,
            "model": self.model.as_json(),
            "parts": {
                kind: [each.as_json() for each in members] for kind, members in self.parts.items()
            },
            "data": asdict(self.data),
            "training": asdict(self.training),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Cell":
        """Read what `as_json` gave."""
        parts = {
            kind: tuple(Choice.from_json(each) for each in members)
            for kind, members in value["parts"].items()
        }
        return cls(
            value["variant"],
            value["seed"],
            Choice.from_json(value["model"]),
            parts,
            Data(**value["data"]),
            Training(**value["training"]),
        )
