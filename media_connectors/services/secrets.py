"""Moving every secret at rest under the newest encryption key."""

from __future__ import annotations

from django.db import transaction

from media_connectors.models import MediaApplication, MediaCredential
from xmagnet.core.crypto import rotate


def rotate_secrets() -> int:
    """Re-encrypt the secrets of the organization in scope under the first of the keys; how many rows were written.

    Rows are locked while they are rewritten, so that a token refreshed meanwhile is not overwritten.
    """
    with transaction.atomic():
        applications = list(MediaApplication.objects.select_for_update())
        for application in applications:
            application.encrypted_secret = rotate(application.encrypted_secret)
        MediaApplication.objects.bulk_update(applications, ["encrypted_secret"], batch_size=500)
        credentials = list(MediaCredential.objects.select_for_update())
        for credential in credentials:
            credential.encrypted_access_token = rotate(credential.encrypted_access_token)
            credential.encrypted_refresh_token = rotate(credential.encrypted_refresh_token)
        MediaCredential.objects.bulk_update(
            credentials, ["encrypted_access_token", "encrypted_refresh_token"], batch_size=500
        )
        return len(applications) + len(credentials)
