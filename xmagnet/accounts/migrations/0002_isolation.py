from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        IsolateTenant("accounts_agency"),
        IsolateTenant("accounts_membership", or_own_user="user_id"),
        IsolateTenant("accounts_accountgrant"),
        IsolateTenant("accounts_invitation"),
        IsolateTenant("accounts_apitoken"),
        SameTenant("accounts_membership", "agency_id", "accounts_agency"),
        SameTenant("accounts_accountgrant", "membership_id", "accounts_membership"),
        SameTenant("accounts_invitation", "agency_id", "accounts_agency"),
    ]
