"""Bounds and times of the gRPC network, and the channel arguments that they make."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.rpc.bulk import MESSAGE_BYTES_MAX
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.common.units import KIB, MIB

METADATA_BYTES_MAX: Final = 64 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcConfig:
    """Attributes:
    calls_in_flight_max: of each server, over all its sessions and streams.
    connect_timeout_ms: of one attempt to reach a server.
    ping_interval_ms, ping_timeout_ms: a peer that is silent for both together is Unreachable.
    accept_timeout_ms: how long an upload waits for the receiver's consent.
    retry_wait_ms_first, retry_wait_ms_max: between attempts to reach a server, doubling; calls in
        between fail at once. Two waits, gRPC's and the session's, come to less than an election
        timeout: a member that is back is heard of before it misses its leader.
    restart_ms: how long a server that has stopped in good order may take to come back; until then
        its silence is no refusal.
    slow_call_ms: a call that takes its server longer is logged.
    stream_window_bytes: of each stream, what comes before it is read, beside the message that is
        being read. Else gRPC measures the way and takes several MiB for each of many streams.
    stop_grace_ms: a stopping server cancels what is still under way after it.
    """

    session: SessionLimits = SessionLimits()
    calls_in_flight_max: int = 10_000
    connect_timeout_ms: int = 2_000
    ping_interval_ms: int = 1_000
    ping_timeout_ms: int = 2_000
    accept_timeout_ms: float = 60_000.0
    retry_wait_ms_first: float = 20.0
    retry_wait_ms_max: float = 200.0
    restart_ms: float = 15_000.0
    slow_call_ms: float = 1_000.0
    stream_window_bytes: int = 1 * MIB
    stop_grace_ms: float = 30_000.0

    def _options(self) -> list[tuple[str, int]]:
        message_bytes_max = max(self.session.batch_bytes_max, MESSAGE_BYTES_MAX) + MIB
        return [
            ("grpc.max_send_message_length", message_bytes_max),
            ("grpc.max_receive_message_length", message_bytes_max),
            ("grpc.max_metadata_size", METADATA_BYTES_MAX),
            ("grpc.absolute_max_metadata_size", 2 * METADATA_BYTES_MAX),
            ("grpc.keepalive_time_ms", self.ping_interval_ms),
            ("grpc.keepalive_timeout_ms", self.ping_timeout_ms),
            # Without it a silent peer is waited for 60 s, whatever the two above say.
            ("grpc.http2.ping_timeout_ms", self.ping_timeout_ms),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.bdp_probe", 0),
            ("grpc.http2.lookahead_bytes", self.stream_window_bytes),
        ]

    def client_options(self) -> list[tuple[str, int]]:
        return [
            *self._options(),
            # A connection for each channel: sessions and bulk do not share one.
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_retries", 0),
            ("grpc.enable_http_proxy", 0),
            ("grpc.service_config_disable_resolution", 1),
            ("grpc.min_reconnect_backoff_ms", self.connect_timeout_ms),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", int(self.retry_wait_ms_max)),
        ]

    def server_options(self) -> list[tuple[str, int]]:
        return [
            *self._options(),
            # Two servers on one port is a mistake.
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", self.ping_interval_ms // 2),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", self.ping_interval_ms // 2),
            ("grpc.http2.max_ping_strikes", 0),
        ]
