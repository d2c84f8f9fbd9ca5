"""All tickets since a day looked at anew, by the rules of one that has just been saved, in minutes and not in hours.

1. Tickets are read in the order of their calls, a slice at a time, behind those of the window before them (`window`):
   what each is found by, and where it belongs, is kept in memory.
2. Processes of their own compare each with the earlier ones with which it shares rare pieces (`processes`): that asks
   nothing of the database, and hangs on no matter.
3. In their order it is told what that means for each (`decisions`). What was parted, or a person had a word in, goes
   the way of a new ticket (`linking.settle`).
4. All else is written for many at once (`writing`), where it is not written already, and only for tickets that nobody
   touched: what stays as it is, what is proposed, and all that goes to one matter with the matter itself.
5. A ticket that begins a matter has nothing before it: whether it stays is asked when all later ones are known.

Each step is whole by itself: a run that was broken off is begun again and finds most of it done.
"""

from .decisions import Rebuild, Rebuilt, rebuild

__all__ = ["Rebuild", "Rebuilt", "rebuild"]
