"""Buckets: made, found, listed, removed; their names."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.handlers import validate_bucket_name

from tests.integration.endpoint import REGION, Endpoint, refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_bucket_is_made_found_and_removed(s3: "S3Client") -> None:
    name = f"o3-test-{secrets.token_hex(8)}"
    assert refused(s3.head_bucket, Bucket=name) == (404, "404")
    made = s3.create_bucket(Bucket=name)
    assert made["Location"] == f"/{name}"
    answer = s3.head_bucket(Bucket=name)
    assert answer["BucketRegion"] == REGION
    [listed] = [each for each in s3.list_buckets()["Buckets"] if each["Name"] == name]
    assert listed["CreationDate"].tzinfo is not None
    removed = s3.delete_bucket(Bucket=name)
    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.head_bucket, Bucket=name) == (404, "404")
    assert refused(s3.delete_bucket, Bucket=name) == (404, "NoSuchBucket")
    assert name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_bucket_made_again_by_its_owner_is_a_success_in_the_first_region_only(
    s3: "S3Client", bucket: str
) -> None:
    assert s3.create_bucket(Bucket=bucket)["Location"] == f"/{bucket}"
    elsewhere: list[Any] = [
        {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-3"}},
        {"ObjectLockEnabledForBucket": True},
    ]
    for asked in elsewhere:
        answer = refused(s3.create_bucket, Bucket=bucket, **asked)
        assert answer == (409, "BucketAlreadyOwnedByYou")
    assert s3.get_bucket_versioning(Bucket=bucket).get("Status") is None


def test_bucket_of_another_account_is_told_so(other_s3: "S3Client", bucket: str) -> None:
    assert refused(other_s3.create_bucket, Bucket=bucket) == (409, "BucketAlreadyExists")


def test_bucket_with_an_object_or_an_upload_is_not_removed(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    error = refusal(s3.delete_bucket, Bucket=bucket)
    assert (error.status, error.code) == (409, "BucketNotEmpty")
    assert error.details["BucketName"] == bucket
    s3.delete_object(Bucket=bucket, Key="k")


def test_location_is_the_one_it_was_made_with(s3: "S3Client", bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") is None
    name = f"o3-test-{secrets.token_hex(8)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    try:
        assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-3"
        assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-3"
    finally:
        s3.delete_bucket(Bucket=name)


def test_bucket_that_never_had_versioning_says_nothing_of_it(s3: "S3Client", bucket: str) -> None:
    answer = s3.get_bucket_versioning(Bucket=bucket)
    assert "Status" not in answer


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "-begin",
        "end-",
        "two..dots",
        "dot.-dash",
        "192.168.1.1",
        "xn--name",
        "name-s3alias",
        "sp ace",
        "naïve",
        "foo+bar",
    ],
)
def test_impossible_name_is_refused(endpoint: Endpoint, name: str) -> None:
    with endpoint.client() as s3:
        # boto3 itself would refuse some of these before anybody is asked.
        s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
        error = refusal(s3.create_bucket, Bucket=name)
    assert (error.status, error.code) == (400, "InvalidBucketName")


@pytest.mark.parametrize("name", ["abc", "a.b.c", "0-9", "x" * 63, "192.168.1.256a"])
def test_unusual_name_is_taken(s3: "S3Client", name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


def test_region_of_each_bucket_is_told_to_who_pages(
    s3: "S3Client", new_bucket: Callable[[], str]
) -> None:
    name = new_bucket()
    assert all("BucketRegion" not in each for each in s3.list_buckets()["Buckets"])
    asked: list[Any] = [{"MaxBuckets": 1_000}, {"Prefix": name}, {"BucketRegion": REGION}]
    for more in asked:
        [actual] = [each for each in s3.list_buckets(**more)["Buckets"] if each["Name"] == name]
        assert actual["BucketRegion"] == REGION


def test_made_bucket_is_told_with_its_arn(s3: "S3Client", new_bucket: Callable[[], str]) -> None:
    name = new_bucket()
    s3.delete_bucket(Bucket=name)
    answer: Any = s3.create_bucket(Bucket=name)
    assert answer["Location"] == f"/{name}" and answer["BucketArn"] == f"arn:aws:s3:::{name}"


def test_buckets_are_listed_by_name_with_prefix_and_pages(
    s3: "S3Client", new_bucket: Callable[[], str]
) -> None:
    names = sorted(new_bucket() for _ in range(5))
    listed = [each["Name"] for each in s3.list_buckets(Prefix="o3-test-")["Buckets"]]
    assert listed == sorted(listed) and set(names) <= set(listed)
    [only] = s3.list_buckets(Prefix=names[2])["Buckets"]
    assert only["Name"] == names[2] and only["BucketRegion"] == REGION
    pages: list[str] = []
    token = ""
    while True:
        more = {"ContinuationToken": token} if token else {}
        page = s3.list_buckets(Prefix="o3-test-", MaxBuckets=2, **more)
        assert len(page["Buckets"]) <= 2 and page["Prefix"] == "o3-test-"
        pages += [each["Name"] for each in page["Buckets"]]
        token = page.get("ContinuationToken", "")
        if not token:
            break
    assert pages == listed


def test_page_of_too_many_buckets_is_refused(s3: "S3Client") -> None:
    assert refused(s3.list_buckets, MaxBuckets=10_001) == (400, "InvalidArgument")


def test_accounts_list_only_their_own_buckets(
    s3: "S3Client", other_s3: "S3Client", bucket: str
) -> None:
    assert bucket not in [each["Name"] for each in other_s3.list_buckets()["Buckets"]]
    assert s3.list_buckets()["Owner"].keys() == {"ID"}
    assert s3.list_buckets()["Owner"]["ID"] != other_s3.list_buckets()["Owner"]["ID"]


def test_expected_owner_is_checked(s3: "S3Client", other_s3: "S3Client", bucket: str) -> None:
    error = refused(s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="000000000000")
    assert error == (403, "403")
    error = refused(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="000000000000")
    assert error == (403, "AccessDenied")


def test_ill_formed_configuration_is_refused(s3: "S3Client") -> None:
    name = f"o3-test-{secrets.token_hex(8)}"

    def spoil(request: object, **_: object) -> None:
        request.data = b"<CreateBucketConfiguration><"  # type: ignore[attr-defined]

    s3.meta.events.register_first("before-sign.s3.CreateBucket", spoil, "spoil")
    try:
        error = refused(s3.create_bucket, Bucket=name)
    finally:
        s3.meta.events.unregister("before-sign.s3.CreateBucket", spoil, "spoil")
    assert error == (400, "MalformedXML")


@pytest.mark.parametrize("location", ["", REGION, "xx bad", "a\r\nX-Evil: 1", "é", "x" * 500, "-a"])
def test_location_that_no_region_can_have_is_refused(s3: "S3Client", location: str) -> None:
    name = f"o3-test-{secrets.token_hex(8)}"
    asked: Any = {"LocationConstraint": location}
    answer = refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration=asked)
    assert answer == (400, "InvalidLocationConstraint")
    assert refused(s3.head_bucket, Bucket=name)[0] == 404
