"""Who called is kept encrypted, with keys that stand outside the database (decision 0096).

`fields` are columns as models declare them: what a page reads is text, what a disk holds is noise. `blind` finds rows
by what nobody can read: the keyed digest of a whole number, and of each word or ending that a search may ask for.
`rotating` brings all of it to another key or another suite of ciphers while people work.
"""
