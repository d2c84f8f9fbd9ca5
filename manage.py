#!/usr/bin/env python3
"""Django's command line. Starts the embedded servers first where none are configured."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")
    from hotline import embedded

    if embedded.needed_for(sys.argv[1:]):
        embedded.start()
    from django.core.management import execute_from_command_line
    from django.db import ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        from hotline import roles

        if told := roles.not_prepared(error, sys.argv[1:]):
            sys.exit(told)
        raise


if __name__ == "__main__":
    main()
