"""A store that encrypts only what is asked to be: what is sealed meets what is not."""

import secrets
from typing import Any

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read, refused
from tests.integration.s3.uploads import PART_MIN, Upload


def test_parts_of_sealed_and_of_open_sources_are_one_object(new_store: NewStore) -> None:
    store = new_store({"encryption.default": "none"}).start()
    sealed, kept, end = (secrets.token_bytes(size) for size in (2 * PART_MIN, PART_MIN, 1_000))
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="sealed", Body=sealed, ServerSideEncryption="AES256")
        s3.put_object(Bucket="bucket", Key="kept", Body=kept)
        upload = Upload.begin(s3, "bucket", "whole")
        upload.copy(1, "sealed")
        upload.copy(2, "kept")
        upload.copy(3, "sealed", CopySourceRange=f"bytes=70000-{70_000 + PART_MIN - 1}")
        upload.put(4, end)
        assert "ServerSideEncryption" not in upload.complete()
        body = sealed + kept + sealed[70_000 : 70_000 + PART_MIN] + end
        got = s3.head_object(Bucket="bucket", Key="whole")
        assert got["ContentLength"] == len(body)
        assert read(s3, "bucket", "whole") == body
        # A copy of what is sealed claims nothing, and is shared.
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/sealed")
        assert read(s3, "bucket", "copy") == sealed
        upload = Upload.begin(s3, "bucket", "again", ServerSideEncryption="AES256")
        upload.copy(1, "whole")
        upload.copy(2, "copy", CopySourceRange="bytes=65519-65520")
        upload.complete()
        assert read(s3, "bucket", "again") == body + sealed[65_519:65_521]
    store.stop()


def test_nothing_is_claimed_of_what_comes_unencrypted(new_store: NewStore) -> None:
    store = new_store({"encryption.default": "none"}).start()
    body = secrets.token_bytes(100_000)
    at: Any = {"Bucket": "bucket", "Key": "kept"}
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        error = refused(s3.get_bucket_encryption, Bucket="bucket")
        assert error == (404, "ServerSideEncryptionConfigurationNotFoundError")
        answers: list[Any] = [
            s3.put_object(**at, Body=body),
            s3.get_object(**at),
            s3.head_object(**at),
            s3.copy_object(Bucket="bucket", Key="copy", CopySource=at),
        ]
        upload = Upload.begin(s3, "bucket", "parts")
        part = {**upload.names, "PartNumber": 1}
        answers += [s3.upload_part(**part, Body=body), s3.upload_part_copy(**part, CopySource=at)]
        for answer in answers:
            names = answer["ResponseMetadata"]["HTTPHeaders"]
            assert [name for name in names if "encryption" in name] == []
        upload.abort()
        # It lies there as it came.
        [path] = [
            path
            for path, status in store.container_files().items()
            if status.st_size >= len(body) and body[:1_000] in path.read_bytes()
        ]
        assert path.read_bytes().count(body) >= 1
    store.stop()
