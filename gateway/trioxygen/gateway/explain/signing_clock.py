"""The time that a request is signed for, beside the server's. Pure."""

from trioxygen.gateway.auth.claim import iso_extended, parse_http_date, parse_iso_basic
from trioxygen.gateway.auth.presigned import is_presigned
from trioxygen.gateway.explain.explanation import ClockView
from trioxygen.gateway.protocol.head import RequestHead


def signed_time_s(head: RequestHead) -> int | None:
    """Seconds since 1970, by whichever of its forms the request has; None: it has none.

    Raises: S3Error InvalidURI."""
    texts = [head.query_value("X-Amz-Date")] if is_presigned(head) else []
    texts += [head.header("x-amz-date"), head.header("date")]
    for text in texts:
        if text:
            seconds = parse_iso_basic(text)
            if seconds is None:
                moment = parse_http_date(text)
                seconds = None if moment is None else moment[1]
            return seconds
    return None


def clock_view(head: RequestHead, *, now_s: int, seconds_max: int) -> ClockView | None:
    signed_s = signed_time_s(head)
    if signed_s is None:
        return None
    return ClockView(
        request_time=iso_extended(signed_s),
        server_time=iso_extended(now_s),
        seconds=signed_s - now_s,
        seconds_max=seconds_max,
    )


def clock_finding(clock: ClockView, head: RequestHead) -> str | None:
    """None: the clocks are near enough, or it is a presigned request, which says when it ends."""
    off = abs(clock.seconds)
    if off <= clock.seconds_max or (clock.seconds < 0 and is_presigned(head)):
        return None
    where = "ahead of" if clock.seconds > 0 else "behind"
    return (
        f"The client's clock is {off} seconds {where} the server's ({clock.request_time} and"
        f" {clock.server_time}); {clock.seconds_max} are allowed. One of the two is wrong: compare"
        " both with an NTP server."
    )
