"""Whether two calls are about one and the same thing: what is compared, how sure that is, and why.

1. A text is cut into pairs of neighbouring characters (`Text`). How rare each is among the tickets of late says what it
   is worth (`Rarity`); an ordinary language (`data/ordinary.txt`) stands in where few are stored yet.
2. Two texts are compared by what they have in common (`measure`): words of title and text; the rarest run of characters
   that both have, which is nearly always what the thing is called (an estate, a firm, a bus line); what is left of the
   words without that name; whether one is a copy of the other; places, areas, days, category, synonyms of the trade.
   What places and streets are called, and the address, name the thing and are no words that are said of it: else
   whatever happens at one door would be alike.
3. Each of these adds to or takes from how likely it is (`Learned`): a line with a few bends a measure, its heights
   found by logistic regression, so that each can be read and none knows a word. They are numbers in a file.
4. Two places that conflict are never one matter (`conflict`), whatever else is alike; a road and a place of its
   street are no more than proposed.

Who called is no part of it.
"""

from .judging import JOIN, PROPOSE, Said, at_one_spot, judge
from .learned import DEFAULT, KNOTS, Learned, default
from .measures import MEASURES, measure
from .rarity import Rarity
from .texts import READ, Cut, Place, Side, Text

__all__ = [
    "DEFAULT", "JOIN", "KNOTS", "MEASURES", "PROPOSE", "READ", "Cut", "Learned", "Place", "Rarity", "Said",
    "Side", "Text", "at_one_spot", "default", "judge", "measure",
]  # fmt: skip
