r"""A document as LaTeX, which compiles by itself; with the package ``standalone``, ``\input`` takes it into another."""

import unicodedata

from sedpool.reports.document import Document, TableBlock, slug
from sedpool.reports.page import render

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
    """Write the document; figures are read from the folder ``figures`` beside it and numbered as their names say."""
    return render("document.tex", document=document, slug=slug, text=_escaped, table=_table) + "\n"


def _table(table: TableBlock) -> str:
    """Write a table without its caption; baselines come below a line, and long text wraps."""
    types = []
    for index, numeric in enumerate(table.is_numeric):
        is_long = any(len(row.cells[index].text) > _LONGEST_LINE for row in table.rows)
        types.append("r" if numeric else r">{\raggedright\arraybackslash}p{6cm}" if is_long else "l")
    lines = [rf"\fitted{{\begin{{tabular}}{{l{''.join(types)}}}", r"\toprule"]
    if table.groups:
        titles = [rf"\multicolumn{{{span}}}{{c}}{{{_escaped(title)}}}" for title, span in table.groups]
        lines.append(" & ".join(["", *titles]) + r" \\")
        first = 2
        for title, span in table.groups:
            lines += [rf"\cmidrule(lr){{{first}-{first + span - 1}}}"] if title else []
            first += span
    lines += [" & ".join(map(_escaped, (table.row_title, *table.columns))) + r" \\", r"\midrule"]
    for index, row in enumerate(table.rows):
        if row.is_baseline and index > 0 and not table.rows[index - 1].is_baseline:
            lines.append(r"\midrule")
        cells = [_escaped(row.label)]
        for cell in row.cells:
            text = rf"\textbf{{{_escaped(cell.text)}}}" if cell.best else _escaped(cell.text)
            cells.append(text + (r"\rlap{\textsuperscript{\textdagger}}" if cell.with_best else ""))
        lines.append(" & ".join(rf"\textit{{{cell}}}" if row.is_baseline else cell for cell in cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}"])


def _escaped(text: str) -> str:
    """Escape plain text for LaTeX; a sign that pdfLaTeX lacks becomes its code point."""
    letters = []
    for letter in text:
        if letter in _KNOWN:
            letters.append(_KNOWN[letter])
        elif letter.isascii() or unicodedata.name(letter, "").startswith("LATIN"):
            letters.append(letter)
        else:
            letters.append(rf"\texttt{{U+{ord(letter):04X}}}")
    return "".join(letters)
