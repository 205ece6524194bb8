"""The write side: one module per noun, one function per verb.

Rule: the actor comes first, everything else by keyword; each function is atomic, checks what the
row's state allows, writes an `Event`, and moves `Project.version` when something visible changed;
none ever sees a request. The *right* to act was checked when the object was fetched through
`speech.access`. Reason: pages, the front door and workers share each operation. Price: one more
hop between a view and a save.
"""
