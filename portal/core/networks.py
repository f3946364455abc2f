"""IP addresses: which of them anybody on the internet can reach."""

import ipaddress

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA has given out for public IPv6 hosts
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: how a network with IPv6 only reaches IPv4 hosts
ISATAP = {bytes.fromhex("00005efe"), bytes.fromhex("02005efe")}  # RFC 5214: bytes 8 to 11, before the IPv4 address


def is_public_address(text: str) -> bool:
    """Return True if a numeric IP address can be reached from anywhere on the internet.

    Requests that follow a link or redirect from outside go only to such addresses: others are of the network that the
    portal runs in.

    An IPv6 address may carry an IPv4 address to which a translator or a tunnel forwards. An IPv4-mapped or NAT64
    address is judged by the IPv4 address that it carries. Other such forms (6to4, Teredo, ISATAP, IPv4-compatible,
    IPv4-translated, NAT64 of a local network) are never public: no public website needs them.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if address.version == 6:
        if address.ipv4_mapped or address in NAT64:
            address = ipaddress.ip_address(address.packed[-4:])
        elif address not in GLOBAL_UNICAST or address.sixtofour or address.teredo or address.packed[8:12] in ISATAP:
            return False
    return address.is_global and not address.is_multicast
