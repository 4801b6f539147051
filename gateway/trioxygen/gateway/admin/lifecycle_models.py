"""What the admin API says of lifecycle rules."""

from pydantic import Field

from trioxygen.gateway.admin.model import AdminModel


class LifecycleView(AdminModel):
    """Of a bucket that has rules, or had some; counts are since then."""

    volume: str
    bucket: str
    state: str = Field(
        description="FILLING: what is in the bucket is put into the index by time. WORKING: what"
        " becomes due goes. CLEARING: the rules are gone, and the index goes."
    )
    examined: int = Field(description="Versions, markers and uploads that were looked at.")
    expired: int = Field(description="Current versions.")
    removed: int = Field(description="Noncurrent versions.")
    removed_markers: int = Field(description="Delete markers that hid nothing.")
    aborted: int = Field(description="Multipart uploads.")
    transitioned: int = Field(description="Versions that were moved to another storage class.")
    locked: int = Field(description="Stayed so far, for they are locked.")
    worked_ms: int = Field(description="When something was done last, since 1970; 0: never.")


class LifecyclePage(AdminModel):
    lifecycles: list[LifecycleView]
    next: int = Field(description="The `after` of the next page; 0: it was the last.")
