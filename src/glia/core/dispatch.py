"""What stands between every operation on tensors and its kernel."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["Dispatch"]


class Dispatch(TorchDispatchMode):
    """Inside the block, ``__torch_dispatch__`` sees every operation; torch's compiler is not loaded for it.

    Torch keeps its compiler out of such blocks, and loads it to say so, which takes seconds. Nothing is compiled here.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
