"""``python -m sigreg_edu``: the same as the ``sigreg-edu`` command."""

import sys

from sigreg_edu.cli import main

sys.exit(main())
