"""``python -m aerotrack`` is the command ``aerotrack``."""

from aerotrack.cli import main

if __name__ == "__main__":
    main(prog_name="aerotrack")
