"""Sound is tested on sound made here and now: nothing recorded, nothing patched."""
