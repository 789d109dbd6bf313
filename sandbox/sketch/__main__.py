"""`python -m sandbox.sketch`."""

import sys

from sandbox.sketch.command import main

sys.exit(main(sys.argv[1:]))
