"""A table in LaTeX, with the rules of booktabs."""

import re
from collections.abc import Sequence

from reports.exporters.tables import VariantsTable
from reports.numbers import MINUS, SUPERSCRIPTS, THIN, TIMES

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"{\char34}",
    # After the end of a row these would be read as its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
}
WORDS = {
    MINUS: "$-$",
    THIN: r"\,",
    TIMES: r"$\times$",
    "±": r"$\pm$",
    "\u00a0": "~",
    "\u2013": r"\textendash{}",
    "\u2192": r"$\rightarrow$",
    "\u2026": r"\ldots{}",
    "\u201c": r"\textquotedblleft{}",
    "\u201d": r"\textquotedblright{}",
    "\u2019": r"\textquoteright{}",
}
"""Characters that reports write, for which not every font of LaTeX has a glyph."""

RAISED = {chr(raised): chr(plain) for plain, raised in SUPERSCRIPTS.items()}
UNNAMEABLE = re.compile(r"[^a-zA-Z0-9.@-]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
SPELLED = re.compile(
    # Two hyphens, apostrophes or commas would become one sign.
    rf"(?P<raised>[{''.join(RAISED)}]+)|(?P<twice>[-',])(?=(?P=twice))|"
    rf"[{re.escape(''.join([*SPECIAL, *WORDS]))}]"
)


def latex(table: VariantsTable) -> str:
    """Return a `table` environment; its first line says what it needs."""
    headings = _lines([tuple(each.heading for each in stack) for stack in table.stacks])
    variants = [
        _lines([tuple(each.cells[place] for each in stack) for stack in table.stacks])
        for place in range(len(table.columns[0].cells))
    ]
    body = "    \\addlinespace\n".join(variants)
    return rf"""% needs \usepackage{{booktabs}}
\begin{{table}}
  \centering
  \footnotesize
  \setlength{{\tabcolsep}}{{4pt}}
  \caption{{{escape(table.caption)}}}
  \label{{tab:{UNNAMEABLE.sub("-", table.name)}}}
  \begin{{tabular}}{{@{{}}{"".join(stack[0].side[0] for stack in table.stacks)}@{{}}}}
    \toprule
{headings}    \midrule
{body}    \bottomrule
  \end{{tabular}}
\end{{table}}
"""


def escape(text: str) -> str:
    """Return a text as LaTeX that shows it; line ends and control characters become spaces."""
    return SPELLED.sub(_spelled, CONTROL.sub(" ", text))


def _spelled(match: re.Match[str]) -> str:
    if match["raised"]:
        digits = "".join(RAISED[each] for each in match[0])
        return f"$^{{{digits}}}$"
    if match["twice"]:
        return f"{match[0]}{{}}"
    return SPECIAL.get(match[0]) or WORDS[match[0]]


def _lines(cells: Sequence[tuple[str, ...]]) -> str:
    """Return the rows of one variant: the cells of a stack stand below each other."""
    depth = max(map(len, cells))
    filled = ((*each, *[""] * (depth - len(each))) for each in cells)
    rows = zip(*filled, strict=True)
    return "".join(f"    {' & '.join(map(escape, row))} \\\\\n" for row in rows)
