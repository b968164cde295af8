"""Files that are read again only when they were saved: most of a look at the folder is reading what has not changed."""

from __future__ import annotations

from pathlib import Path

from safetybot.guidance.yaml_source import YamlSource, read_source

_Stamp = tuple[int, int, int, int]


class FileCache:
    """Remembers each file of a folder as it was last read."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Stamp, YamlSource]] = {}

    def read(self, file: Path, root: Path) -> YamlSource:
        """As :func:`read_source`."""
        try:
            status = file.stat()
        except OSError:
            return read_source(file, root)
        # Taken before the reading: a save in between is read once more, and never missed.
        stamp = (status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
        if (known := self._known.get(file)) and known[0] == stamp:
            return known[1]
        source = read_source(file, root)
        self._known[file] = stamp, source
        return source
