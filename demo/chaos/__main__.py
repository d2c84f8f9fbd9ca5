"""The command `chaos` on ground that has been laid: its servers are started before the settings are read."""

import os
import sys

from hotline import embedded

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")
    embedded.start()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "chaos", *sys.argv[1:]])
