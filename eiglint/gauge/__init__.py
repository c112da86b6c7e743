"""The algebra: how tensors transform under the choices that a decomposition leaves open (theory, sections 1 to 7).

Pure: nothing here knows syntax, files or a tensor library.
"""

from eiglint.gauge.apply import apply, kinds
from eiglint.gauge.cases import with_cases
from eiglint.gauge.context import Context, Gauge, Opened, Remark, Spot
from eiglint.gauge.indexing import subscript
from eiglint.gauge.join import join
from eiglint.gauge.select import select
from eiglint.gauge.state import Cause, Live, Mode, Motion
from eiglint.gauge.storing import store
from eiglint.gauge.tensor import Record, Tensor, age, as_tensor, constant, detached, opaque, tensor

__all__ = [
    "Cause",
    "Context",
    "Gauge",
    "Live",
    "Mode",
    "Motion",
    "Opened",
    "Record",
    "Remark",
    "Spot",
    "Tensor",
    "age",
    "apply",
    "as_tensor",
    "constant",
    "detached",
    "join",
    "kinds",
    "opaque",
    "select",
    "store",
    "subscript",
    "tensor",
    "with_cases",
]
