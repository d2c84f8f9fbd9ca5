"""Tables that people hand in and tables that they are given: workbooks and text files, read whole or refused.

`tables.read` is the one reader; `hotline.formulas.harmless` is asked wherever a text file is written that people open.
"""
