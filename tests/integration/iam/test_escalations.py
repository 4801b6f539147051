"""Ways to more than one may: each is tried by somebody who may nearly do it."""

import json
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.integration.iam.answers import policy, refused, trust
from tests.integration.iam.conftest import Site
from tests.integration.store_process import OTHER


def test_policy_is_not_attached_by_its_arn_in_another_case(site: Site, iam: Any) -> None:
    """What denies it compares the ARN as it is asked for."""
    name = site.name("AllOfS3")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    denied = policy("iam:*", effect="Deny", Condition={"ArnEquals": {"iam:PolicyARN": [arn]}})
    user = site.name("attaches")
    own = site.client("iam", site.user(iam, user, policy("iam:*"), denied))
    for asked in (arn, arn.replace(name, name.lower()), arn.replace(name, name.upper())):
        with pytest.raises(ClientError) as error:
            own.attach_user_policy(UserName=user, PolicyArn=asked)
        assert refused(error)[0] == ("AccessDenied" if asked == arn else "NoSuchEntity")
    assert iam.list_attached_user_policies(UserName=user)["AttachedPolicies"] == []


@pytest.mark.parametrize("change", ["NewPath", "NewUserName"])
def test_user_is_not_renamed_to_what_one_may_not_make(site: Site, iam: Any, change: str) -> None:
    """Source: UpdateUser: whoever asks needs the permission on the user as it becomes, too."""
    start = site.name("dev")
    mine = f"arn:aws:iam::{site.account_id}:user/{start}/{start}*"
    own = site.client("iam", site.user(iam, site.name("renames"), policy("iam:*", resource=mine)))
    user = f"{start}-bob"
    own.create_user(UserName=user, Path=f"/{start}/")
    with pytest.raises(ClientError) as error:
        wanted = "/admins/" if change == "NewPath" else site.name("admin")
        own.update_user(UserName=user, **{change: wanted})
    assert refused(error)[:2] == ("AccessDenied", 403)
    own.update_user(UserName=user, NewUserName=f"{start}-carl")


def test_group_is_not_renamed_to_what_one_may_not_make(site: Site, iam: Any) -> None:
    start = site.name("team")
    mine = f"arn:aws:iam::{site.account_id}:group/{start}*"
    own = site.client("iam", site.user(iam, site.name("renames"), policy("iam:*", resource=mine)))
    own.create_group(GroupName=f"{start}-a")
    with pytest.raises(ClientError) as error:
        own.update_group(GroupName=f"{start}-a", NewGroupName=site.name("other"))
    assert refused(error)[:2] == ("AccessDenied", 403)
    own.update_group(GroupName=f"{start}-a", NewGroupName=f"{start}-b")


def test_source_identity_stays_with_whom_it_was_given(site: Site, iam: Any) -> None:
    """Source: IAM user guide, "Monitor and control actions taken with assumed roles"."""
    trusting = trust({"AWS": site.account_id}, "sts:AssumeRole", "sts:SetSourceIdentity")
    roles = [site.name("chain"), site.name("chain")]
    arns = []
    for role in roles:
        made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusting)["Role"]
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy("sts:*", "s3:*"))
        arns.append(made["Arn"])
    keys = site.user(iam, site.name("starts"), policy("sts:*"))
    first = site.client("sts", keys).assume_role(
        RoleArn=arns[0], RoleSessionName="one", SourceIdentity="alice"
    )
    sts = site.session("sts", first["Credentials"])
    with pytest.raises(ClientError) as error:
        sts.assume_role(RoleArn=arns[1], RoleSessionName="two", SourceIdentity="bob")
    assert refused(error)[:2] == ("AccessDenied", 403)
    second = sts.assume_role(RoleArn=arns[1], RoleSessionName="two")
    assert second["SourceIdentity"] == "alice"
    s3, bucket = site.client("s3"), site.name("source-")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            "s3:ListBucket",
            effect="Deny",
            resource=f"arn:aws:s3:::{bucket}",
            Principal="*",
            Condition={"StringEquals": {"aws:SourceIdentity": "alice"}},
        ),
    )
    with pytest.raises(ClientError) as error:
        site.session("s3", second["Credentials"]).list_objects_v2(Bucket=bucket)
    assert refused(error)[:2] == ("AccessDenied", 403)


