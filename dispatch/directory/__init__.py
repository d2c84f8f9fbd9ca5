"""The responsibility directory (派单目录): who is responsible for what, where, from when, and on which ground.

`book` finds the line that holds, `versions` changes lines, `sheet` reads and writes them as Excel, `check` looks for
holes and contradictions, `preview` tells what a change would have meant for last month's tickets.
"""
