"""What people type, checked all at once.

Rule: fields for parameters are built from `speech.params`; `StudioForm.add_faults` puts what a
service refused next to its field. Reason: no range is written twice, and input is never lost.
"""
