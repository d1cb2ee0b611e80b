from django.db import migrations

from xmagnet.core.migration_ops import IsolateTenant, SameTenant


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        IsolateTenant("notices_notice"),
        IsolateTenant("notices_noticesettings", key=None),
        IsolateTenant("notices_noticeread", key=None),
        IsolateTenant("notices_chatchannel"),
        IsolateTenant("notices_noticedelivery", key=None),
        SameTenant("notices_noticeread", "notice_id", "notices_notice", on_delete="CASCADE"),
        SameTenant("notices_noticedelivery", "notice_id", "notices_notice", on_delete="CASCADE"),
        SameTenant("notices_noticedelivery", "chat_channel_id", "notices_chatchannel", on_delete="CASCADE"),
    ]
