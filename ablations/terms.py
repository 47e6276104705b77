"""The terms of a question: how often each variant is trained, and how the verdict is made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, cast
from unicodedata import category

from ablations.tree import Node, Problems
from components.errors import Problem, UserError, nearest
from components.options import shown
from pipelines.cell import Evaluation

MARGIN = 0.01
"""Nats per token; the smallest difference that matters, where a grid does not say."""

FEWEST_SEEDS = 2
"""Of a look: one seed has no interval."""

MOST_SEEDS = 1000

LARGEST_SEED = 2**31 - 1

UNSEEN = ("Cc", "Cs")
"""Unicode categories that no text to be read has: controls, halves of characters."""

BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that show the text behind them in another order than it has."""

LOOKS = "{looks: [3, 5, 10]}"

SHORTEST = 2
"""Tokens of a sample that is evaluated: one predicts nothing."""

LONGEST = 2**20
"""Tokens of a sample that is evaluated."""

NEAR = 0.25
"""Share of a length by which a number may miss it, and still have been meant for it."""

EVALUATE = "{lengths: [256, 512, 1024]}"
EVALUATE_KEYS = ("judge", "lengths")


@dataclass(frozen=True)
class Terms:
    """The keys of a grid that hold one value each.

    Fields:
        question: on one line.
        seeds: of every variant; with looks the most that a variant may get.
        looks: numbers of seeds at which the sweep judges, and goes on where it is not decided; None
            where every variant gets all seeds.
        budget: hours of training that further looks stay within; None: no limit.
        margin: nats per token; smaller differences do not matter. None: every difference does.
        interval: floored, the default, or paired.
        final: last, the default, or tail: which validations a verdict is about.
        hold: what all variants have equally much of.
        compare: the contrasts: against the baseline, or all pairs.
        evaluate: the validation split, then the same in samples of other lengths.
        judge: the one of these that verdicts are about.
    """

    question: str
    seeds: tuple[int, ...]
    looks: tuple[int, ...] | None
    budget: float | None
    margin: float | None
    interval: Literal["floored", "paired"]
    final: Literal["last", "tail"]
    hold: Literal["tokens", "flops"]
    compare: Literal["baseline", "all"]
    evaluate: tuple[Evaluation, ...]
    judge: Evaluation


def read_terms(root: Node, problems: Problems, trained: object = None) -> Terms:
    """Read the simple keys of a grid; what is wrong is added to `problems`.

    Args:
        root: of the grid.
        problems: of the grid.
        trained: tokens of a training sample, where all variants have the same.
    """
    absent = Node(None, "", "")
    keys = root.items
    interval = problems.attempt(
        "floored", _word, keys.get("interval", absent), ("floored", "paired")
    )
    final = problems.attempt("last", _word, keys.get("final", absent), ("last", "tail"))
    hold = problems.attempt("tokens", _word, keys.get("hold", absent), ("tokens", "flops"))
    compare = problems.attempt("baseline", _word, keys.get("compare", absent), ("baseline", "all"))
    seeds = keys.get("seeds", Node(5, "seeds", ""))
    looks = problems.attempt(None, _looks, seeds)
    return Terms(
        question=problems.attempt("", _question, root),
        seeds=problems.attempt((0,), _seeds, seeds, looks),
        looks=looks,
        budget=problems.attempt(None, _budget, keys.get("budget", absent), seeds),
        margin=problems.attempt(None, _margin, keys.get("margin", Node(MARGIN, "margin", ""))),
        interval=cast("Literal['floored', 'paired']", interval),
        final=cast("Literal['last', 'tail']", final),
        hold=cast("Literal['tokens', 'flops']", hold),
        compare=cast("Literal['baseline', 'all']", compare),
        evaluate=problems.attempt((Evaluation(),), _evaluate, keys.get("evaluate", absent)),
        judge=problems.attempt(Evaluation(), _judge, keys.get("evaluate", absent), trained),
    )


def _question(root: Node) -> str:
    node = root.items.get("question")
    if node is None:
        hint = "write `question: Does the decoder need explicit positions?`"
        raise UserError(Problem("the grid asks no question", root.place, "question", hints=(hint,)))
    if not isinstance(node.value, str) or not node.value.strip():
        raise node.refuse("a question is a sentence", "write what you want to know, in words")
    question = " ".join(node.value.split())
    unseen = [each for each in question if category(each) in UNSEEN or each in BIDIRECTIONAL]
    if unseen:
        at = node.called("question")
        what = f"the question holds a character that nobody sees, U+{ord(unseen[0]):04X}"
        hint = "take control characters and marks of the direction of text out"
        raise UserError(replace(at.problem(what, hint), value=ascii(question)))
    return question


def _seeds(node: Node, looks: tuple[int, ...] | None) -> tuple[int, ...]:
    if type(node.value) is int:
        if 1 <= node.value <= MOST_SEEDS:
            return tuple(range(node.value))
        raise node.refuse("the number of seeds is out of range", f"expected 1 to {MOST_SEEDS}")
    if node.items:
        return tuple(range(looks[-1])) if looks else (0, 1)  # what is wrong with them was told
    hint = "write 5 for seeds 0 to 4, or [0, 1, 7]"
    if not isinstance(node.value, tuple):
        raise node.refuse("seeds are a number or a list", hint)
    if not node.value:
        raise node.refuse("the list of seeds is empty", hint)
    problems = Problems()
    for each in node.value:
        problems.attempt(None, _seed, each, node.plain)
    problems.settle()
    return tuple(each.value for each in node.value)


