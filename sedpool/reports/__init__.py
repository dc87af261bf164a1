"""Reports: run folders to pages and documents.

`document` holds the one table model and what a report consists of. `document_html`, `document_markdown`,
`document_latex`, `document_csv` and `terminal` write it, the former three through templates that `page` fills in.
`run_report` writes the page of one run and `error_report` that of its errors; `runs_document` is the report of many
runs, `comparison_report` what ``sedpool compare`` prints; `evaluation_tables` shows an evaluation.
"""
