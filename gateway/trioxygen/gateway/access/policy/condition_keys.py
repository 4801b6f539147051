"""Condition keys that there are. A key that ends in `/` is one for each name of a tag.

Source: IAM user guide, "AWS global condition context keys"; Service Authorization Reference."""

from typing import Final

from trioxygen.gateway.access.policy.s3_actions import COMMON_KEYS, S3_ACTIONS

_GLOBAL: Final = frozenset(
    f"aws:{name}"
    for name in """
    calledvia calledviafirst calledvialast currenttime ec2instancesourceprivateipv4
    ec2instancesourcevpc epochtime federatedprovider multifactorauthage multifactorauthpresent
    principalaccount principalarn principalisawsservice principalorgid principalorgpaths
    principalservicename principalservicenameslist principaltag/ principaltype referer
    requestedregion requesttag/ resourceaccount resourceorgid resourceorgpaths resourcetag/
    securetransport sourceaccount sourcearn sourceidentity sourceip sourceorgid sourceorgpaths
    sourceowner sourcevpc sourcevpcarn sourcevpce tagkeys tokenissuetime useragent userid username
    viaawsservice vpceaccount vpceorgid vpceorgpaths vpcsourceip assumedroot chatbotsourcearn
    isMcpServiceAction viaAwsMcpService signinsessionarn
    """.lower().split()
)
_OF_S3: Final = COMMON_KEYS.union(*(action.keys for action in S3_ACTIONS.values()))


def family(key: str) -> str:
    """A key in lower case; of a tag's, without the tag: `aws:principaltag/`."""
    lowered = key.lower()
    head, slash, tag = lowered.partition("/")
    return f"{head}/" if slash and tag else lowered


def is_global(key: str) -> bool:
    return family(key) in _GLOBAL


def is_of_s3(key: str) -> bool:
    return family(key) in _OF_S3


def is_common(key: str) -> bool:
    """Of every action."""
    return family(key) in COMMON_KEYS or is_global(key)
