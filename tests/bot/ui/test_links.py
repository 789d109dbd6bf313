"""Which address is offered as a link. The tables are the rule: what a button gets, for every kind of address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.links import BUTTON_CHARACTERS, WORDS_CHARACTERS, offered, offered_in_words
from sandbox.discord.link_rules import check_url
from sandbox.discord.refusals import Form

#: Offered, and as what.
OFFERED = {
    "https://files.example/track.mp3": "https://files.example/track.mp3",
    "http://files.example/track.mp3": "http://files.example/track.mp3",
    "HTTPS://Files.Example/Track.mp3": "https://files.example/Track.mp3",
    "https://files.example": "https://files.example",
    "https://files.example/?Signature=a%2Fb%2bc~d&Expires=1": "https://files.example/?Signature=a%2Fb%2bc~d&Expires=1",
    "https://a.b.c.d.files.example:8443/x": "https://a.b.c.d.files.example:8443/x",
    "https://files.example:/x": "https://files.example/x",
    "https://files.example./x": "https://files.example/x",
    "  https://files.example/x ": "https://files.example/x",
    "https://bucket_one.files.example/x": "https://bucket_one.files.example/x",
    # encoded as far as it has to be, and no further
    "https://files.example/my track.mp3": "https://files.example/my%20track.mp3",
    "https://files.example/my%20track.mp3": "https://files.example/my%20track.mp3",
    "https://files.example/100%.mp3": "https://files.example/100%25.mp3",
    "https://files.example/Übung.mp3": "https://files.example/%C3%9Cbung.mp3",
    "https://files.example/歌.mp3?名=歌#歌": "https://files.example/%E6%AD%8C.mp3?%E5%90%8D=%E6%AD%8C#%E6%AD%8C",
    "https://files.example/🎵": "https://files.example/%F0%9F%8E%B5",
    'https://files.example/"a"<b>': "https://files.example/%22a%22%3Cb%3E",
    "https://files.example/[a]{b}|c^d`e\\f": "https://files.example/%5Ba%5D%7Bb%7D%7Cc%5Ed%60e%5Cf",
    "https://files.example/a?b[]=c d": "https://files.example/a?b%5B%5D=c%20d",
    "https://files.example/a(b)'c'!*;,=+&$@:": "https://files.example/a(b)'c'!*;,=+&$@:",
    "https://files.example/a/../b//c?d?e": "https://files.example/a/../b//c?d?e",
    "https://files.example/a\u00a0b\u200b\u202ec": "https://files.example/a%C2%A0b%E2%80%8B%E2%80%AEc",
    # hosts in other scripts, and in other spellings
    "https://bücher.example/x": "https://xn--bcher-kva.example/x",
    "https://xn--bcher-kva.example/x": "https://xn--bcher-kva.example/x",
    "https://ＦＩＬＥＳ.example/x": "https://files.example/x",
    "https://files。example/x": "https://files.example/x",
    "https://☃.example/x": "https://xn--n3h.example/x",
    # public addresses, in every spelling
    "http://8.8.8.8/x": "http://8.8.8.8/x",
    "http://8.8.8.8.:80/x": "http://8.8.8.8:80/x",
    "http://134744072/x": "http://8.8.8.8/x",
    "http://0x8080808/x": "http://8.8.8.8/x",
    "http://010.010.010.010/x": "http://8.8.8.8/x",
    "http://8.526344/x": "http://8.8.8.8/x",
    "http://172.15.0.1/x": "http://172.15.0.1/x",
    "http://172.32.0.1/x": "http://172.32.0.1/x",
    "http://100.63.0.1/x": "http://100.63.0.1/x",
    "http://100.128.0.1/x": "http://100.128.0.1/x",
    "http://[2606:4700::1111]:8080/x": "http://[2606:4700::1111]:8080/x",
    "http://[2606:4700:0:0:0:0:0:1111]/x": "http://[2606:4700::1111]/x",
    "http://[::ffff:8.8.8.8]/x": "http://8.8.8.8/x",
    # names that only look like numbers
    "https://127.0.0.1.files.example/": "https://127.0.0.1.files.example/",
    "https://10.example/": "https://10.example/",
    "https://mylocalhost.example/": "https://mylocalhost.example/",
    "https://local.internal.example/": "https://local.internal.example/",
}

#: Never offered, wherever the bot runs.
REFUSED = [
    None,
    "",
    " ",
    "track.mp3",
    "//files.example/x",
    "/x",
    # other schemes, and none
    "ftp://files.example/x",
    "javascript:alert(1)",
    "data:audio/mpeg;base64,AAAA",
    "file:///etc/passwd",
    "discord://-/channels/1",
    "https:files.example/x",
    "https:/files.example/x",
    "https:///files.example/x",
    "https://",
    "https://?x",
    # names and passwords
    "https://user@files.example/x",
    "https://user:word@files.example/x",
    "https://@files.example/x",
    "https://files.example\\@evil.example/x",
    "https://files.example%40evil.example/x",
    "https://files.example＠evil.example/x",
    # blanks and controls
    "https://files .example/x",
    "https://files.example /x",
    "https://files\u00a0x.example/",
    "https://files\u200b.example/x",
    "https://files.example/a\tb",
    "https://files.example/a\nb",
    "https://files.example/x\n",
    "\thttps://files.example/x",
    "ht\ntps://files.example/x",
    "https://files.example/a\x00b",
    "https://files.example/a\x7fb",
    "https://files.example/a\x85b",
    "https://files.example/\ud83c",
    # hosts that are none
    "https://./x",
    "https://../x",
    "https://files..example/x",
    "https://.example/x",
    "https://files.example../x",
    "https://-files.example/x",
    "https://files-.example/x",
    "https://fi%6Ces.example/x",
    "https://fi<les.example/x",
    "https://fi[les.example/x",
    "https://127.0.0.1\\.files.example/x",
    "https://" + "x" * 64 + ".example/x",
    "https://" + "x." * 130 + "example/x",
    "https://" + "ü" * 60 + ".example/x",
    # ports
    "https://files.example:0/x",
    "https://files.example:65536/x",
    "https://files.example:-1/x",
    "https://files.example:http/x",
    "https://files.example:8o/x",
    # names of somebody's own network
    "http://files/x",
    "http://host-1:8700/x",
    "http://nas.local/x",
    "http://NAS.LOCAL./x",
    "http://music.internal/x",
    "http://metadata.google.internal/x",
    "http://router.home.arpa/x",
    "http://1.0.0.127.in-addr.arpa/x",
    "http://nas.home/x",
    "http://nas.lan/x",
    "http://wiki.corp/x",
    "http://wiki.intranet/x",
    "http://wiki.private/x",
    "http://nas.localdomain/x",
    "http://music.test/x",
    "http://music.invalid/x",
    "http://music.onion/x",
    "http://music.alt/x",
    "http://nas.ｌｏｃａｌ/x",
    # addresses that are not public
    "http://0.0.0.0/x",
    "http://0/x",
    "http://10.0.0.1/x",
    "http://172.16.0.1/x",
    "http://172.31.255.255/x",
    "http://192.168.1.1/x",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/x",
    "http://100.127.255.255/x",
    "http://192.0.0.9/x",
    "http://192.0.2.1/x",
    "http://192.88.99.1/x",
    "http://198.18.0.1/x",
    "http://198.51.100.1/x",
    "http://203.0.113.1/x",
    "http://224.0.0.1/x",
    "http://239.255.255.255/x",
    "http://240.0.0.1/x",
    "http://255.255.255.255/x",
    "http://3232235777/x",
    "http://0xC0.0xA8.1.1/x",
    "http://0300.0250.1.1/x",
    "http://0xa9fea9fe/x",
    "http://10.1/x",
    "http://１０.0.0.1/x",
    "http://192。168。1。1/x",
    "http://[::]/x",
    "http://[fe80::1]/x",
    "http://[fe80::1%25eth0]/x",
    "http://[fec0::1]/x",
    "http://[fc00::1]/x",
    "http://[fd12:3456::1]/x",
    "http://[ff02::1]/x",
    "http://[2001:db8::1]/x",
    "http://[3fff::1]/x",
    "http://[2001::1]/x",
    "http://[2002:7f00:1::]/x",
    "http://[64:ff9b::7f00:1]/x",
    "http://[4000::1]/x",
    "http://[::ffff:10.0.0.1]/x",
    "http://[::ffff:a9fe:a9fe]/x",
    "http://[::10.0.0.1]/x",
    # numbers that are no address
    "http://256.1.1.1/x",
    "http://4294967296/x",
    "http://1.2.3.4.5/x",
    "http://08.1.1.1/x",
    "http://0x/x",
    "http://files.example.1/x",
    "http://files.0x7f/x",
    "http://[::1/x",
    "http://[files.example]/x",
    "http://[1.2.3.4]/x",
    "http://[::1]x/x",
]

#: Offered only where Discord is a stand-in, whose readers sit at this machine.
LOOPBACK = {
    "http://127.0.0.1:8700/v2/files/a.mp3?Expires=1": "http://127.0.0.1:8700/v2/files/a.mp3?Expires=1",
    "http://127.255.255.254/x": "http://127.255.255.254/x",
    "http://127.1/x": "http://127.0.0.1/x",
    "http://2130706433/x": "http://127.0.0.1/x",
    "http://0x7f.0.0.1/x": "http://127.0.0.1/x",
    "http://017700000001/x": "http://127.0.0.1/x",
    "http://127。0。0。1/x": "http://127.0.0.1/x",
    "http://[::1]:8700/x": "http://[::1]:8700/x",
    "http://[0:0:0:0:0:0:0:1]/x": "http://[::1]/x",
    "http://[::ffff:127.0.0.1]/x": "http://127.0.0.1/x",
    "http://[::ffff:7f00:1]/x": "http://127.0.0.1/x",
    "http://localhost:8700/x": "http://localhost:8700/x",
    "http://LOCALHOST./x": "http://localhost/x",
    "http://music.localhost/x": "http://music.localhost/x",
    "http://ⓛocalhost/x": "http://localhost/x",
}


@pytest.mark.parametrize(("url", "link"), OFFERED.items())
@pytest.mark.parametrize("opens_loopback", [False, True])
def test_a_public_address_is_offered_in_the_spelling_that_everybody_reads_alike(
    url: str, link: str, opens_loopback: bool
) -> None:
    assert offered(url, opens_loopback=opens_loopback) == link


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.parametrize("opens_loopback", [False, True])
def test_an_address_that_is_none_or_not_public_is_never_offered(url: str | None, opens_loopback: bool) -> None:
    assert offered(url, opens_loopback=opens_loopback) is None
    assert offered_in_words(url, opens_loopback=opens_loopback) is None


@pytest.mark.parametrize(("url", "link"), LOOPBACK.items())
def test_an_address_of_this_machine_is_offered_only_where_it_opens(url: str, link: str) -> None:
    assert offered(url) is None
    assert offered(url, opens_loopback=True) == link


@pytest.mark.parametrize("url", [*OFFERED, *LOOPBACK])
def test_what_is_offered_is_offered_unchanged_the_next_time(url: str) -> None:
    link = offered(url, opens_loopback=True)
    assert offered(link, opens_loopback=True) == link


def test_a_button_takes_512_characters_as_they_are_sent() -> None:
    start = "https://files.example/"
    assert offered(start + "x" * (BUTTON_CHARACTERS - len(start))) is not None
    assert offered(start + "x" * (BUTTON_CHARACTERS - len(start) + 1)) is None
    assert offered(start + " " * 163 + "x") is not None  # each blank is sent as three
    assert offered(start + " " * 164 + "x") is None


def test_words_take_longer_ones_and_end_where_the_address_ends() -> None:
    start = "https://files.example/"
    assert offered_in_words(start + "x" * (WORDS_CHARACTERS - len(start))) is not None
    assert offered_in_words(start + "x" * (WORDS_CHARACTERS - len(start) + 1)) is None
    assert offered_in_words(start + "(" * 600) is None
    assert offered_in_words(start + "a_(b))>c d") == start + "a_%28b%29%29%3Ec%20d"


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["http", "https", "HTTPS"]))
def test_whatever_is_offered_is_a_well_formed_url_to_the_sandbox(host: str, rest: str, scheme: str) -> None:
    for url in (f"{scheme}://{host}/{rest}", f"{scheme}://files.example/{rest}", f"{scheme}://files.example{rest}"):
        link = offered(url, opens_loopback=True)
        if link is not None:
            form = Form()
            check_url(form, "url", link, ("http", "https"))
            assert not form.errors
            assert link.isascii()
            assert len(link) <= BUTTON_CHARACTERS
