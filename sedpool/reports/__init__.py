"""Reports: run folders to pages, figures and tables.

`run_report` writes the page of one run from `tables`, `findings`, `training_figures` and `example_figure`;
`comparison` puts many runs into one table; `style` is how figures look.
"""
