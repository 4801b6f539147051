"""Where Ceph's object gateway, which a widely used test suite and some clients were written for,
answers otherwise than S3: every difference, in one place. Pure.

Who raises an error names the case that it is of; what is answered is looked up here, once, on its
way out. Where an answer differs that is no error, the one place that writes it asks the field of
that name. Nothing here changes what is stored, or who may do what.
docs/reference/dialects.md has the same as a table.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


class Case(enum.Enum):
    """Refusals that are not said alike everywhere."""

    BUCKET_IS_OWN = enum.auto()
    CHECKSUM_IS_ILL_FORMED = enum.auto()
    COPY_RANGE_BEYOND_SOURCE = enum.auto()
    CUSTOMER_KEY_IS_ANOTHER = enum.auto()
    DEFAULT_RETENTION_IS_NOTHING = enum.auto()
    EXPECTED_OWNER_IS_NO_ID = enum.auto()
    EXPIRY_OUT_OF_RANGE = enum.auto()
    KEY_NEVER_WAS = enum.auto()
    PART_NUMBER_BEYOND_LAST = enum.auto()
    SELECT_COLUMN_IS_UNKNOWN = enum.auto()
    TOO_MANY_OBJECT_TAGS = enum.auto()
    TORRENT_IS_NOT_MADE = enum.auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said in place of S3's.

    Attributes:
        code: its message is that of S3's refusal.
        headers: of the answer, beside those that it has.
    """

    code: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


_AS_S3: Final[Mapping[Case, Refusal]] = MappingProxyType({})
_STATUSES_OF_S3: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectDialect:
    """How SelectObjectContent understands what it is asked; without arguments, as S3.

    Attributes:
        quotes_strings: what stands between double quotes is a text, not a name.
        has_binary_fractions: 1.5 is a binary fraction, not a decimal one.
        knows_aliases: the SELECT list and WHERE may use what the list names.
        casts_by_name: int(x) is CAST(x AS int).
        likes_sets: [a-z] in the pattern of LIKE is one of these characters.
        sources: what FROM may name, beside S3Object.
        spreads_lists: a path of FROM that leads to a list is to its elements; _1 is the record.
        writes_values_only: JSON is answered as CSV is.
        names_nulls: an empty field of CSV is NULL, and a NULL is written into CSV as null.
    """

    quotes_strings: bool = False
    has_binary_fractions: bool = False
    knows_aliases: bool = False
    casts_by_name: bool = False
    likes_sets: bool = False
    sources: tuple[str, ...] = ()
    spreads_lists: bool = False
    writes_values_only: bool = False
    names_nulls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way to answer; without arguments, S3's.

    Attributes:
        refusals: by case; S3's where there is none.
        statuses: of successes, by operation, where they are others than S3's.
        names_owners: an Owner has a DisplayName, as S3 gave it until November 2025.
        takes_none_match_tags: If-None-Match of a write may name an entity tag.
        shows_implied_encryption: GetBucketEncryption tells of what every bucket has.
        encodes_as_form: encoding-type=url writes a blank as "+", not as "%20", and applies to the
            Prefix of ListObjects.
        names_null_version: a write says that it made the null version.
        counts_parts_in_attributes: GetObjectAttributes shows a checksum of checksums with the
            number of parts behind it, as headers do.
        needs_customer_key_to_complete: also of an upload without a checksum algorithm; the
            answer tells of it.
        has_default_kms_key: aws:kms needs no key id.
        knows_checksums_of_parts: CompleteMultipartUpload need not name them.
        last_of_equal_parts_counts: a part that is named twice in a row is no error.
        resets_acl_of_own_bucket: making one's own bucket again is a success, with the ACL that is
            sent, or a new bucket's.
        judges_policy_status_by_acl: also of a bucket that has no policy, which is else refused.
        takes_email_grants: an ACL may name an account by its address, as S3 took it until October
            2025.
        absent_form_field: its value for the conditions of a POST policy; None: no condition holds.
        free_form_fields: what names begin with that no condition of a POST policy has to name.
        cuts_tenants: what stands before a colon in the name of a bucket is none of it.
        select: of SelectObjectContent.
    """

    refusals: Mapping[Case, Refusal] = field(default_factory=lambda: _AS_S3)
    statuses: Mapping[str, int] = field(default_factory=lambda: _STATUSES_OF_S3)
    names_owners: bool = False
    takes_none_match_tags: bool = False
    shows_implied_encryption: bool = True
    encodes_as_form: bool = True
    names_null_version: bool = True
    counts_parts_in_attributes: bool = False
    needs_customer_key_to_complete: bool = False
    has_default_kms_key: bool = True
    knows_checksums_of_parts: bool = False
    last_of_equal_parts_counts: bool = False
    resets_acl_of_own_bucket: bool = True
    judges_policy_status_by_acl: bool = False
    takes_email_grants: bool = False
    absent_form_field: str | None = None
    free_form_fields: tuple[str, ...] = ()
    cuts_tenants: bool = False
    select: SelectDialect = SelectDialect()

    def bucket_named(self, name: str | None) -> str | None:
        """The bucket that a path names."""
        if name is None or not self.cuts_tenants:
            return name
        return name.rpartition(":")[2]


AWS: Final = Dialect()
CEPH: Final = Dialect(
    refusals=MappingProxyType(
        {
            Case.BUCKET_IS_OWN: Refusal("BucketAlreadyExists"),
            Case.CHECKSUM_IS_ILL_FORMED: Refusal("BadDigest"),
            Case.COPY_RANGE_BEYOND_SOURCE: Refusal("InvalidRange"),
            Case.CUSTOMER_KEY_IS_ANOTHER: Refusal("InvalidRequest"),
            Case.DEFAULT_RETENTION_IS_NOTHING: Refusal("InvalidRetentionPeriod"),
            Case.EXPECTED_OWNER_IS_NO_ID: Refusal("AccessDenied"),
            Case.EXPIRY_OUT_OF_RANGE: Refusal("AccessDenied"),
            Case.KEY_NEVER_WAS: Refusal("NoSuchKey", {"x-amz-delete-marker": "false"}),
            Case.PART_NUMBER_BEYOND_LAST: Refusal("InvalidPart"),
            Case.SELECT_COLUMN_IS_UNKNOWN: Refusal("ProcessingTimeError"),
            Case.TOO_MANY_OBJECT_TAGS: Refusal("InvalidTag"),
            Case.TORRENT_IS_NOT_MADE: Refusal("NoSuchKey"),
        }
    ),
    statuses=MappingProxyType({"PutBucketTagging": 200}),
    names_owners=True,
    takes_none_match_tags=True,
    shows_implied_encryption=False,
    encodes_as_form=False,
    names_null_version=False,
    counts_parts_in_attributes=True,
    needs_customer_key_to_complete=True,
    has_default_kms_key=False,
    knows_checksums_of_parts=True,
    last_of_equal_parts_counts=True,
    resets_acl_of_own_bucket=False,
    judges_policy_status_by_acl=True,
    takes_email_grants=True,
    absent_form_field="",
    free_form_fields=("x-amz-checksum-",),
    cuts_tenants=True,
    select=SelectDialect(
        quotes_strings=True,
        has_binary_fractions=True,
        knows_aliases=True,
        casts_by_name=True,
        likes_sets=True,
        sources=("STDIN",),
        spreads_lists=True,
        writes_values_only=True,
        names_nulls=True,
    ),
)
DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({"aws": AWS, "ceph": CEPH})
