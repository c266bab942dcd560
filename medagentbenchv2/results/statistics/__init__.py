"""Statistics of evaluation runs. Every function names its source; what is random takes a seed.

The estimand is part of each name or docstring: *these tasks* (the tasks at hand, stratified by family), *new patients*
(clustered by patient) or *new families* (clustered by family). `proportion` and `repeats` need the standard library
only.
"""
