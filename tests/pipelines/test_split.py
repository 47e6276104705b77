from collections.abc import Iterable
from hashlib import blake2b

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import UserError
from pipelines.cell import Data
from pipelines.split import (
    BYTES_PER_TOKEN,
    PASSAGE,
    SHORTEST,
    divide,
    hold_out,
    reaching,
)

PARAGRAPHS = [
    f"Paragraph {name} speaks at some length about {name}, and of nothing but {name} alone."
    for name in ("ants", "bees", "crabs", "ducks", "eels", "frogs", "gulls", "hares", "ibex")
]
SHARED = PARAGRAPHS[0]

SHORT = ["Ants are very small.", "Bees live in hives, all of them.", "Crabs walk sideways here."]

around = st.sampled_from(["", "\n", "\n\n", " ", "As we know: ", "And so on. ", "\n- ", "(1) "])
pieces = st.builds(
    lambda before, text, behind: f"{before}{text} {behind}".strip(),
    around,
    st.sampled_from([*PARAGRAPHS, *SHORT]),
    around,
)
documents_of_paragraphs = st.lists(
    st.builds(str.join, around, st.lists(pieces, min_size=1, max_size=3)), min_size=2, max_size=12
)


def words(text: str) -> str:
    """Words between single spaces, one at either end."""
    return f" {' '.join(''.join(c if c.isalnum() else ' ' for c in text.casefold()).split())} "


def unique(documents: Iterable[str]) -> list[str]:
    """Every different document once, in the order of the digests."""
    return sorted({*documents}, key=lambda text: blake2b(text.encode(), digest_size=16).digest())


def trained(documents: list[str], held_out: list[str] | None, validation: int) -> list[str]:
    return list(divide(documents, held_out, validation).train)


