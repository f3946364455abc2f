"""Which IP addresses are public."""

import pytest

from portal.core.networks import is_public_address


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("::ffff:127.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
        ("100.64.0.1", False),
        # An IPv6 address may contain an IPv4 address to which a translator or a tunnel delivers.
        ("64:ff9b::93.184.216.34", True),  # NAT64: a public IPv4 host, seen from an IPv6-only network
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::169.254.169.254", False),
        ("64:ff9b:1::93.184.216.34", False),  # NAT64 in a private network
        ("::ffff:10.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),  # IPv4-translated (RFC 2765)
        ("::10.0.0.1", False),  # IPv4-compatible
        ("::93.184.216.34", False),
        ("2002:0a00:0001::1", False),  # 6to4 of 10.0.0.1
        ("2002:5db8:d822::1", False),
        ("2001:0:5db8:d822::f5ff:fffe", False),  # Teredo; the client is 10.0.0.1
        ("2606:2800:220:1:0:5efe:10.0.0.1", False),  # ISATAP
        ("2606:2800:220:1:200:5efe:10.0.0.1", False),
        ("fec0::1", False),  # site-local
        ("ff0e::1", False),
        ("2001:db8::1", False),
    ],
)
def test_address_is_public_if_anybody_can_reach_it(address, public):
    assert is_public_address(address) == public
