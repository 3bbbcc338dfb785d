"""Losses on embeddings."""

from sigreg_edu.losses.sigreg import SIGReg, invariance

__all__ = ["SIGReg", "invariance"]
