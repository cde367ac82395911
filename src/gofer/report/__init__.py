"""One HTML page per run: tables first, pictures made from the tables, every figure with its meaning.

What enters: the tables that the other packages wrote. What leaves: `results/<run>/report.html`, and RESULTS.md by name.

- `page`: reads the tables and fills the template; each `…_section` makes the rows of one section;
- `metric_tables.Metrics`: metrics.tsv as rows; `subset_tables`, `reliability_plot`, `ablation_section`: cuts of it;
- `labels_and_help`: what the page calls things, and one plain sentence for each; `plots`, `svg`: the pictures.
"""
