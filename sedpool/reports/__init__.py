"""Reports: run folders to pages, figures and tables.

`run_report` writes the page of one run from `tables`, `findings`, `training_figures` and `example_figure`;
`error_report` that of its errors from `error_figures`. `comparison` puts many runs into one table; `ranking_figures`
draw which are better. `study_figures` chooses the figures of many runs, which draw the tables of `method_tables`.
`page` fills in templates, `style` is how figures look and which colour is whose.
"""
