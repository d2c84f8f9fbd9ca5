"""Tables that people hand in and tables that they are given: workbooks and text files, read whole or refused.

`tables.read` is the one reader; `cells.harmless` is asked wherever a text file is written that a person may open.
"""
