"""`python -m sandbox.sketch`."""

import sys

from sandbox.sketch.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
