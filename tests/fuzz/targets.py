"""Every target there is."""

from __future__ import annotations

from tests.fuzz.backups import BACKUP
from tests.fuzz.desk import DESK
from tests.fuzz.sealed import SEALED
from tests.fuzz.telegram import TELEGRAM
from tests.fuzz.texts import TEXTS
from tests.fuzz.typed import TYPED
from tests.fuzz.web import WEB
from tests.fuzz.webhook import WEBHOOK
from tests.fuzz.yaml_files import YAML

TARGETS = (TYPED, TEXTS, YAML, SEALED, DESK, TELEGRAM, WEB, WEBHOOK, BACKUP)
