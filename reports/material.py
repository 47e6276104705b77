"""Everything that page, JSON and terminal are made of, computed once from frames and verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports import (
    costviews,
    effectviews,
    lengthviews,
    matched,
    misleadviews,
    searchviews,
    tuning,
)
from reports.claims import Claim, Verdict
from reports.drawings.drawing import Drawing, Mark
from reports.effects import Effects, effects
from reports.efficiency import Budget, equal_budgets
from reports.firstpick import first_pick, in_colour
from reports.frames import Frames
from reports.lengths import Evaluation, lengths
from reports.lengthviews import Section
from reports.marks import Scale, common_scale, marks
from reports.measures import Measures, measure
from reports.misleading import Misleading, misleading
from reports.profiles import profile_switch
from reports.rows import Row, Table, rows
from reports.sections import (
    Multiple,
    seeds_section,
    volatility_multiples,
)
from reports.settle import Plan, plans
from reports.spending import cost_switch
from reports.summaries import Summary, curve_matrix, summarise
from reports.switches import Switch
from reports.targets import Targets, tokens_to_target


@dataclass(frozen=True)
class Material:
    """Frames and verdict with what follows from them.

    Fields:
        built: when the page is made; the only thing in it that is no result.
    """

    frames: Frames
    verdict: Verdict
    built: datetime

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Colour and marker of every variant, in the order of the grid."""
        manifest, every = self.frames.manifest, marks(self.frames)
        if all(mark.slot is not None for mark in every):
            return every
        chosen = first_pick(manifest, self.summaries, self.against_baseline, self.measures)
        return in_colour(every, manifest, chosen)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Loss, time and constants of every variant, in the order of the grid."""
        return summarise(self.frames)

    @cached_property
    def measures(self) -> Mapping[str, Measures]:
        """Variant -> its volatility."""
        return measure(self.frames)

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """Training losses [cells, steps]."""
        return curve_matrix(self.frames)

    @cached_property
    def against_baseline(self) -> Mapping[str, Claim]:
        """Variant -> its claim against the baseline."""
        baseline = self.frames.manifest.baseline
        return {each.a: each for each in self.verdict.claims if each.b == baseline}

    @cached_property
    def scale(self) -> Scale | None:
        """The scale of all interval marks."""
        return common_scale(self.summaries)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The variants table."""
        table = Table(
            self.frames,
            self.marks,
            self.summaries,
            self.against_baseline,
            self.measures,
            self.scale,
            self._candidates,
        )
        return rows(table)

    @property
    def _candidates(self) -> tuple[str, ...]:
        """Of several that could be the best; of one the headline tells."""
        several = 1 < len(self.verdict.set) < len(self.frames.manifest.variants)
        return self.verdict.set if several else ()

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """What would settle what is unresolved."""
        return plans(self.frames, self.verdict, self.summaries)

    @cached_property
    def multiples(self) -> tuple[Multiple, ...]:
        """The small figures of the volatility section."""
        return volatility_multiples(self.frames, self.marks, self.measures)

    @cached_property
    def lengths(self) -> tuple[Evaluation, ...]:
        """Every evaluation by its length; none where the grid has only the validation."""
        return lengths(self.frames)

    @cached_property
    def by_length(self) -> Section | None:
        """The section about them; None where the grid has only the validation."""
        if not self.lengths:
            return None
        return lengthviews.section(self.frames.manifest, self.lengths, self.marks)

    @cached_property
    def misleading(self) -> Misleading:
        """What the usual ways to draw the curves would have told."""
        ratios = {name: each.estimates.own_ratio for name, each in self.measures.items()}
        noises = {name: None if each is None else each.estimate for name, each in ratios.items()}
        return misleading(self.frames, self.verdict, noises)

    @cached_property
    def picture_section(self) -> misleadviews.Section:
        """The section about them."""
        return misleadviews.section(self.frames.manifest, self.misleading, self.marks)

    @cached_property
    def effects(self) -> Effects | None:
        """Main effects and interactions; None unless the grid is a full product of its axes."""
        return effects(self.frames)

    @cached_property
    def effect_view(self) -> effectviews.View | None:
        """The section about them."""
        if self.effects is None:
            return None
        return effectviews.view(self.effects, self.frames.manifest.margin)

    @cached_property
    def tuning_section(self) -> tuning.Section | None:
        """The section about it; None unless the grid tunes."""
        return tuning.section(self.frames.manifest, self.marks)

    @cached_property
    def search_section(self) -> searchviews.Section | None:
        """The section about it; None unless the grid searches."""
        return searchviews.section(self.frames.manifest)

    @cached_property
    def match_section(self) -> matched.Section | None:
        """What was made equal; None unless the grid matches."""
        return matched.section(self.frames.manifest, self.marks)

    @cached_property
    def budgets(self) -> tuple[Budget, ...]:
        """All variants at equal tokens, seconds and FLOPs."""
        return equal_budgets(self.frames, self.verdict.claims)

    @cached_property
    def targets(self) -> Targets | None:
        """The tokens that each variant takes to the loss of the baseline."""
        return tokens_to_target(self.frames, self.verdict.claims)

    @cached_property
    def equal(self) -> costviews.Equal:
        """The table of both."""
        return costviews.equal(self.frames.manifest, self.budgets, self.targets)

    @cached_property
    def profile(self) -> Switch:
        """Loss by position, as a difference or absolute."""
        return profile_switch(self.frames, self.marks)

    @cached_property
    def cost(self) -> Switch:
        """Loss against time or FLOPs."""
        return cost_switch(self.frames, self.marks, self.summaries)

    @cached_property
    def drawings(self) -> Mapping[str, Drawing]:
        """Anchor -> figure, of those that are the same for every reader."""
        beyond = {} if self.by_length is None else {"lengths": self.by_length.drawing}
        view = self.effect_view
        if view is not None:
            beyond |= {"effects": view.main, **dict(view.interactions)}
        if self.search_section is not None:
            beyond |= self.search_section.drawings
        return beyond | {
            **self.profile.drawings,
            "seeds": seeds_section(self.frames, self.marks),
            **self.cost.drawings,
        }

    @property
    def baseline_place(self) -> int:
        """Index of the baseline among the variants."""
        names = [each.name for each in self.frames.manifest.variants]
        return names.index(self.frames.manifest.baseline)

    @property
    def baseline(self) -> str:
        """Label of the baseline."""
        return self.frames.manifest.label(self.frames.manifest.baseline)

    @property
    def figures(self) -> Mapping[str, Any]:
        """Anchor -> plotly data and words of every figure that is drawn."""
        small = {each.id: each.drawing for each in self.multiples}
        drawn = {id_: each for id_, each in self.drawings.items() if not each.problem} | small
        return {id_: each.as_json() for id_, each in drawn.items()}
