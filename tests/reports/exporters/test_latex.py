"""LaTeX that shows any name, read back by a small reader that refuses what it does not know."""

import re

import pytest
from hypothesis import example, given

from reports.exporters.latex import escape, latex
from reports.exporters.tables import variants_table
from tests.reports.exporters.tables import HOSTILE, LOSSES, TEXTS, material

COMMANDS = {
    r"\textbackslash{}": "\\",
    r"\{": "{",
    r"\}": "}",
    r"\$": "$",
    r"\&": "&",
    r"\#": "#",
    r"\%": "%",
    r"\_": "_",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textasciigrave{}": "`",
    r"{\char34}": '"',
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "{}": "",
    "$-$": "−",
    r"\,": "\u202f",
    r"$\times$": "×",
    r"$\pm$": "±",
    "~": "\u00a0",
    r"\textendash{}": "–",
    r"$\rightarrow$": "→",
    r"\ldots{}": "…",
    r"\textquotedblleft{}": "“",
    r"\textquotedblright{}": "”",
    r"\textquoteright{}": "’",  # noqa: RUF001 - of a genitive
}
KNOWN = sorted(COMMANDS, key=len, reverse=True)
ACTIVE = set('\\{}$&#%_~^<>|`"[]*')
RAISED = dict(zip("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True))


def read(source: str) -> str:
    """Return what LaTeX shows."""
    shown, at = "", 0
    while at < len(source):
        raised = re.compile(r"\$\^\{([0-9-]+)\}\$").match(source, at)
        command = next((each for each in KNOWN if source.startswith(each, at)), None)
        if raised:
            shown, at = shown + "".join(RAISED[each] for each in raised[1]), raised.end()
        elif command is not None:
            shown, at = shown + COMMANDS[command], at + len(command)
        else:
            assert source[at] not in ACTIVE, source[at:]
            shown, at = shown + source[at], at + 1
    return shown


def flat(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


@given(TEXTS)
def test_any_text_is_shown_as_it_is(text):
    assert read(escape(text)) == flat(text)


@given(TEXTS)
@example("----")
@example("''")
@example(",,,")
def test_no_two_signs_become_one(text):
    without_commands = re.sub(r"\$\^\{.*?\}\$|\\,", "$", escape(text))
    assert not re.search("--|''|,,|``|!`|\\?`", without_commands)


def rows(source: str) -> list[list[str]]:
    """The cells of every row of the body, as they are shown."""
    body = source.partition("\\midrule")[2].partition("\\bottomrule")[0]
    body = body.replace("\\addlinespace", "")
    assert body.rstrip().endswith("\\\\")
    lines = [each for each in re.split(r"\\\\\n", body) if each.strip()]
    return [[read(cell.strip()) for cell in re.split(r"(?<!\\)&", line)] for line in lines]


@pytest.mark.parametrize("losses", [LOSSES, HOSTILE], ids=["plain", "hostile"])
def test_the_rows_are_those_of_the_table(tmp_path, losses):
    table = variants_table(material(tmp_path, losses))
    found = rows(latex(table))
    assert len(found) == 2 * len(losses)
    assert latex(table).count("    \\addlinespace\n") == len(losses) - 1
    for line in (0, 1):
        for place, stack in enumerate(table.stacks):
            cells = [each[place] for each in found[line::2]]
            expected = stack[line].cells if line < len(stack) else [""] * len(losses)
            assert cells == [flat(each).strip() for each in expected]


def test_no_row_begins_with_what_ends_the_one_before(tmp_path):
    names = {"rotary": [3.2, 3.21], "[2pt]": [3.2, 3.22], "*": [3.3, 3.31]}
    source = latex(variants_table(material(tmp_path, names)))
    assert not re.search(r"\\\\\s*[\[*]|\\addlinespace\s*\[", source)


def test_the_environment_is_whole_and_says_what_it_needs(tmp_path):
    table = variants_table(material(tmp_path, name="my grid_100%"))
    source = latex(table)
    assert source.startswith("% needs \\usepackage{booktabs}\n\\begin{table}\n")
    assert source.endswith("\\end{tabular}\n\\end{table}\n")
    assert "\\label{tab:my-grid-100-}\n" in source
    assert f"\\caption{{{escape(table.caption)}}}\n" in source
    (columns,) = re.findall(r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}", source)
    assert len(columns) == len(table.stacks)
