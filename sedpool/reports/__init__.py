"""Reports: run folders to pages and documents.

`run_report` writes the page of one run from `tables`, `findings` and figures of `sedpool.plot`; `error_report`
that of its errors. `runs_document` is the report of many runs, from what `sedpool.comparison` makes of them;
`study_figures` chooses its figures. `page` fills in templates.
"""
