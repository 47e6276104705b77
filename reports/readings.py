"""How a variant reads text: in which windows, and how much of it training has shown together."""

from dataclasses import dataclass

from reports.manifest import Manifest, Variant
from reports.numbers import count


@dataclass(frozen=True)
class Reading:
    """How a variant reads text.

    Fields:
        context: tokens of a training sample.
        window: of them that it processes at once.
        carries: whether a window knows anything of the one before; None where nobody noted it.
    """

    context: int
    window: int
    carries: bool | None

    @property
    def trained(self) -> int:
        """Tokens that training has shown together: one window where nothing is carried.

        All of a sample where nobody noted whether anything is.
        """
        return min(self.window, self.context) if self.carries is False else self.context

    def window_of(self, length: int) -> int:
        """Return the tokens that it processes at once in samples of this length."""
        return length if self.carries is False else min(self.window, length)

    @property
    def is_divided(self) -> bool:
        """Whether its training samples were several windows."""
        return self.carries is not None and self.window < self.context


def reading(manifest: Manifest, variant: Variant) -> Reading:
    """Return how a variant reads text."""
    settings, training = variant.settings, manifest.training
    context = int(settings.get("training.context") or training["context"])
    window = int(settings.get("model.window") or training.get("window") or context)
    return Reading(context, window, variant.carries)


def readings(manifest: Manifest) -> tuple[Reading, ...]:
    """Return how each variant reads text, in the order of the grid."""
    return tuple(reading(manifest, each) for each in manifest.variants)


def trained_length(manifest: Manifest) -> int | None:
    """Return the tokens that training has shown together; None where variants differ in it."""
    lengths = {each.trained for each in readings(manifest)}
    return lengths.pop() if len(lengths) == 1 else None


def windows_words(manifest: Manifest, length: int | None) -> str:
    """Write the windows of an evaluation: `in one window`; empty where all are whole samples.

    Args:
        manifest: of the grid.
        length: tokens of a sample; None of the validation, which is read as training was.
    """
    found = readings(manifest)
    if not any(each.is_divided for each in found):
        return ""
    if length is None:
        return "as trained"
    windows = {each.window_of(length) for each in found}
    if len(windows) > 1:
        return "in different windows"
    (window,) = windows
    return "in one window" if window == length else f"in windows of {count(window)}"


def differ(manifest: Manifest, length: int) -> bool:
    """Whether the variants read samples of this length in different windows."""
    found = readings(manifest)
    is_known = any(each.is_divided for each in found)
    return is_known and len({each.window_of(length) for each in found}) > 1
