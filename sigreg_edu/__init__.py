"""Learn, teach and use SIGReg: sketched isotropic Gaussian regularization.

Importing this package is cheap: each room (``sigreg_edu.statistics``, ``sigreg_edu.losses``, …)
loads what it needs when it is imported itself.
"""

__version__ = "0.1.0"
