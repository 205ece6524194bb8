"""What leaves the studio: tables and packages, made from rows and stored sound.

Rule: everything is written piece by piece, so that ten thousand events or ten gigabytes of sound
need no more memory than a few; a name in a package is plain ASCII; a table is UTF-8 with a byte
order mark and neutralises cells that a spreadsheet would calculate (`sheets`). Before a file goes
into a package, the approval and the file's own hash are looked at once more (`package`). Reason:
what is delivered cannot be called back. Price: each file is read twice.
"""
