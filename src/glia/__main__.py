"""``python -m glia``."""

from glia.cli import main

raise SystemExit(main())
