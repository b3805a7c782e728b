"""Sources are read strictly: what is allowed is allowed by name, and what looks like it is not it."""

import pytest

from shared.domain.addresses import is_public
from shared.domain.catalogue.sources import (
    Allowed,
    BlobSource,
    HttpsSource,
    RegistrySource,
    RunSource,
    S3Source,
    Source,
    VersionSource,
    parse_source,
)
from shared.domain.errors import InvalidRequest

OURS = "https://ours.blob.core.windows.net"
ALLOWED = Allowed(
    account_url=OURS,
    containers=("models",),
    buckets=("team-models",),
    hosts=("allowed.example.com",),
    tracking=True,
)

READ: dict[str, Source] = {
    "https://allowed.example.com/a/model.pkl": HttpsSource("allowed.example.com", "/a/model.pkl"),
    "HTTPS://ALLOWED.example.com:443/m%20odel.pkl": HttpsSource(
        "allowed.example.com", "/m%20odel.pkl"
    ),
    "s3://team-models/a/b.pkl": S3Source("team-models", "a/b.pkl"),
    "s3://team-models/folder/": S3Source("team-models", "folder/"),
    "blob://models/a.pkl": BlobSource("models", "a.pkl"),
    f"{OURS}/models/folder/": BlobSource("models", "folder/"),
    f"{OURS}/models/a.pkl?sv=1&sig=s3cret": BlobSource("models", "a.pkl"),
    f"{OURS}/models/my%20model.pkl": BlobSource("models", "my model.pkl"),
    f"{OURS}/models/a%2Bb/%7ec.pkl": BlobSource("models", "a+b/~c.pkl"),
    "blob://models/my model.pkl": BlobSource("models", "my model.pkl"),
    "s3://team-models/my folder/": S3Source("team-models", "my folder/"),
    "runs:/0123456789abcdef0123456789abcdef/model": RunSource(
        "0123456789abcdef0123456789abcdef", "model"
    ),
    "runs:/abc/my model": RunSource("abc", "my model"),
    "models:/iris/3": VersionSource("iris", "3"),
    "models:/iris@champion": VersionSource("iris", "champion"),
    "azureml:iris:7": RegistrySource("iris", "7"),
}

REFUSED = [
    # addresses of this machine and of the platform, in every spelling
    "http://2130706433/model",
    "https://2130706433/model",
    "https://0x7f.1/model",
    "https://0177.1/model",
    "https://127.1/model",
    "https://127.0.0.1/model",
    "https://[::1]/model",
    "https://[::ffff:169.254.169.254]/model",
    "https://0.0.0.0/model",
    "https://169.254.169.254/metadata/identity",
    "https://168.63.129.16/model",
    "https://localhost/model",
    # names that look like the one that is allowed
    "https://allowed.example.com@evil.example/model",
    "https://evil@allowed.example.com/model",
    "https://allowed.example.com.evil.example/model",
    "https://evil.example/allowed.example.com",
    "https://xallowed.example.com/model",
    "https://allowed.example.com./model",
    "https://allowed.example.com%2eevil.example/model",
    "https://allowed。example.com/model",  # a full stop that browsers take for a dot
    "https://allowed.example.com:8443/model",
    "https://allowed.example.com:99999/model",
    "https://internal.internal/model",
    # other ways of writing, and other schemes
    "//evil.example/model",
    "\\\\evil.example\\model",
    "https:\\\\allowed.example.com\\model",
    "https:/allowed.example.com/model",
    "https:///model",
    "http://allowed.example.com/model",
    "file:///etc/passwd",
    "ftp://allowed.example.com/model",
    "gopher://allowed.example.com/model",
    "dbfs:/model",
    "https://allowed.example.com/a\r\nHost: evil",
    "https://allowed.example.com/a\tb",
    "https://allowed.example.com/a b",
    "https://allowed.example.com/\x00",
    # paths in disguise
    "https://allowed.example.com/a/../b",
    "https://allowed.example.com/a/%2e%2e/b",
    "https://allowed.example.com/a%2fb",
    "https://allowed.example.com/a%5cb",
    "https://allowed.example.com/a%0d%0aHost:evil",
    "https://allowed.example.com/a%252e",
    "https://allowed.example.com/a%zz",
    "https://allowed.example.com/a//b",
    "https://allowed.example.com/",
    "https://allowed.example.com",
    "https://allowed.example.com/model#x",
    # other people's buckets and containers
    "s3://",
    "s3://../",
    "s3:///key",
    "s3://team-models",
    "s3://team-models/",
    "s3://team-models/../other/key",
    "s3://team-models/a//b",
    "s3://team-models/a?versionId=1",
    "s3://others/key",
    "s3://team-models.others/key",
    "blob://longshore/content/abc",
    "blob://others/a.pkl",
    "blob://models/../longshore/a",
    f"{OURS}/longshore/content/abc",
    f"{OURS}/models/../longshore/a",
    f"{OURS}.evil.example/models/a.pkl",
    "https://other.blob.core.windows.net/models/a.pkl",
    # keys that no store of ours takes, and addresses that are decoded to them
    "blob://models/a%20b",
    "blob://models/a.",
    "blob://models/a./b",
    "blob://models/a.pkl ",
    " blob://models/a.pkl",
    "s3://team-models/a\\b",
    "s3://team-models/modèle.pkl",
    f"{OURS}/models/my model.pkl",
    f"{OURS}/models/a%2Fb",
    f"{OURS}/models/%2e%2e/longshore/a",
    f"{OURS}/models/a%2520b",
    f"{OURS}/models/a%00b",
    f"{OURS}/models/a%0ab",
    f"{OURS}/models/a%5cb",
    f"{OURS}/models/a%3fb",
    f"{OURS}/models/a%23b",
    f"{OURS}/models/a%zz",
    f"{OURS}/models/mod%C3%A8le.pkl",
    f"{OURS}/models/a%ff",
    f"{OURS}/models/a%c0%af",
    f"{OURS}/model%73x/a.pkl",
    # what is no run, version or registered model
    "runs:/",
    "runs:/abc",
    "runs:/abc/../../x",
    "runs:/abc/model?sig=s3cret",
    "runs:/abc/model#x",
    "models:/iris/3?sig=s3cret",
    "azureml:iris:3#x",
    "runs://profile@databricks/abc/model",
    "models:/",
    "models:/iris",
    "models:/iris/3/x",
    "models:/../3",
    "models://profile@databricks/iris/3",
    "azureml:iris",
    "azureml:iris:",
    "azureml:iris:1:2",
    "azureml:a/b:1",
    "azureml://registries/azureml/models/x/versions/1",
    "",
    "model.pkl",
    "/etc/passwd",
    "s3://team-models/" + "a" * 2000,
]


