"""Files that are no grid because of their YAML, or that two programs would read differently."""

from tests.ablations.broken_grids import Broken, axes, extra, grid

BROKEN_YAML = (
    Broken("empty", "", None, ("the file is empty",)),
    Broken("only a comment", "# nothing\n", None, ("the file is empty",)),
    Broken("a list", "- question\n", 1, ("the file holds a list", "expected a mapping")),
    Broken("a word", "hello\n", 1, ("the file holds one value",)),
    Broken("does not parse", grid(axes="axes: {positions: [rotary, none}\n"), 3, ("not YAML",)),
    Broken("a tab", "question: Q\nbaseline:\n\tpositions: none\n", 3, ("not YAML",)),
    Broken("two documents", grid() + "---\n" + grid(), 4, ("a second document",)),
    Broken(
        "an anchor", axes("&a rotary, none"), 3, ("an anchor has no place", "axes.positions[0]")
    ),
    Broken(
        "an alias",
        grid(baseline="baseline: &b {positions: rotary}\n") + "set: *b\n",
        2,
        (
            "an anchor has no place in a grid",
            "question.yaml:4   set = *b",
            "an alias has no place in a grid",
            "set = *b",
            "write the value out",
        ),
    ),
    Broken("a tag", extra("margin: !!float 1"), 4, ("a tag has no place", "margin = !!float")),
    Broken(
        "a tag that would run code",
        extra("margin: !!python/object/apply:os.system [true]"),
        4,
        ("a tag has no place in a grid", "!!python/object/apply:os.system"),
    ),
    Broken(
        "an interpolation",
        grid(question="question: ${oc.env:HOME}\n"),
        1,
        ("an interpolation has no place", "question = ${oc.env:HOME}", "nor the environment"),
    ),
    Broken(
        "a quoted interpolation",
        grid(question='question: "${baseline.positions}"\n'),
        1,
        ("an interpolation has no place",),
    ),
    Broken("a merge key", extra("<<: {seeds: 3}"), 4, ("a merge key has no place",)),
    Broken("a number for a key", extra("set: {1: 2}"), 4, ("the key 1 is no word", "set")),
    Broken("a switch for a key", extra("set: {on: 2}"), 4, ("the key on is no word", "set")),
    Broken("a list for a key", extra("set: {[a, b]: 2}"), 4, ("a key that is no word", "set")),
    Broken("deep nesting", "a: " + "[" * 3000 + "]" * 3000 + "\n", 1, ("nested too deeply",)),
    # words that YAML 1.1 and 1.2 read differently
    Broken("no", grid(question="question: no\n"), 1, ("question = no", 'quote it: "no"')),
    Broken("Yes", grid(question="question: Yes\n"), 1, ("question = Yes", "write true")),
    Broken("off", extra("set: {model.tied: off}"), 4, ("set.model.tied = off", "write false")),
    Broken("octal", extra("seeds: 010"), 4, ("seeds = 010", "write 8 or 10, or quote it")),
    Broken("new octal", extra("seeds: 0o10"), 4, ("seeds = 0o10", "write 8, or quote it")),
    Broken("a leading zero", extra("seeds: 08"), 4, ("seeds = 08", "write 8")),
    Broken("a negative octal", extra("margin: -010"), 4, ("margin = -010", "write -8 or -10")),
    Broken("binary", extra("seeds: 0b11"), 4, ("seeds = 0b11", "write 3")),
    Broken("underscores", extra("seeds: 1_0"), 4, ("seeds = 1_0", "write 10")),
    Broken("sexagesimal", grid(question="question: 1:30\n"), 1, ("1:30", "quote it", "90")),
    Broken("a date", grid(question="question: 2024-01-01\n"), 1, ("quote it", "a date")),
    Broken("infinite", extra("margin: .inf"), 4, ("margin = .inf", "write a finite number")),
    Broken("not a number", extra("margin: .nan"), 4, ("margin = .nan", "write a finite number")),
    Broken("too large", extra("margin: 1e999"), 4, ("margin = 1e999", "write a finite number")),
)
