"""From many verdicts to knowledge: readers, statistics, tables, plots, report."""
