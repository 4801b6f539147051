"""Configuration: where values come from, and mistakes told with file, line and advice."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.cli.config.reading import ConfigError, credentials, load, load_with_origins
from trioxygen.cli.config.schema import Config
from trioxygen.cli.config.text import line_of
from trioxygen.cli.config.toml import toml_value

REFERENCE = Path(__file__).parents[4] / "docs/reference/configuration.md"


def mistake_in(tmp_path: Path, text: str) -> str:
    file = tmp_path / "o3.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, {}, {})
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{tmp_path}/", "")


def test_defaults_hold_without_a_file() -> None:
    config = load(None, {}, {})
    assert (config.s3.host, config.s3.port, config.admin.port) == ("127.0.0.1", 9878, 9879)
    assert config.s3.keep_alive_seconds >= 75


def test_flags_win_over_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "o3.toml"
    file.write_text(
        '[s3]\nhost = "10.0.0.1"\nport = 1\nregions = ["a"]\n[log]\naccess_log = true\n'
    )
    environment = {
        "O3_S3__PORT": "2",
        "O3_S3__REGIONS": "b, c",
        "O3_LOG__ACCESS_LOG": "false",
        "O3_ACCESS_KEY": "not-a-section",
    }
    config = load(file, {("s3", "port"): 3}, environment)
    assert (config.s3.host, config.s3.port, config.s3.regions) == ("10.0.0.1", 3, ["b", "c"])
    assert config.log.access_log is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[s3]\n\nprt = 1\n", "o3.toml:3: s3.prt: unknown key 'prt': did you mean 'port'?"),
        (
            "[s3]\nzzz = 1\n",
            "o3.toml:2: s3.zzz: unknown key 'zzz': remove it; "
            "docs/reference/configuration.md lists all",
        ),
        ("[storge]\n", "o3.toml:1: storge: unknown section 'storge': did you mean 'storage'?"),
        ("# note\ns3 = 1\n", "o3.toml:2: s3: must be a table: write [s3] above its keys"),
        (
            '[log]\n[s3]\nport = "9878"\n',
            "o3.toml:3: s3.port: should be a valid integer, not '9878'",
        ),
        (
            "[s3]\nport = 70000\n",
            "o3.toml:2: s3.port: should be less than or equal to 65535, not 70000",
        ),
        (
            "s3.keep_alive_seconds = 5\n",
            "o3.toml:1: s3.keep_alive_seconds: should be greater than or equal to 75, not 5",
        ),
        (
            '[s3]\ndomains = ["ok", "S3.Example"]\n',
            "o3.toml:2: s3.domains: 'S3.Example' is not a lower-case domain name without a port",
        ),
        (
            "[admin]\n[storage]\nblock_bytes = 8388608\ncontainer_bytes = 1048576\n",
            "o3.toml:2: storage: block_bytes is larger than container_bytes: lower it",
        ),
        (
            '[s3]\ntls_key_file = "k"\n',
            "o3.toml:1: s3: tls_certificate_file and tls_key_file go together: set both or neither",
        ),
        (
            "[s3]\nport = 9879\n",
            "o3.toml: configuration: s3.port and admin.port are the same: "
            "choose another admin.port",
        ),
        (
            '[storage]\nreplication = "RATIS/TWO"\n',
            "o3.toml:2: storage.replication: 'RATIS/TWO' is none of RATIS/THREE, RATIS/ONE, "
            "EC/rs-3-2-1024k, EC/rs-6-3-512k, EC/rs-10-4-256k",
        ),
        (
            '[s3]\n[s3.storage_classes]\nGLACIER = "EC/3-2"\n',
            "o3.toml:2: s3.storage_classes: 'GLACIER' is none of REDUCED_REDUNDANCY, STANDARD_IA, "
            "ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR",
        ),
        (
            "[scm]\nheartbeat_interval_ms = 20000\n",
            "o3.toml:1: scm: stale_after_seconds is under three times heartbeat_interval_ms: "
            "a lost heartbeat would be a silence",
        ),
        (
            "[scm]\ndead_after_seconds = 29\n",
            "o3.toml:1: scm: dead_after_seconds is under stale_after_seconds: raise it",
        ),
        (
            "[scm]\nreport_interval_seconds = 2\n",
            "o3.toml:1: scm: report_interval_seconds is under heartbeat_interval_ms: raise it, "
            "or set it to 0",
        ),
        (
            '[scm]\nracks = { dn1 = "hall" }\n',
            "o3.toml:2: scm.racks: 'hall' is not a rack: write a path like /hall-1/rack-7",
        ),
        (
            '[scm]\nrack_script = "racks.sh"\n',
            "o3.toml:2: scm.rack_script: 'racks.sh' is not the whole path of a program: "
            "begin it with '/'",
        ),
        ("[s3]\nport = \n", "o3.toml:2: not TOML: invalid value"),
    ],
)
def test_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert mistake_in(tmp_path, text) == message


def test_file_that_is_missing_is_told() -> None:
    with pytest.raises(ConfigError, match="none.toml: no such file or directory: check the path"):
        load(Path("none.toml"), {}, {})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("O3_S3__PORT", "abc", "environment O3_S3__PORT: should be a valid integer, not 'abc'"),
        ("O3_S3__PROT", "1", "environment O3_S3__PROT: unknown key 'prot': did you mean 'port'?"),
        ("O3_NO__PORT", "1", "environment O3_NO__PORT: unknown section 'no'"),
        (
            "O3_LOG__ACCESS_LOG",
            "yes",
            "environment O3_LOG__ACCESS_LOG: should be a valid boolean, not 'yes'",
        ),
    ],
)
def test_mistake_in_the_environment_names_the_variable(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, {}, {name: value})
    assert str(caught.value).startswith(message)


def test_mistake_in_a_flag_names_the_flag() -> None:
    with pytest.raises(ConfigError, match="--port: should be less than or equal to 65535"):
        load(None, {("s3", "port"): 99_999}, {})


def test_pair_of_keys_may_come_from_two_places(tmp_path: Path) -> None:
    file = tmp_path / "o3.toml"
    file.write_text('[s3]\ntls_key_file = "k"\n')
    config = load(file, {}, {"O3_S3__TLS_CERTIFICATE_FILE": "c"})
    assert (config.s3.tls_certificate_file, config.s3.tls_key_file) == ("c", "k")


def test_credentials_of_the_environment_are_checked() -> None:
    assert credentials({}) is None
    assert credentials({"O3_ACCESS_KEY": "abc", "O3_SECRET_KEY": "12345678"}) == ("abc", "12345678")
    for wrong in (
        {"O3_ACCESS_KEY": "abc"},
        {"O3_SECRET_KEY": "12345678"},
        {"O3_ACCESS_KEY": "ab", "O3_SECRET_KEY": "12345678"},
        {"O3_ACCESS_KEY": "abc", "O3_SECRET_KEY": "1234567"},
        {"O3_ACCESS_KEY": "a b c", "O3_SECRET_KEY": "12345678"},
        {"O3_ACCESS_KEY": "abc", "O3_SECRET_KEY": "x" * 129},
    ):
        with pytest.raises(ConfigError) as caught:
            credentials(wrong)
        assert "1234567" not in str(caught.value)


def test_lines_of_keys_are_found_in_every_form_of_table() -> None:
    text = '# [s3]\nlog = { level = "INFO" }\nadmin.port = 1\n[ "s3" ]\n  "port"=2\n'
    assert line_of(text, ("log", "level")) == 2
    assert line_of(text, ("admin", "port")) == 3
    assert line_of(text, ("s3", "port")) == 5
    assert line_of(text, ("s3", "host")) == 4
    assert line_of(text, ("storage",)) is None


def test_reference_page_shows_every_key_with_its_default() -> None:
    shown: dict[str, str] = {}
    section = ""
    for line in REFERENCE.read_text().splitlines():
        if line.startswith("## `["):
            section = line.removeprefix("## `[").removesuffix("]`")
        elif line.startswith("| `"):
            key, default = line.split("|")[1:3]
            shown[f"{section}.{key.strip(' `')}"] = default.strip(" `")
    config = load(None, {}, {}).model_dump()
    actual = {f"{name}.{key}": value for name in config for key, value in config[name].items()}
    assert actual.keys() == shown.keys()
    for key, value in actual.items():
        output = shown[key].replace(",", "")
        assert output == (f'"{value}"' if isinstance(value, str) else str(value).lower()), key
    assert list(Config.model_fields) == list(config)


def test_replications_are_read_in_every_form_and_shown_in_one(tmp_path: Path) -> None:
    file = tmp_path / "o3.toml"
    file.write_text(
        '[storage]\nreplication = "ratis/three"\n[s3.storage_classes]\nSTANDARD_IA = "EC/3-2"\n'
    )
    config = load(file, {}, {})
    assert config.storage.replication == "RATIS/THREE"
    assert config.s3.storage_classes == {"STANDARD_IA": "EC/rs-3-2-1024k"}
    variables = {"O3_S3__STORAGE_CLASSES": "GLACIER_IR=EC/6-3, ONEZONE_IA=RATIS/ONE"}
    config = load(file, {}, variables)
    assert config.s3.storage_classes == {
        "GLACIER_IR": "EC/rs-6-3-512k",
        "ONEZONE_IA": "RATIS/ONE",
    }


def test_sizes_and_times_may_be_written_with_their_units(tmp_path: Path) -> None:
    file = tmp_path / "o3.toml"
    file.write_text(
        '[metadata]\ngc_delay_seconds = "5min"\nmap_bytes = "2GiB"\nraft_tick_ms = "0.1s"\n'
    )
    config = load(file, {}, {"O3_STORAGE__BLOCK_BYTES": "64MiB", "O3_S3__DRAIN_SECONDS": "10"})
    assert config.metadata.gc_delay_seconds == 300
    assert config.metadata.map_bytes == 2 << 30
    assert config.metadata.raft_tick_ms == 100
    assert (config.storage.block_bytes, config.s3.drain_seconds) == (64 << 20, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[metadata]\ngc_delay_seconds = "5MiB"\n',
            "o3.toml:2: metadata.gc_delay_seconds: '5MiB' is not a time: "
            "its unit is none of ms, s, min, h, d",
        ),
        (
            '[storage]\nblock_bytes = "64MB"\n',
            "o3.toml:2: storage.block_bytes: '64MB' is not a size: "
            "its unit is none of B, KiB, MiB, GiB, TiB",
        ),
        (
            '[storage]\nblock_bytes = "big"\n',
            "o3.toml:2: storage.block_bytes: 'big' is not a size: "
            "write a number of bytes, or a text with one of B, KiB, MiB, GiB, TiB",
        ),
        (
            '[s3]\ndrain_seconds = "1500ms"\n',
            "o3.toml:2: s3.drain_seconds: '1500ms' is not a whole number of seconds",
        ),
        (
            '[om]\npeers = [\n  { id = "om1", address = "a:1" },\n  { id = "om2" },\n]\n',
            "o3.toml:2: om.peers.1.address: field required",
        ),
        (
            '[[om.peers]]\nid = "om1"\naddress = "host"\n',
            "o3.toml:3: om.peers.0.address: 'host' is not an address: write HOST:PORT",
        ),
        (
            '[[scm.peers]]\nid = "s"\naddress = "h:1"\n[[scm.peers]]\nid = "s"\naddress = "h:2"\n',
            "o3.toml:1: scm.peers: two peers have the id 's'",
        ),
        (
            '[[om.peers]]\nid = "om1"\naddress = "h:1"\nport = 3\n',
            "o3.toml:4: om.peers.0.port: unknown key 'port': remove it; "
            "docs/reference/configuration.md lists all",
        ),
        (
            '[om]\npeers = [{ id = "a", address = "h:1" }]\n'
            '[scm]\npeers = [{ id = "b", address = "h:1" }]\n',
            "o3.toml: configuration: an OM and an SCM have the address 'h:1'",
        ),
        (
            '[cluster]\n\n[tls]\nkey_file = "k"\n',
            "o3.toml:3: tls: certificate_file, key_file and ca_file go together: "
            "set all three or none",
        ),
        (
            "[metadata]\nraft_election_ticks = 3\nraft_heartbeat_ticks = 1\nlease_reads = true\n",
            "o3.toml:1: metadata: lease_reads wants raft_election_ticks of at least "
            "raft_heartbeat_ticks and 4 more: a lease would end before the next heartbeat",
        ),
        (
            '[encryption]\nkms = "vault"\n',
            'o3.toml:1: encryption: kms is "vault": set vault_url and vault_token_file',
        ),
        (
            '[encryption]\nvault_url = "https://vault:8200"\n',
            "o3.toml:1: encryption: vault_url and vault_token_file go together: "
            "set both or neither",
        ),
        (
            '[encryption]\nvault_url = "https://user:secret@vault:8200"\n',
            "o3.toml:2: encryption.vault_url: not the URL of a server alone: "
            "write https://HOST:PORT",
        ),
        (
            '[encryption]\nkey = "a b"\n',
            "o3.toml:2: encryption.key: 'a b' is not a key's name: "
            "use letters, digits and '.', '_', '-'",
        ),
        (
            "[metadata]\nraft_election_ticks = 5\n",
            "o3.toml:1: metadata: raft_election_ticks is under three times raft_heartbeat_ticks: "
            "one lost heartbeat would cost a leader",
        ),
    ],
)
def test_mistake_of_unit_or_combination_is_told_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    assert mistake_in(tmp_path, text) == message


def test_peers_may_come_from_the_environment() -> None:
    config = load(None, {}, {"O3_OM__PEERS": "om1=h1:1, om2=[::1]:2"})
    assert [(peer.id, peer.address) for peer in config.om.peers] == [
        ("om1", "h1:1"),
        ("om2", "[::1]:2"),
    ]
    with pytest.raises(ConfigError, match="environment O3_OM__PEERS: 'h1:1' is not a node id"):
        load(None, {}, {"O3_OM__PEERS": "h1:1"})


def test_origin_of_each_value_is_known(tmp_path: Path) -> None:
    file = tmp_path / "o3.toml"
    file.write_text("log.access_log = false\n[s3]\n\nport = 1\nregions = [\n]\n")
    loaded = load_with_origins(file, {("admin", "port"): 2}, {"O3_S3__PORT": "3"})
    assert loaded.config.s3.port == 3
    assert loaded.origins == {
        ("log", "access_log"): f"{file}:1",
        ("s3", "regions"): f"{file}:5",
        ("s3", "port"): "environment O3_S3__PORT",
        ("admin", "port"): "--admin-port",
    }


@given(values=st.fixed_dictionaries({"a": st.integers(), "b": st.text(), "c": st.booleans()}))
def test_values_are_written_as_toml_that_reads_alike(values: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {toml_value([value])}" for key, value in values.items())
    assert tomllib.loads(text) == {key: [value] for key, value in values.items()}


def test_racks_come_from_a_table_of_any_names_or_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "o3.toml"
    file.write_text('[scm.racks]\ndn1 = "/a"\n"10.0.0.0/8" = "/b"\n')
    racks = {"dn1": "/a", "10.0.0.0/8": "/b"}
    assert load(file, {}, {}).scm.racks == racks
    assert load(None, {}, {"O3_SCM__RACKS": "dn1=/a, 10.0.0.0/8=/b"}).scm.racks == racks
    assert tomllib.loads(f"racks = {toml_value(racks)}") == {"racks": racks}
