"""Sound: read it safely, measure it, keep it in one form.

Rule: every byte that came from outside (an upload, a recording, an engine's output) is read only
by the confined child (`child`, started and watched by `confined`), and what is kept is re-encoded
to FLAC by ourselves; the bytes we were given are never served. Nothing here knows Django.

Reason: the decoder is the largest piece of C that hostile input reaches. Left to its defaults,
FFmpeg fetches the addresses in a playlist and waits for a network stream that a text file names;
a 3 MB file can hold six hours of silence. In the child it may open no address and no second
file, has limits on memory, processor time and output, and can be killed without harm.

Price: a cold start costs about a quarter of a second, so the child stays warm and serves some
two hundred files; one file at a time goes through one `ConfinedAudio`. The child still has the
rights of the user on the file system.

Revisit when a kernel sandbox (Landlock, seccomp) can be had without a new dependency, or when
one child is no longer enough for the takes that arrive.

Where FFmpeg has a filter for it (loudness, true peak, resampling) we use the filter; holes,
clipping and peaks are one pass of numpy over samples that are already in memory, cheaper than
a second filter graph. A 30-second MP3 costs about 70 ms in a warm child, FLAC and fsync included.
"""
