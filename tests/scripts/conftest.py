"""Scripts come from the checkout, the package they use is the one under test."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
# As Python itself does for a script that is run: its directory comes first.
for place in (SCRIPTS / "bench", SCRIPTS):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
