"""The judge: scores with intervals, calibration, yardsticks and the verdict."""
