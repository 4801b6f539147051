"""Storage classes: what S3 calls how an object is kept, and how that is done here (pure).

Those that S3 reads at once are offered, and one for each erasure code. Not the archive classes, as
clients refuse to read what carries one (docs/reference/s3.md).
Source: S3 user guide, "Understanding and managing Amazon S3 storage classes".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.gateway.store.values.keys import STANDARD

# The configuration may say how each of them is kept; what it does not name is kept as STANDARD.
CHOOSABLE: Final = (
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
)
# S3 has no names for them.
_ERASURE_CODED: Final[Mapping[str, Replication]] = {
    "EC_3_2": Replication.parse("EC/3-2"),
    "EC_6_3": Replication.parse("EC/6-3"),
    "EC_10_4": Replication.parse("EC/10-4"),
}
OFFERED: Final = frozenset((STANDARD, *CHOOSABLE, *_ERASURE_CODED))
_REDUCED: Final[Mapping[str, Replication]] = {"REDUCED_REDUNDANCY": RATIS_ONE}


@dataclass(frozen=True, slots=True)
class StorageClasses:
    """Attributes:
    standard: of STANDARD, in buckets that have no replication of their own.
    chosen: by class: of those that are not kept as STANDARD.
    """

    standard: Replication = RATIS_THREE
    chosen: Mapping[str, Replication] = field(default_factory=lambda: _REDUCED)

    @classmethod
    def configured(
        cls, standard: Replication, chosen: Mapping[str, Replication]
    ) -> "StorageClasses":
        return cls(standard, {**_REDUCED, **chosen})

    def replication_of(self, name: str, of_bucket: Replication | None) -> Replication:
        """How an object of the class is kept. A class that is not known (any more) is STANDARD."""
        own = _ERASURE_CODED.get(name) or self.chosen.get(name)
        return own or of_bucket or self.standard
