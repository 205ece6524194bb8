"""The read side: what pages show, as querysets and frozen view models.

Rule: each function states how many queries it makes, and the number never depends on how many
rows there are; big columns (peaks, words) are loaded only where they are drawn. Reason: a project
with 100,000 takes opens as fast as a new one. Price: counts that would scan a project's takes are
not shown. Nothing here changes a row.
"""
