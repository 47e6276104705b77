"""What somebody reported, against what the verdicts resolve."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from reports.claims import Claim, Reported
from reports.manifest import Manifest

Answer = Literal["agrees", "disagrees", "cannot tell"]
OPPOSITE = {"better": "worse", "worse": "better"}
SAME = {"equivalent", "identical"}


def against_reported(manifest: Manifest, claims: Sequence[Claim]) -> tuple[Reported, ...]:
    """Return an answer for every variant that the grid's claim speaks of."""
    if manifest.claim is None:
        return ()
    source = manifest.claim.get("source")
    known = {each.name for each in manifest.variants}
    return tuple(
        _reported(manifest, claims, name, said, None if source is None else str(source))
        for name, said in manifest.claim.items()
        if name in known and (name != manifest.baseline or "between" in said)
    )


def _reported(
    manifest: Manifest, claims: Sequence[Claim], name: str, said: Any, source: str | None
) -> Reported:
    label = manifest.label(name)
    if isinstance(said, Mapping) and "between" in said:
        ends = [str(each) for each in said["between"]]
        words = f"between {' and '.join(manifest.label(each) for each in ends)}"
        answer = _between(claims, name, ends)
        return Reported(name, words, answer, _text(label, words, answer, source), source)
    word, shown = _word(manifest, said)
    words = "equal to" if word == "equal" else f"{word} than"
    words = f"{words} {manifest.label(manifest.baseline)}{shown}"
    answer = _one(_against(claims, name, manifest.baseline), word)
    return Reported(name, words, answer, _text(label, words, answer, source), source)


def _word(manifest: Manifest, said: Any) -> tuple[str, str]:
    """The claimed direction; of two losses the sign of their difference, shown beside it."""
    if not isinstance(said, Mapping):
        return str(said), ""
    theirs = float(said["loss"])
    ours = float((manifest.claim or {})[manifest.baseline]["loss"])
    shown = f" ({theirs:g} against {ours:g})"
    if theirs == ours:
        return "equal", shown
    return ("better" if theirs < ours else "worse"), shown


def _against(claims: Sequence[Claim], a: str, b: str) -> tuple[str, str | None]:
    """The verdict on a against b, with its size, whichever way the family holds it."""
    for each in claims:
        if (each.a, each.b) == (a, b):
            return each.verdict, each.size
        if (each.a, each.b) == (b, a):
            return OPPOSITE.get(each.verdict, each.verdict), each.size
    return "unresolved", None


def _one(found: tuple[str, str | None], said: str) -> Answer:
    word, size = found
    if said == "equal":
        if word in SAME or size == "inside":
            return "agrees"
        return "disagrees" if size == "beyond" else "cannot tell"
    if word == said:
        return "agrees"
    return "disagrees" if word in SAME or word == OPPOSITE.get(said) else "cannot tell"


def _between(claims: Sequence[Claim], name: str, ends: Sequence[str]) -> Answer:
    words = [_against(claims, name, each)[0] for each in ends]
    if set(words) == {"better", "worse"}:
        return "agrees"
    if SAME & set(words) or (len(set(words)) == 1 and words[0] in OPPOSITE):
        return "disagrees"
    return "cannot tell"


def _text(label: str, words: str, answer: Answer, source: str | None) -> str:
    by = f" ({source})" if source else ""
    tail = {
        "agrees": "the verdicts here agree",
        "disagrees": "the verdicts here disagree",
        "cannot tell": "the verdicts here cannot tell",
    }[answer]
    return f"Reported{by}: {label} is {words}; {tail}."
