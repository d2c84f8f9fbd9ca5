"""Faults done for real: a hotline of its own, a hundred people at work in it, and what goes wrong in a server room.

`make chaos` does each fault of the table in `faults` to a running hotline and then asks the questions of `checks`: what
was acknowledged is there, and once. It writes docs/reliability.md.

`ground` a folder and disks of its own · `house` the processes, which are killed and start again · `people` who work ·
`journal` what they were told · `faults` what is done · `checks` what must hold · `paper` the document.
"""
