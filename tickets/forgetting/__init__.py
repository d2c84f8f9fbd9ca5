"""Callers become anonymous after a period (decision 0098): the person stays as a row that says nothing of anybody.

`doing` finds whose time has come and forgets them batch by batch; `effects` is what it means for one ticket;
`writings` knows what was written about a ticket; `tickets.forgotten_words` hides what stands where nothing can be
changed any more.
"""
