"""Pages: function views, method-guarded, 10 to 25 lines.

Rule: a view fetches its object through `access`, asks a form, calls a service, and answers with a
page, or for htmx with the fragment that the page includes. Reason: whoever may not see a thing
cannot be given it, and pages work before htmx is added. Price: the fragment to answer with is
chosen here, never by the client.
"""
