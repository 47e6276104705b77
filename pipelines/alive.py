"""The most memory that is alive at once while a model is trained, found on shapes alone."""

from collections.abc import Callable, Iterable
from typing import Any
from weakref import ref

from torch import Tensor, UntypedStorage
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from typing_extensions import override


class Alive(TorchDispatchMode):
    """Counts the bytes of all tensors that exist while it is entered, but for some.

    A tensor counts from the operation that makes it until nobody holds it: what the forward pass
    keeps, gradients, and what the backward pass needs for a moment. What a kernel needs inside one
    operation is not seen.

    Args:
        but: tensors that are there anyway.
    """

    most: int
    """Bytes, so far."""

    def __init__(self, but: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.most = 0
        self._bytes = 0
        self._known: dict[int, ref[UntypedStorage]] = {}
        for tensor in but:
            self._meet(tensor.untyped_storage(), 0)

    @override
    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for each in tree_iter(result):
            if isinstance(each, Tensor):
                storage = each.untyped_storage()
                self._meet(storage, storage.nbytes())
        self.most = max(self.most, self._bytes)
        return result

    def _meet(self, storage: UntypedStorage, size: int) -> None:
        """Count a storage that is new, until it is gone."""
        key = id(storage)
        if key in self._known:
            return

        def gone(_: object) -> None:
            del self._known[key]
            self._bytes -= size

        self._known[key] = ref(storage, gone)
        self._bytes += size
