import pytest

from handlers.pages.address import address_of


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # not from our proxy: anybody can write that
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.4", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("::1", " 203.0.113.7 ", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, 192.168.1.20", "192.168.1.20"),
        (None, "203.0.113.7", "203.0.113.7"),
        ("", "203.0.113.7", "203.0.113.7"),
        ("unix:", "203.0.113.7", "203.0.113.7"),
    ],
)
def test_only_a_neighbour_is_believed_and_only_its_own_entry(
    remote: str | None, forwarded: str | None, address: str
) -> None:
    assert address_of(remote, forwarded) == address


@pytest.mark.parametrize(
    "forwarded",
    ["", ",", "unknown", "203.0.113.7, ", "203.0.113.999", "<script>", "203.0.113.7;x", "1" * 5_000, "٢٠٣.0.113.7"],
)
def test_rubbish_in_the_header_counts_for_who_is_connected(forwarded: str) -> None:
    assert address_of("127.0.0.1", forwarded) == "127.0.0.1"


@pytest.mark.parametrize("forwarded", ["203.0.113.7:51234", "::ffff:203.0.113.7"])
def test_a_port_and_a_mapped_address_are_the_same_client(forwarded: str) -> None:
    assert address_of("127.0.0.1", forwarded) == "203.0.113.7"


@pytest.mark.parametrize(
    ("remote", "forwarded"),
    [
        ("2001:db8:1:2:aaaa::1", None),
        ("2001:db8:1:2:bbbb::9", "203.0.113.7"),
        ("127.0.0.1", "2001:db8:1:2::5"),
        ("127.0.0.1", "[2001:db8:1:2::5]:443"),
        ("127.0.0.1", "2001:db8:1:2::5%eth0"),
    ],
)
def test_a_network_of_ipv6_is_one_client(remote: str, forwarded: str | None) -> None:
    assert address_of(remote, forwarded) == "2001:db8:1:2::"


def test_nothing_known_is_nobody_in_particular() -> None:
    assert address_of(None, None) == ""
