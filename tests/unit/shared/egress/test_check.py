from __future__ import annotations

import pytest

from shared.egress import EgressPolicy, EgressRefused, check_headers, check_url, check_url_and_addresses

PRODUCTION = EgressPolicy.production()
LOCAL = EgressPolicy.local()

INSIDE_EVERYWHERE = [
    "https://10.0.0.1/",
    "https://192.168.1.1/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.170.2/v2/credentials",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://0.0.0.0/",
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://0251.0376.0251.0376/",
    "https://10.1/",
    "https://\uff11\uff16\uff19.254.169.254/",
    "https://169\u3002254\u3002169\u3002254/",
]
LOOPBACK = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://a.localhost./",
    "https://[::1]/",
    "https://127.0.0.1./",
]
NOT_CALLABLE = [
    "",
    "hook",
    "https://",
    "https:///path",
    "https:hook",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://exa mple.com/",
    "https://example.com/\r\nx: y",
    "https://example.com\\@10.0.0.1/",
    "https://user:password@example.com/",
    "https://user@example.com/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://[::1/",
    "https://%31%32%37.0.0.1/",
    "https://example..com/",
    "https://example.256/",
    "https://1.2.3.4.5/",
    "https://" + "a" * 64 + ".com/",
    "https://example.com/" + "a" * 2048,
]


@pytest.mark.parametrize("policy", [PRODUCTION, LOCAL])
@pytest.mark.parametrize("url", INSIDE_EVERYWHERE + NOT_CALLABLE)
def test_no_policy_takes_it(url: str, policy: EgressPolicy) -> None:
    with pytest.raises(EgressRefused) as refused:
        check_url(url, policy)
    assert refused.value.detail


@pytest.mark.parametrize(
    "url", [*LOOPBACK, "http://example.com/", "https://example.com:8080/", "https://example.com:22/"]
)
def test_production_refuses(url: str) -> None:
    with pytest.raises(EgressRefused):
        check_url(url, PRODUCTION)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/hook?a=b#c",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://bücher.example/",
        "HTTPS://Example.COM./",
    ],
)
def test_production_takes_public_https(url: str) -> None:
    assert check_url(url, PRODUCTION).scheme == "https"


@pytest.mark.parametrize("url", [*LOOPBACK, "http://127.0.0.1:9000/hook", "http://example.com:8080/"])
def test_the_local_stack_takes_receivers_on_this_machine(url: str) -> None:
    assert check_url(url, LOCAL).raw_host


def test_the_refusal_says_what_to_change() -> None:
    with pytest.raises(EgressRefused, match="must start with https://"):
        check_url("http://example.com/", PRODUCTION)
    with pytest.raises(EgressRefused, match="port must be one of 443, 8443"):
        check_url("https://example.com:22/", PRODUCTION)
    with pytest.raises(EgressRefused, match="link-local"):
        check_url("https://169.254.169.254/", PRODUCTION)


def test_proxies_have_other_schemes_and_credentials_but_no_other_addresses() -> None:
    policy = PRODUCTION.for_proxies()
    assert check_url("socks5://user:password@proxy.example", policy)
    assert check_url("http://user:password@proxy.example:3128", policy)
    for url in ("socks5://10.0.0.1:1080", "socks4://proxy.example:1080"):
        with pytest.raises(EgressRefused):
            check_url(url, policy)


class Names:
    """A name server whose answers are given."""

    def __init__(self, **answers: list[str]) -> None:
        self._answers = {name.replace("_", "."): found for name, found in answers.items()}

    async def addresses(self, host: str, port: int) -> list[str]:
        if host not in self._answers:
            raise OSError("unknown name")
        return self._answers[host]

    async def close(self) -> None: ...


async def test_a_name_is_judged_by_all_of_its_addresses() -> None:
    names = Names(good_example=["8.8.8.8", "2606:4700::1111"], mixed_example=["8.8.8.8", "10.0.0.1"])
    assert await check_url_and_addresses("https://good.example/", PRODUCTION, names)
    for url in ("https://mixed.example/", "https://unknown.example/"):
        with pytest.raises(EgressRefused):
            await check_url_and_addresses(url, PRODUCTION, names)


async def test_a_literal_needs_no_name_server() -> None:
    assert await check_url_and_addresses("https://8.8.8.8/", PRODUCTION, Names())


def test_headers_of_the_customer() -> None:
    check_headers({"Authorization": "Bearer token", "x-shop": "Café"})
    for headers in (
        {"Host": "inside"},
        {"content-length": "0"},
        {"x y": "z"},
        {"": "z"},
        {"x": "a\r\nb: c"},
        {"x": "a" * 2001},
        {"Webhook-Id": "mine"},
        {f"x-{n}": "" for n in range(21)},
    ):
        with pytest.raises(EgressRefused):
            check_headers(headers, reserved={"webhook-id"})


def test_headers_are_bounded_by_the_bytes_of_their_names_and_values() -> None:
    check_headers({"x": "a" * 2000, "y": "a" * 2000, "z": "a" * 2000, "header": "a" * 1991})
    check_headers({"x": "\xe9" * 2000, "y": "\xe9" * 1999})
    for one_more in (
        {"x": "a" * 2000, "y": "a" * 2000, "z": "a" * 2000, "header": "a" * 1992},
        {"x": "\xe9" * 2000, "y2": "\xe9" * 1999},
    ):
        with pytest.raises(EgressRefused, match="8,000 bytes"):
            check_headers(one_more)
