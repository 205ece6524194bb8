"""How the studio is configured, and the doors a server enters by.

Rule: one settings file, and every variable is read through `config.env`, which knows its name,
its default and its meaning; a wrong value stops the start and says the cure. Reason: a person
who runs the studio learns of a mistake at once, and the table in the README and `.env.example`
are held to the same list by tests. Price: no layered settings; what differs between a laptop and
a server follows from `PUBLIC_URL` and `DEBUG` alone. Revisit when one deployment needs what
another must not have.
"""
