"""The Epps-Pulley test as a module: one set of options, three forms, a p-value."""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_integer, require_positive, require_samples
from sigreg_edu.statistics.epps_pulley import (
    METHODS,
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    epps_pulley_reference_points,
    standardize,
)
from sigreg_edu.statistics.null import p_value
from sigreg_edu.statistics.precision import promote, restore

__all__ = ["EppsPulleyTest"]


class EppsPulleyTest(nn.Module):
    """Epps-Pulley statistic of a sample against N(0, 1); see :mod:`.epps_pulley` for the forms.

    The module holds options only: no parameters and no buffers, so its ``state_dict`` is empty
    and casting the model that contains it cannot round the knots.

    Args:
        num_points: knots of ``"quadrature"``, quantiles of ``"reference_points"``; the closed
            form has neither.
        method: ``"quadrature"`` (LeJEPA's rule), ``"closed_form"`` (exact) or
            ``"reference_points"`` (three sums).
        t_max: last knot of ``"quadrature"``.
        standardize: give each sample mean 0 and standard deviation 1 first. Then the test is
            blind to shift and scale, and needs N >= 2 (its p-value N >= 3).
        eps: added to the standard deviation by ``standardize`` in the statistic; p-values leave
            it out.
        scale_by_n: multiply by N.

    Shape:
        (N,) -> scalar, (B, N) -> (B,), (..., N) -> (...).

    Raises:
        TypeError, ValueError: an option is out of range, or the input is not floating-point
            samples (..., N).

    References:
        Epps & Pulley 1983; Balestriero & LeCun 2025, arXiv:2511.08544.

    >>> test = EppsPulleyTest()
    >>> test
    EppsPulleyTest(method='quadrature', num_points=17, t_max=3.0, standardize=False, scale_by_n=True)
    >>> x = torch.randn(2, 500, generator=torch.Generator().manual_seed(0))
    >>> (test(x) < 3).tolist(), (test(3 * x) < 3).tolist()
    ([True, True], [False, False])
    """  # noqa: E501 - doctest output

    def __init__(
        self,
        num_points: int = 17,
        *,
        method: str = "quadrature",
        t_max: float = 3.0,
        standardize: bool = False,
        eps: float = 1e-6,
        scale_by_n: bool = True,
    ) -> None:
        super().__init__()
        self.num_points = require_integer(num_points, "num_points", minimum=2)
        self.method = require_choice(method, "method", METHODS)
        self.t_max = require_positive(t_max, "t_max")
        self.standardize = bool(standardize)
        self.eps = require_positive(eps, "eps")
        self.scale_by_n = bool(scale_by_n)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Statistic (...) of samples ``x`` (..., N)."""
        require_samples(x, minimum=2 if self.standardize else 1)
        return restore(self._statistic(promote(x), self.scale_by_n), x)

    def p_value(self, x: torch.Tensor) -> torch.Tensor:
        """Probability under N(0, 1) of a statistic at least as large as that of ``x``.

        With ``standardize=True`` it is the p-value of the exactly standardized sample: ``eps``
        would shrink narrow samples, which the null law does not. A constant sample counts as zeros.

        Args:
            x: samples (..., N), finite; N >= 3 with ``standardize=True``.

        Returns:
            p-values (...), float64 (float32 on MPS); see :func:`~sigreg_edu.statistics.p_value`.

        >>> x = torch.randn(500, generator=torch.Generator().manual_seed(0))
        >>> bool(EppsPulleyTest().p_value(x) > 0.05), bool(EppsPulleyTest().p_value(x + 1) < 1e-9)
        (True, True)
        """
        require_samples(x, minimum=3 if self.standardize else 1)
        with torch.no_grad():
            sample = promote(x)
            sample = _exactly_standardized(sample) if self.standardize else sample
            statistic = self._form(sample, scale_by_n=True)
        return p_value(
            statistic,
            num_points=self.num_points,
            t_max=self.t_max,
            method=self.method,
            standardize=self.standardize,
            num_samples=x.shape[-1],
        )

    def _statistic(self, x: torch.Tensor, scale_by_n: bool) -> torch.Tensor:
        """Statistic (...) of promoted samples (..., N)."""
        return self._form(standardize(x, eps=self.eps) if self.standardize else x, scale_by_n)

    def _form(self, x: torch.Tensor, scale_by_n: bool) -> torch.Tensor:
        """The chosen form of the statistic of samples that are ready for it."""
        if self.method == "closed_form":
            return epps_pulley_closed_form(x, scale_by_n=scale_by_n)
        if self.method == "reference_points":
            return epps_pulley_reference_points(
                x, num_points=self.num_points, scale_by_n=scale_by_n
            )
        return epps_pulley_quadrature(
            x, num_points=self.num_points, t_max=self.t_max, scale_by_n=scale_by_n
        )

    def extra_repr(self) -> str:
        """The options that this method uses."""
        shown = [f"method={self.method!r}"]
        if self.method != "closed_form":
            shown.append(f"num_points={self.num_points}")
        if self.method == "quadrature":
            shown.append(f"t_max={self.t_max}")
        shown.append(f"standardize={self.standardize}")
        if self.standardize:
            shown.append(f"eps={self.eps}")
        return ", ".join([*shown, f"scale_by_n={self.scale_by_n}"])


def _exactly_standardized(x: torch.Tensor) -> torch.Tensor:
    """Samples (..., N) with mean 0 and standard deviation 1, constant ones as zeros."""
    constant = x.amax(-1, keepdim=True) == x.amin(-1, keepdim=True)
    centred = x - x.mean(-1, keepdim=True)
    centred = centred / centred.abs().amax(-1, keepdim=True)  # squares of 1e-200 would vanish
    standardized = centred / centred.std(-1, keepdim=True)
    return torch.where(constant, 0 * x, standardized)  # where rounding alone, or 0 / 0, is left
