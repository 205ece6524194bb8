"""The front door: Segmind's protocol, served with the studio's own keys.

Rule: what is sent and answered is Segmind's, body for body (`speech.wire`), so that its SDK and
another studio work against this one unchanged; whatever is asked for becomes a take of the key's
project (`speech.services.front_door`). Every refusal is one class of exception and one line of
`door.refusal`. Database work is done in a few threads of its own, each of which gives its
connection back: however many call, the database sees no more than those, and a call that waits
for its sound holds neither. Reason: a caller must not be able to tell the doors apart, nor to
keep the pages from answering. Price: what the protocol has no word for (a consent, a wait for
budget) can only be told in sentences, or not at all.

Our own additions, which a client of Segmind's does not notice: the header `Idempotency-Key`, and
the name of the engine (`engine` in a result, `x-takeroom-engine` on an answer). Revisit when
Segmind publishes an idempotency key of its own, or a newer version of its protocol.
"""
