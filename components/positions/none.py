"""No positions."""

from components.positions import Positions
from components.registry import component


@component("positions", "none")
class NoPositions(Positions):
    """Leave order to the causal mask alone (NoPE).

    Formula:  s_ij = q_i . k_j / sqrt(head_width).
    Shapes:   everything is left as it is.
    Options:
    Errors:   none.
    Source:   Kazemnejad et al. 2023 (arXiv 2305.19466); Haviv et al. 2022 (arXiv 2203.16634).
    """
