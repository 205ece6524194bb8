"""The draft voice: espeak-ng as a free, local stand-in for timing and script checks.

Rules, reasons, price, and when to revisit:

- **One child process per take** (`child.py`), started by the adapter (`adapter.py`). espeak-ng is
  not thread-safe (four threads end in an abort of the whole process) and carries state from one
  call to the next, which spoils repeats. A fresh process that seeds espeak-ng right after starting
  it gives the same bytes for the same seed, also beside other children. Price: about 0.15 s of
  start-up a take. Revisit if espeak-ng gets contexts of its own per caller.
- **At arm's length.** espeak-ng is GPL-3.0-or-later; the child is a separate program that takes
  plain JSON and leaves a WAV file (see NOTICE). Nothing in the studio links to it.
- **User text is never markup.** No SSML flag (it can name files), no phoneme flag, no control
  characters (espeak-ng reads commands from them), and the child confines itself before it loads
  anything: memory, CPU time, file size, no core dumps.
- **Each setting means something, honestly.** Every clause draws a step for pitch, rate and pause
  from 41 candidates, filtered in the order of Turbo's own sampler: temperature, top-k, top-p,
  min-p, repetition penalty. With 41 candidates a top-k of 41 or more, and of 0, is off. The
  repetition penalty is weak here: it only avoids steps that were used before. `norm_loudness`
  brings the take to -27 LUFS, Turbo's figure for its reference; off, the take is as loud as the
  reference. The reference gives its average pitch and nothing else.
- **Word times are espeak-ng's own** word events, placed on the words of the text as it was sent,
  tags included, each word running to the next space. Where espeak-ng joins two short words into
  one event ("in the"), the pair's time is shared out by letters.
- **Tags**: the sounds are short synthesised placeholders; a delivery tag changes pitch, rate,
  range and level until the next one. Other brackets are read aloud, with a warning, as Turbo does.
  Turbo's rewriting of the text (dots to commas, and so on) is not done here.

Same bytes hold for one espeak-ng version on one platform, so the version is kept with the take.
"""

from __future__ import annotations

from speech.engines.draft.adapter import DraftEngine, available

__all__ = ["DraftEngine", "available"]