def many(count: int, size: int = 200) -> list[str]:
    return unique(f"Document {n}. " + f"word{n} " * (size // 7) for n in range(count))


@settings(deadline=None)
@given(documents_of_paragraphs, st.integers(1, 4))
def test_no_paragraph_of_the_validation_text_occurs_in_training_text(documents, count):
    division = divide(unique(documents), None, count)
    training = [words(text) for text in division.train]
    held_out = [words(text) for text in division.validation]
    known = [part for part in map(words, PARAGRAPHS) if any(part in text for text in held_out)]
    assert not [part for part in (*held_out, *known) if any(part in text for text in training)]


@settings(deadline=None)
@given(documents_of_paragraphs, st.integers(1, 4))
def test_only_documents_that_share_a_passage_or_hold_a_document_are_left_out(documents, count):
    texts = unique(documents)
    division = divide(texts, None, count)
    held_out = [words(text) for text in division.validation]
    for text in map(words, set(texts) - set(division.train) - set(division.validation)):
        run = text.split()
        passages = [run[at : at + PASSAGE] for at in range(len(run) - PASSAGE + 1)]
        shared = [f" {' '.join(each)} " for each in passages]
        assert any(part in whole for part in shared for whole in held_out) or any(
            whole in text for whole in held_out
        )


@settings(deadline=None)
@given(documents_of_paragraphs, st.integers(1, 4))
def test_every_document_is_trained_on_or_held_out_or_counted(documents, count):
    texts = unique(documents)
    division = divide(texts, None, count)
    train = list(division.train)
    left_out = set(texts[count:]) - set(train)
    assert len(train) + len(left_out) == division.others == len(texts) - len(division.validation)


@pytest.mark.parametrize(
    "changed",
    [
        SHARED.upper(),
        SHARED.replace(" ", "\n  "),
        SHARED.replace(",", " ,"),
        f"A heading\n\n{SHARED}\n\nAnother paragraph.",
        f"A line before.\n{SHARED}\nA line after.",
        f"In the middle of a line: {SHARED} So it goes on.",
    ],
)
def test_another_spacing_case_or_place_does_not_hide_a_passage(changed):
    assert trained([SHARED, changed], None, 1) == []


def test_short_lines_that_many_documents_share_leave_nothing_out():
    one, other = ("Notes\n-----\n\n" + text for text in PARAGRAPHS[:2])
    assert trained([one, other], None, 1) == [other]


def test_a_passage_begins_at_its_shortest_length():
    run = [f"word{n}" for n in range(PASSAGE)]
    held_out = f"Before it. {' '.join(run)} Behind it."
    both = [f"Another. {' '.join(run)}", f"Another. {' '.join(run[1:])}"]
    assert trained(both, [held_out], 1) == both[1:]


@pytest.mark.parametrize("short", ["four words of text", "Twelve " + "words " * 11])
def test_a_document_shorter_than_a_passage_is_found_inside_another(short):
    other = f"Here stand, among others,\n{short.upper()}\nand some more."
    assert trained([other], [short], 1) == []


def test_a_document_of_a_few_words_takes_no_longer_one_out_of_the_training_text():
    few = " ".join(["Yes"] * (SHORTEST - 1))
    texts = [f"He said: {few}, I do.", few.lower()]
    assert trained(texts, [few], 1) == texts[:1]


def test_words_that_are_written_without_spaces_are_told_apart():
    held_out = "龙虾生活在海里并且能活很长的时间"
    assert trained([f"我们知道{held_out}所以很好"], [held_out], 1) == []


def test_a_short_document_is_not_trained_on_again_with_other_spacing():
    assert trained(["a short line", "A short  line."], None, 1) == []


def test_equal_documents_without_words_are_not_trained_on():
    assert trained(["---", "+++"], ["---"], 1) == ["+++"]


@pytest.mark.parametrize("tokenizer", ["byte", "bpe"])
@pytest.mark.parametrize("wanted", [1, 300, 1234])
def test_documents_are_held_out_until_there_are_enough_tokens(tokenizer, wanted):
    data = Data("files", "x", tokenizer=tokenizer, vocabulary=400, validation_tokens=wanted)
    division, made = hold_out(data, many(200), None)
    tokens = [len(ids) for ids in made.encode(division.validation)]
    assert sum(tokens) >= wanted
    assert sum(tokens[:-1]) < wanted


def test_validation_documents_come_first_in_the_order_of_their_digests():
    texts = many(50)
    division, _ = hold_out(Data("files", "x", validation_tokens=1000), texts, None)
    assert list(division.validation) == texts[: len(division.validation)]
    assert list(division.train) == texts[len(division.validation) :]


@pytest.mark.parametrize("own", [True, False])
def test_a_tokenizer_is_not_trained_on_validation_text(own):
    data = Data("files", "x", tokenizer="bpe", vocabulary=1000, validation_tokens=200)
    texts = [
        f"{n}: " + f"xq{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10]}z " * 40 for n in range(100)
    ]
    texts = unique(texts)
    division, made = hold_out(data, texts[20:] if own else texts, texts[:20] if own else None)
    learnt = made.merges.get_vocab()
    words = [{text.split()[1] for text in each} for each in (division.validation, division.train)]
    assert words[0]
    assert not [word for word in words[0] if f"Ġ{word}" in learnt]
    assert [word for word in words[1] if f"Ġ{word}" in learnt]


def test_what_the_tokenizer_was_spared_in_vain_is_trained_on():
    data = Data("files", "x", tokenizer="bpe", vocabulary=300, validation_tokens=100)
    texts = many(200)
    division, _ = hold_out(data, texts, None)
    spared = reaching([len(text) for text in texts], 100 * BYTES_PER_TOKEN)
    assert len(division.validation) < spared
    assert len(list(division.train)) + len(division.validation) == len(texts)


def test_a_validation_split_of_its_own_takes_nothing_from_training():
    texts = many(60)
    division, _ = hold_out(Data("hub", validation_tokens=500), texts[:50], texts[50:])
    assert list(division.train) == texts[:50]
    assert set(division.validation) < set(texts[50:])


def test_a_validation_split_of_its_own_may_be_smaller_than_asked():
    texts = many(60)
    division, _ = hold_out(Data("hub", validation_tokens=10**6), texts[:50], texts[50:])
    assert list(division.validation) == texts[50:]


@pytest.mark.parametrize("tokenizer", ["byte", "bpe"])
@pytest.mark.parametrize("texts", [many(2), many(40)])
def test_more_than_half_is_never_held_out(tokenizer, texts):
    data = Data("files", "x", tokenizer=tokenizer, vocabulary=300, validation_tokens=10_000)
    with pytest.raises(UserError, match=r"at most half(?s:.)*data\.validation_tokens = 10000"):
        hold_out(data, texts, None)


def test_a_single_document_is_refused_with_the_ways_to_cut_it():
    with pytest.raises(UserError, match=r"a single document(?s:.)*line, paragraph and wikitext"):
        hold_out(Data("files", "x"), many(1), None)


def test_text_that_repeats_itself_everywhere_is_refused():
    texts = unique(f"{SHARED}\n\n{n}" for n in range(40))
    with pytest.raises(UserError, match=r"nothing is left to train on(?s:.)*39 documents share"):
        hold_out(Data("files", "x", validation_tokens=50), texts, None)


def test_an_empty_validation_split_is_refused():
    with pytest.raises(UserError, match=r"data\.validation_tokens = 0(?s:.)*at least 1"):
        hold_out(Data("files", "x", validation_tokens=0), many(10), None)


class Counted:
    """Documents that know how many of them were asked for at most at once."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.furthest = 0

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self):
        for at, text in enumerate(self.texts):
            self.furthest = at
            yield text


def test_training_text_is_gone_through_as_it_is_asked_for():
    texts = Counted(many(100))
    train = divide(texts, None, 10).train
    assert texts.furthest == 9
    assert list(zip(train, range(5), strict=False))[-1][0] == texts.texts[14]
    assert texts.furthest < 17


def test_training_text_can_be_gone_through_again():
    train = divide(many(30), None, 3).train
    assert list(train) == list(train)
    assert len(list(train)) == 27
