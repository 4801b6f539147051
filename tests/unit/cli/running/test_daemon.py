"""What a role needs of the configuration, told before anything starts."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from trioxygen.cli.config.reading import ConfigError, load
from trioxygen.cli.running.daemon import DaemonStart, identity, warn_of_open_ports
from trioxygen.cli.wiring.network import node_tls

GROUPS = {
    "O3_CLUSTER__ID": "c1",
    "O3_OM__PEERS": "om1=h1:1, om2=h2:1",
    "O3_SCM__PEERS": "scm1=h1:2",
}


def start(role: str, environment: dict[str, str], node_id: str = "") -> DaemonStart:
    return DaemonStart(
        role=role,
        node_id=node_id,
        config=load(None, {}, environment),
        source=Path("o3.toml"),
        data=Path("data"),
        credentials=None,
        tell=print,
    )


def test_node_listens_on_its_own_address_unless_another_is_said() -> None:
    assert identity(start("om", GROUPS, "om2")) == ("om2", "h2:1")
    assert identity(start("scm", GROUPS)) == ("scm1", "h1:2")
    listening = {**GROUPS, "O3_OM__LISTEN": "0.0.0.0:1"}
    assert identity(start("om", listening, "om1")) == ("om1", "0.0.0.0:1")
    assert identity(start("datanode", {**GROUPS, "O3_DATANODE__ADDRESS": "h:3"})) == ("", "h:3")
    assert identity(start("gateway", {**GROUPS, "O3_GATEWAY__ID": "g"})) == ("g", "")


@pytest.mark.parametrize(
    ("role", "missing", "output"),
    [
        ("om", "O3_CLUSTER__ID", "o3.toml: cluster.id is missing"),
        ("om", "O3_SCM__PEERS", "o3.toml: scm.peers is missing: an om needs it"),
        ("datanode", "O3_SCM__PEERS", "o3.toml: scm.peers is missing"),
        ("gateway", "O3_OM__PEERS", "o3.toml: om.peers is missing"),
    ],
)
def test_what_a_role_lacks_is_told(role: str, missing: str, output: str) -> None:
    given = {name: value for name, value in GROUPS.items() if name != missing}
    with pytest.raises(ConfigError) as caught:
        identity(start(role, given, "om1"))
    assert str(caught.value).startswith(output)


def test_one_of_several_peers_must_say_which_it_is() -> None:
    with pytest.raises(ConfigError, match=r"--id is missing: which of om.peers .* \(om1, om2\)\?"):
        identity(start("om", GROUPS))
    with pytest.raises(ConfigError, match="om.peers has no 'om9': it has om1, om2"):
        identity(start("om", GROUPS, "om9"))


def test_certificate_that_cannot_be_read_is_told() -> None:
    names = ("CERTIFICATE_FILE", "KEY_FILE", "CA_FILE")
    config = load(None, {}, {f"O3_TLS__{name}": "/none.pem" for name in names})
    with pytest.raises(ConfigError, match=r"tls: /none\.pem: no such file"):
        node_tls(config)


TLS = {
    "O3_TLS__CERTIFICATE_FILE": "c.pem",
    "O3_TLS__KEY_FILE": "k.pem",
    "O3_TLS__CA_FILE": "a.pem",
}


@pytest.mark.parametrize(
    ("environment", "event"),
    [
        ({}, "started_without_tls"),
        ({**TLS, "O3_TLS__CLIENT_CERTIFICATES": "false"}, "client_certificates_not_asked_for"),
        (TLS, ""),
    ],
)
def test_node_whose_ports_are_open_to_anyone_says_so(
    caplog: pytest.LogCaptureFixture, environment: dict[str, str], event: str
) -> None:
    registry = CollectorRegistry()
    with caplog.at_level("WARNING"):
        warn_of_open_ports(load(None, {}, environment), "om", "om1", registry)
    if not event:
        assert not caplog.records
        return
    [record] = caplog.records
    assert record.levelname == "WARNING" and record.getMessage().startswith(event)
    assert "anyone who can connect may do anything" in record.getMessage()
    assert registry.get_sample_value("trioxygen_node_warnings_total", {"event": event}) == 1
