"""Make the peers' environment: ``python -m bench.peers``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".venvs" / "peers"
PINS = ROOT / "bench" / "peers.txt"

# pytabkit's own extra "models" would bring every model it knows; these are what the two used here need.
PACKAGES = (
    "torch",
    "scikit-learn",
    "skorch",
    "pytabkit",
    "lightgbm",
    "catboost",
    "lightning",
    "keras",
    "jax",
    "fastai",
)
# Its declared dependencies pull hundreds of megabytes for GPUs; what it needs, numpy and scipy, is there.
ALONE = ("xgboost",)


def main() -> None:
    """Create ``.venvs/peers`` and install what ``bench/peers.txt`` pins."""
    python = str(HOME / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", str(PINS)]
    subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    subprocess.run([*install, *PACKAGES], check=True)
    subprocess.run([*install, "--no-deps", *ALONE], check=True)
    # A torchvision that does not fit its torch breaks pytabkit's imports.
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "torchvision"], check=True)
    sys.stdout.write(f"the peers' environment is ready: {HOME}\n")


if __name__ == "__main__":
    main()
