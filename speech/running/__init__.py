"""How the studio's processes are started, watched and ended.

    studio (supervisor)
    ├── web       one ASGI process on a socket that the supervisor holds
    ├── default   a django-q2 cluster: everything but the driver
    └── driver    a django-q2 cluster of one worker, which runs the driver

Rules
- Each child leads a session and process group of its own. A stop is SIGTERM to the child itself,
  and SIGKILL to its whole group four seconds later. Reason: django-q2's graceful stop has no
  bound. The rows make the kill safe. SIGTERM to everybody at once comes to the same (`cluster`).
- Whoever's parent is gone ends its whole group, at once (`family`). Reason: after kill -9 of the
  supervisor nobody else would; and django-q2's workers outlive a killed cluster.
- The supervisor asks for progress, not for life (`watchdog`): a killed idle worker can hold
  django-q2's queue lock for ever while every process is up. Then the cluster's tree is restarted.
- The supervisor's own thread touches no database and waits for nobody, so that it can always
  stop in time; migrations and the like run in a child too.
- This room and `background` are the only ones that import django_q.

Price: process care that a service manager would otherwise give, in a few hundred lines that are
ours to keep. Revisit when django-q2 bounds its stop and heals its queue lock.
"""