def _looks(node: Node) -> tuple[int, ...] | None:
    """Return the numbers of seeds at which the grid looks: growing, two or more."""
    if not node.items:
        return None
    for key, each in node.items.items():
        if key != "looks":
            raise each.refuse(f"seeds have no key {key}", *nearest(key, ("looks",)), LOOKS)
    looks = node.items["looks"]
    values = looks.plain if isinstance(looks.value, tuple) else []
    if not values or not all(type(each) is int for each in values):
        raise looks.refuse("looks are a list of numbers of seeds", f"write seeds: {LOOKS}")
    if values[0] < FEWEST_SEEDS or values[-1] > MOST_SEEDS:
        raise looks.refuse("a look is at 2 seeds at least", f"expected 2 to {MOST_SEEDS}")
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise looks.refuse("each look has more seeds than the one before", f"write seeds: {LOOKS}")
    return tuple(values)


def _budget(node: Node, seeds: Node) -> float | None:
    if node.value is None:
        return None
    if type(node.value) not in (int, float) or not node.value > 0:
        raise node.refuse("a budget is hours of training", "expected a number above 0, such as 2.5")
    if not seeds.items:
        hint = f"write seeds: {LOOKS}: further looks stay within the budget"
        raise node.refuse("only looks have a budget", hint)
    return float(node.value)


def _seed(node: Node, seeds: Sequence[object]) -> None:
    if type(node.value) is not int or not 0 <= node.value <= LARGEST_SEED:
        raise node.refuse("a seed is a whole number", f"expected 0 to {LARGEST_SEED}")
    first = seeds.index(node.value)
    if node.key != f"seeds[{first}]":
        raise node.refuse(f"the seed {node.value} is repeated", f"it is seeds[{first}] already")


def _margin(node: Node) -> float | None:
    if node.value is None:
        return None
    if type(node.value) not in (int, float):
        raise node.refuse("margin is no number", "in nats per token, such as 0.01; or null")
    if node.value <= 0:
        raise node.refuse("margin must be above 0", "in nats per token, such as 0.01; or null")
    return float(node.value)


def _word(node: Node, words: Sequence[str]) -> str:
    if node.value is None:
        return words[0]
    if node.value not in words:
        hints = (f"expected {' or '.join(words)}", *nearest(str(node.value), words))
        raise node.refuse(f"{node.key} = {shown(node.plain)} means nothing", *hints)
    return str(node.value)


def _evaluate(node: Node) -> tuple[Evaluation, ...]:
    if node.value is None:
        return (Evaluation(),)
    if "corpora" in node.items:
        raise node.refuse("corpora are not yet part of the language", f"write {EVALUATE}")
    for key, value in node.items.items():
        if key not in EVALUATE_KEYS:
            hints = (*nearest(key, EVALUATE_KEYS), f"write {EVALUATE}")
            raise value.refuse(f"evaluate has no key {key}", *hints)
    lengths = node.items.get("lengths")
    if lengths is None:
        raise node.refuse("evaluate says which lengths", f"write {EVALUATE}")
    if not isinstance(lengths.value, tuple) or not lengths.value:
        hint = f"write {EVALUATE}; the trained context may be one of them"
        raise lengths.refuse("lengths are a list of numbers of tokens", hint)
    problems = Problems()
    for each in lengths.value:
        problems.attempt(None, _length, each, lengths)
    problems.settle()
    return (Evaluation(), *(_of_length(length) for length in lengths.plain))


def _judge(node: Node, trained: object) -> Evaluation:
    """Return the evaluation that verdicts are about; what else is wrong is told elsewhere."""
    judge, lengths = (node.items.get(key, Node(None, "", "")) for key in EVALUATE_KEYS)
    if judge.value is None:
        return Evaluation()
    listed = lengths.plain if isinstance(lengths.value, tuple) else []
    known = list(dict.fromkeys(each for each in listed if _is_length(each)))
    if type(judge.value) is int and judge.value == trained:  # also where it is one of the lengths
        return Evaluation()
    if type(judge.value) is int and judge.value in known:
        return _of_length(judge.value)
    hints = [f"expected one of the lengths: {', '.join(map(shown, known)) or 'there are none'}"]
    hints += [f"did you mean {each}?" for each in _near(judge.value, known)]
    raise judge.refuse("the verdict is about a length that is evaluated", *hints)


def _near(number: object, lengths: Sequence[object]) -> list[int]:
    """Return the length for which a number may be a slip of the pen, or nothing."""
    if type(number) is not int:
        return []
    apart = {each: abs(each - number) for each in lengths if type(each) is int}
    nearest_one = sorted(apart, key=lambda each: apart[each])[:1]
    return [each for each in nearest_one if apart[each] <= NEAR * each]


def _of_length(length: int) -> Evaluation:
    return Evaluation(f"length {length}", length)


def _is_length(value: object) -> bool:
    return isinstance(value, int) and type(value) is int and SHORTEST <= value <= LONGEST


def _length(node: Node, lengths: Node) -> None:
    if not _is_length(node.value):
        raise node.refuse("a length is a number of tokens", f"expected {SHORTEST} to {LONGEST}")
    first = lengths.plain.index(node.value)
    if node.key != f"{lengths.key}[{first}]":
        raise node.refuse("the length is repeated", f"it is {lengths.key}[{first}] already")
