"""What can keep a backup from being made, opened or put back. No message holds anything of what is in one."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

from safetybot.administration.operator_tasks import OperatingError


class BackupError(OperatingError):
    """A backup cannot be made, opened or put back."""


class NoRecoveryKey(BackupError):
    """There is no key to seal a backup to."""


class BackupThere(BackupError):
    """There is a file of that name already."""


class BackupBusy(BackupError):
    """Another process is writing a backup of that name."""


class CannotWrite(BackupError):
    """The file could not be written to its end."""


class NotABackup(BackupError):
    """A file is something else than a backup."""


class LaterBackup(BackupError):
    """A backup was made by a later version of the program."""


class BackupDamaged(BackupError):
    """A backup was cut off, damaged or altered."""


class OtherSecret(BackupError):
    """There is a server's secret already, and it is another than the backup's."""


class DatabaseThere(BackupError):
    """There is a database already where one was to be put."""


class NotWhole(BackupError):
    """Reports in the database, or in the backup, are damaged or missing."""


class AuditLogOther(BackupError):
    """The audit log is not the one of which a head was noted."""
