"""A row for each document, padded at its end."""

from typing_extensions import override

from components.batching import DOCUMENTS, Batch, Batching, Documents, Orders
from components.registry import component


@component("batching", "padded")
class Padded(Batching):
    """Give each document a row; a longer one is cut into rows of the context.

    Formula:  an epoch is all rows in random order. Row r reads end, t_1, .., t_(n-1) and predicts
              t_1, .., t_n; what is behind t_n is padding, which is computed and has no loss. A
              later part of a document begins with the token before it, and an empty memory.
    Shapes:   tokens and targets [rows, context]; fresh [rows, windows], true in the first window.
    Options:
    Errors:   ValueError where there are no documents.
    Source:   BakaLLM before its 008: what `refill` is compared with.
    """

    def __init__(self, documents: Documents, context: int, window: int, rows: int) -> None:
        super().__init__(documents, context, window, rows)
        _, self._begins, self._stops = documents.pieces(context)
        self._orders = Orders(len(self._begins), DOCUMENTS)

    @override
    def batch(self, seed: int, step: int) -> Batch:
        batch = self.empty()
        for row in range(self.rows):
            _, piece = self._orders.nth(seed, step * self.rows + row)
            begin, stop = int(self._begins[piece]), int(self._stops[piece])
            tokens, targets = self.documents.read(begin, stop)
            batch.tokens[row, : stop - begin] = tokens
            batch.targets[row, : stop - begin] = targets
        return batch