@pytest.mark.parametrize("text", READ)
def test_a_source_that_is_allowed_is_read(text: str) -> None:
    assert parse_source(text, ALLOWED) == READ[text]


@pytest.mark.parametrize("text", READ)
def test_what_is_kept_of_a_source_is_read_as_the_same(text: str) -> None:
    kept = str(parse_source(text, ALLOWED))

    assert parse_source(kept, ALLOWED) == READ[text]
    assert "s3cret" not in kept


@pytest.mark.parametrize("text", REFUSED)
def test_what_only_looks_like_it_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_source(text, ALLOWED)

    assert caught.value.code == "source_not_allowed"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("blob://models/a%20b", "without \\ ? # %"),
        ("s3://team-models/a./b", "ends with a dot"),
        (f"{OURS}/models/my model.pkl", "%20"),
        (f"{OURS}/models/mod%C3%A8le.pkl", "printable ASCII"),
    ],
)
def test_what_a_key_may_not_hold_is_told(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_source(text, ALLOWED)

    assert why in caught.value.detail


@pytest.mark.parametrize("text", [each for each in READ if not each.startswith("azureml:")])
def test_nothing_is_allowed_by_itself(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_source(text, Allowed())


@pytest.mark.parametrize(
    "text",
    [
        "https://allowed.example.com/m?X-Amz-Signature=s3cret",
        "https://evil.example/m?sig=s3cret",
        "https://me:s3cret@allowed.example.com/m",
        "s3://others/key?s3cret",
        "blob://others/key#s3cret",
        "gopher://me:s3cret@host/x?s3cret",
        "runs:/abc/model?sig=s3cret",
        "models:/iris/3?sig=s3cret",
        "azureml:iris:3?sig=s3cret",
    ],
)
def test_a_refusal_tells_no_secret(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_source(text, ALLOWED)

    refusal = caught.value
    assert "s3cret" not in f"{refusal} {refusal.detail} {refusal.next_step} {refusal.problems}"


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "2606:2800:220:1:248:1893:25c8:1946",
        "64:ff9b::5db8:d822",  # 93.184.216.34 by NAT64
        "::ffff:93.184.216.34",
    ],
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not one to listen on
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:169.254.169.254",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "64:ff9b:1::808:808",
        "64:ff9b:1:a9fe:a9:fe00:808:808",
        "fec0::1",
        "feff::1",
        "fd00:ec2::254",
        "100::1",
        "5f00::1",
        "::ffff:0:7f00:1",
        "::ffff:168.63.129.16",
        "100.100.100.200",
        "192.0.0.170",
        "2001:db8::1",
        "93.184.216.34%1",
        "localhost",
        "2130706433",
        "",
    ],
)
def test_an_address_that_only_some_reach_is_not_public(address: str) -> None:
    assert not is_public(address)
