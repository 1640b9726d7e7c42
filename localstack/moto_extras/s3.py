"""S3: bucket policies with conditions, and the root element of a bucket's versioning."""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response


def get_permission(bucket: FakeBucket, action: str, resource: str) -> Any:
    """Judge only statements without conditions. moto ignores conditions, so that a policy which
    denies unencrypted transport would deny everything."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    statements = policy["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    policy["Statement"] = [one for one in statements if "Condition" not in one]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


moto_versioning = S3Response.get_bucket_versioning


def get_bucket_versioning(request: S3Response) -> Any:
    """Name the answer as S3 does."""
    status, headers, body = moto_versioning(request)
    text = body.decode() if isinstance(body, bytes) else body
    return status, headers, text.replace("GetBucketVersioningResponse", "VersioningConfiguration")


FakeBucket.get_permission = get_permission
S3Response.get_bucket_versioning = get_bucket_versioning
