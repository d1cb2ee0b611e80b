"""The settings of the profile that the environment names: local (default) or production."""

from xmagnet.settings import env

if env.text("XMAGNET_PROFILE", "local") == "production":
    from xmagnet.settings.prod import *  # noqa: F403
else:
    from xmagnet.settings.dev import *  # noqa: F403
