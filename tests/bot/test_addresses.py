"""What a look-up may answer: the whole rule of hosts is held by tests/bot/ui/test_links.py."""

import pytest

from bot.addresses import is_public_address, public_host


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
    ids=["IPv4", "IPv6", "mapped", "NAT64"],
)
def test_what_leads_out_into_the_internet_is_public(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2001:0:808:808::1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "ff02::1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "",
    ],
)
def test_what_stays_on_this_machine_or_network_or_is_no_plain_address_is_not(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("host", ["fe80::1%eth0", "2606:4700::1111%eth0", "2130706433", "0x7f.1", "017700000001"])
def test_an_address_with_a_scope_or_in_another_spelling_is_judged_as_what_it_means(host: str) -> None:
    assert public_host(host) is None