def test_no_key_is_made_without_a_user_by_a_session(site: Site, iam: Any) -> None:
    role = site.name("makes-keys")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": site.account_id}))[
        "Role"
    ]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy("iam:*"))
    keys = site.user(iam, site.name("assumes"), policy("sts:*"))
    made = site.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName="session")
    with pytest.raises(ClientError) as error:
        site.session("iam", made["Credentials"]).create_access_key()
    assert refused(error)[:2] == ("ValidationError", 400)


def test_key_of_another_account_is_neither_disabled_nor_deleted(site: Site, iam: Any) -> None:
    other = site.client("iam", OTHER)
    key = other.create_access_key()["AccessKey"]["AccessKeyId"]
    for call, arguments in (
        (iam.update_access_key, {"Status": "Inactive"}),
        (iam.delete_access_key, {}),
    ):
        with pytest.raises(ClientError) as error:
            call(AccessKeyId=key, **arguments)
        assert refused(error)[0] == "NoSuchEntity"
    other.delete_access_key(AccessKeyId=key)


@pytest.fixture
def bucket(site: Site) -> Any:
    s3, name = site.client("s3"), site.name("escalate-")
    s3.create_bucket(Bucket=name)
    return name


def test_etag_is_not_guessed_by_who_may_not_read(site: Site, iam: Any, bucket: str) -> None:
    """Source: S3 user guide, "Enforce conditional deletes", "Conditional writes": a condition on
    an ETag needs s3:GetObject."""
    root = site.client("s3")
    etag = root.put_object(Bucket=bucket, Key="k", Body=b"secret")["ETag"]
    writes = site.user(iam, site.name("writes"), policy("s3:PutObject", "s3:DeleteObject"))
    s3 = site.client("s3", writes)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    for tag in (etag, '"' + "0" * 32 + '"'):
        for call, arguments in (
            (s3.put_object, {"Body": b"x"}),
            (s3.delete_object, {}),
            (s3.complete_multipart_upload, {"UploadId": upload, "MultipartUpload": parts}),
        ):
            with pytest.raises(ClientError) as error:
                call(Bucket=bucket, Key="k", IfMatch=tag, **arguments)
            assert refused(error)[:2] == ("AccessDenied", 403)
        answer = s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": tag}, {"Key": "other"}]}
        )
        assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"]
        assert [each["Key"] for each in answer["Deleted"]] == ["other"]
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")
    assert refused(error)[0] == "PreconditionFailed"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")


def test_tags_are_not_copied_by_who_may_neither_read_nor_write_them(
    site: Site, iam: Any, bucket: str
) -> None:
    root = site.client("s3")
    root.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="secret=yes")
    root.put_object(Bucket=bucket, Key="plain", Body=b"x")

    def copy(key: str, *actions: str, **more: str) -> str:
        s3 = site.client("s3", site.user(iam, site.name("copies"), policy(*actions)))
        try:
            s3.copy_object(
                Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key}, **more
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    may = ("s3:GetObject", "s3:PutObject")
    assert copy("plain", *may) == ""
    assert copy("k", *may) == "AccessDenied"
    assert copy("k", *may, "s3:GetObjectTagging") == "AccessDenied"
    assert copy("k", *may, "s3:PutObjectTagging") == "AccessDenied"
    assert copy("k", *may, "s3:GetObjectTagging", "s3:PutObjectTagging") == ""
    assert copy("k", *may, TaggingDirective="REPLACE") == ""


def test_form_is_no_signed_header(site: Site, bucket: str) -> None:
    root = site.client("s3")
    root.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{bucket}/*",
                    "Condition": {"StringEquals": {"s3:authType": "POST"}},
                },
            }
        ),
    )
    form = root.generate_presigned_post(bucket, "k")
    answer = urllib3.request("POST", form["url"], fields={**form["fields"], "file": ("f", b"x")})
    assert answer.status == 403
    root.put_object(Bucket=bucket, Key="k", Body=b"x")
