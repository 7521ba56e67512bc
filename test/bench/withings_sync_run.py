"""withings-sync as its own command starts it, with the vendors' addresses on this machine."""

import os
import sys

from garminconnect import client
from withings_sync import withings2

withings2.TOKEN_URL = os.environ["WITHINGS_API_URL"] + "/v2/oauth2"
withings2.GETMEAS_URL = os.environ["WITHINGS_API_URL"] + "/measure?action=getmeas"
client.Client._resolve_url = lambda self, path: os.environ["GARMIN_CONNECTAPI_URL"] + "/" + path.lstrip("/")

from withings_sync.sync import main

sys.exit(main())
