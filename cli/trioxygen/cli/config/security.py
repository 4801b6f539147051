"""Who may do what with blocks."""

from typing import Literal

from pydantic import Field

from trioxygen.cli.config.section import Section


class SecurityConfig(Section):
    """The same on every node.

    Attributes:
        block_tokens: whether DataNodes refuse who comes without a block token: always, never, or
            `auto`: where there is `[tls]`.
        token_key_seconds: from one key that signs them to the next.
        token_keys_kept: keys that count: a token is good for at least so many times
            `token_key_seconds`, less one.
    """

    block_tokens: Literal["auto", "on", "off"] = "auto"
    token_key_seconds: int = Field(default=600, ge=2, le=30 * 86_400)
    token_keys_kept: int = Field(default=3, ge=2, le=100)
