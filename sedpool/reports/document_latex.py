r"""A document as LaTeX, which compiles by itself; with the package ``standalone``, ``\input`` takes it into another."""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from sedpool.reports.document import Cell, Document, FigureBlock, TableBlock, TableRow, slug

_PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[margin=2cm]{geometry}
\usepackage{array,booktabs,graphicx,textcomp}
\begin{document}
% A table or picture, made smaller where it is wider or higher than the page.
\providecommand{\fitted}[1]{\sbox8{#1}%
  \ifdim\wd8>\linewidth\sbox8{\resizebox{\linewidth}{!}{\usebox8}}\fi
  \ifdim\dimexpr\ht8+\dp8\relax>.85\textheight\sbox8{\resizebox*{!}{.85\textheight}{\usebox8}}\fi
  \usebox8}"""

_SPECIAL = {letter: rf"\{letter}" for letter in "#$%&_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}
_SIGNS = {
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "\N{LEFT SINGLE QUOTATION MARK}": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "°": r"\textdegree{}",
}
_SIGNS |= {"†": r"\textdagger{}", "‡": r"\textdaggerdbl{}", "\N{NO-BREAK SPACE}": "~"}
_IN_FORMULAS = {"±": r"\pm", "−": "-", "×": r"\times", "·": r"\cdot", "≤": r"\le", "≥": r"\ge", "≈": r"\approx"}
_IN_FORMULAS |= {"→": r"\to", "∞": r"\infty", "√": r"\surd", "²": "^2", "³": "^3", "₊": "_+", "₋": "_-"}
_IN_FORMULAS |= {"α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "λ": r"\lambda", "μ": r"\mu", "ρ": r"\rho"}
_IN_FORMULAS |= {"σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "χ": r"\chi", "Δ": r"\Delta", "Σ": r"\Sigma"}
_KNOWN = _SPECIAL | _SIGNS | {sign: rf"\({formula}\)" for sign, formula in _IN_FORMULAS.items()}

_LONGEST_LINE = 40  # characters after which cells of text wrap


def to_latex(document: Document) -> str:
    """The text; figures are read from the folder ``figures`` beside it, and numbered as their names say."""
    lines = [_PREAMBLE, rf"\begin{{center}}\LARGE {_escaped(document.title)}\end{{center}}"]
    for section in document.sections:
        lines += [rf"\section*{{{_escaped(section.title)}}}", *map(_block, section.blocks), r"\clearpage"]
    return "\n\n".join([*lines, r"\end{document}"]) + "\n"


def _block(block: str | TableBlock | FigureBlock) -> str:
    if isinstance(block, str):
        return _escaped(block)
    if isinstance(block, TableBlock):
        notes = [rf"\par\smallskip\footnotesize {_escaped(' '.join(block.notes))}"] if block.notes else []
        return _float("table", block, ["\n".join(_table(block)), *notes])
    picture = rf"\fitted{{\includegraphics{{figures/{slug(block.name)}.png}}}}"
    return _float("figure", block, [picture, *([rf"\par\footnotesize {_escaped(block.note)}"] if block.note else [])])


def _float(kind: str, block: TableBlock | FigureBlock, content: list[str]) -> str:
    """A float whose own name and number stand in place of LaTeX's."""
    name, _, number = block.name.partition(" ")
    caption = [
        rf"\renewcommand{{\{kind}name}}{{{_escaped(name)}}}\renewcommand{{\the{kind}}}{{{_escaped(number)}}}",
        rf"\caption{{{_escaped(block.title)}}}\label{{{slug(block.name)}}}\smallskip",
    ]
    return "\n".join([rf"\begin{{{kind}}}[htbp]\centering", *caption, *content, rf"\end{{{kind}}}"])


def _table(table: TableBlock) -> Iterator[str]:
    yield rf"\fitted{{\begin{{tabular}}{{l{''.join(_column_types(table))}}}"
    yield r"\toprule"
    if table.groups:
        yield from _group_lines(table)
    yield _line([_escaped(title) for title in (table.row_title, *table.columns)])
    yield r"\midrule"
    if table.rows:
        yield _row(table.rows[0])
    for above, row in pairwise(table.rows):
        if row.is_baseline and not above.is_baseline:
            yield r"\midrule"
        yield _row(row)
    yield r"\bottomrule"
    yield r"\end{tabular}}"


def _column_types(table: TableBlock) -> Iterator[str]:
    for index, numeric in enumerate(table.is_numeric):
        is_long = max((len(row.cells[index].text) for row in table.rows), default=0) > _LONGEST_LINE
        yield "r" if numeric else r">{\raggedright\arraybackslash}p{6cm}" if is_long else "l"


def _group_lines(table: TableBlock) -> Iterator[str]:
    yield _line(["", *(rf"\multicolumn{{{span}}}{{c}}{{{_escaped(title)}}}" for title, span in table.groups)])
    first = 2
    for title, span in table.groups:
        if title:
            yield rf"\cmidrule(lr){{{first}-{first + span - 1}}}"
        first += span


def _row(row: TableRow) -> str:
    cells = [_escaped(row.label), *map(_cell, row.cells)]
    return _line([rf"\textit{{{cell}}}" for cell in cells] if row.is_baseline else cells)


def _cell(cell: Cell) -> str:
    text = _escaped(cell.text)
    marked = rf"\textbf{{{text}}}" if cell.best else text
    return marked + (r"\rlap{\textsuperscript{\textdagger}}" if cell.with_best else "")


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _escaped(text: str) -> str:
    """Plain text as LaTeX shows it; a sign that pdfLaTeX lacks becomes its code point."""
    return "".join(map(_escaped_letter, " ".join(text.split(" "))))


def _escaped_letter(letter: str) -> str:
    if letter in _KNOWN:
        return _KNOWN[letter]
    if letter.isascii() or unicodedata.name(letter, "").startswith("LATIN"):
        return letter
    return rf"\texttt{{U+{ord(letter):04X}}}"
