"""What a point keeps of the baseline where an axis does not exist."""

from ablations.language import FIELD_SECTIONS, Declared, Settings
from ablations.resolve import Layers, chosen
from components.catalogue import Catalogue


def kept_outside(
    declared: Declared, layers: Layers, catalogue: Catalogue, values: Settings
) -> Settings:
    """Return the baseline's values of the axes that a point does not have.

    A field of the cell is kept, so that a variant differs in nothing but its own axes. An option is
    kept where its component is chosen; elsewhere preset, `set` and its default decide.

    Args:
        declared: with the baseline.
        layers: preset and `set`.
        catalogue: of the components that may be named.
        values: of the axes that the point has.
    """
    missing = {key: node for key, node in declared.baseline.items() if key not in values}
    kinds = {key: node for key, node in missing.items() if "." not in key}

    def names(kind: str, point: Settings) -> list[str]:
        return [member.name for member in chosen(kind, layers, point, catalogue)]

    def is_kept(key: str) -> bool:
        kind, _, rest = key.partition(".")
        name, _, _option = rest.rpartition(".")
        if key in kinds or kind in FIELD_SECTIONS:
            return True
        here = names(kind, {**kinds, **values})
        return name in here if name else here == names(kind, declared.baseline)

    return {key: node for key, node in missing.items() if is_kept(key)}
