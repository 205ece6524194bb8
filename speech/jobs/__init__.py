"""How a take gets made: one driver per host carries many jobs through their states.

Rule: the job rows are the truth and a django-q2 message is only a wake-up. A driver holds a lease
row; it claims queued jobs, commits `submitting` *before* each POST and the request id right after
the answer, polls, downloads, measures, and writes `done` in one transaction with the audio's
facts. Every write is fenced: by the lease (checked and renewed in the same transaction) and by
`owner` and `epoch` on the row. Rows of a driver whose lease ran out are taken over; its
`submitting` rows become `unknown`, because nobody can know whether the provider took the money,
and are sent again only by a person. Where sending again is free (the draft voice) they simply
queue again.

Reason: without an idempotency key upstream, "never lost and never paid twice" cannot be had; this
gives "never sent twice by itself", with doubts bounded by the submit window. Price: three commits
around a submission, and a person's decision after a crash. Slices of some 30 s keep django-q2's
timeouts meaningful; a slice that ends hands its rows on by dropping its lease.

Money and limits: budgets are reserved where a take is queued (`speech.services.budgets`), turns are
given there too (`speech.services.queueing`); here a job is claimed in turn, within the window and
the limits per minute of all hosts together (`allowance`). A window of submissions is also the most
that one crash can leave in doubt.

Files: `lease` (who is alive), `ledger` (one database thread, group commit), `work` (a job in
memory), `claim` (which rows are mine), `allowance` and `pace` (how much, when), `lane` (one engine
in one driver), `carry` (one job from claim to done, by way of `submitting`, `reading`, `saving`);
`moves` (what happens, as data), `books` (writing it, fenced) and `rows` (many at once); `trouble`
(what each error means) and `acting` (doing it); `references` (clips pushed to the provider),
`store` (audio into storage), `standing` (what is known of an engine as a whole), `driver` (the
loop). Revisit if the provider offers an idempotency key, a list of requests or a webhook.
"""
