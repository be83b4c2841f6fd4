"""The page for people who open the service in a browser, and the source that it offers."""

from __future__ import annotations

import io
import tarfile
from functools import cache
from html import escape
from pathlib import Path

from photolib import __version__
from photolib.config import data_path
from photolib.service.endpoints import ENDPOINTS

_PACKAGE = Path(__file__).parent.parent
_SOURCE_SUFFIXES = frozenset({".py", ".sql", ".toml", ".tcss", ".md", ".typed"})

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>photolib</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem;
       color-scheme: light dark; }}
td {{ padding: .2rem 1rem .2rem 0; vertical-align: top; }}
</style>
</head>
<body>
<h1>photolib {version}</h1>
<p>The library of photos on this machine, kept warm for <code>photolib search</code> and for your
own programs. Answers are JSON with the keys of the command line;
<a href="/openapi.json">openapi.json</a> describes them.</p>
{token}
<table>
{rows}
</table>
<h2>Source</h2>
<p>photolib is free software under the GNU Affero General Public License, version 3 or later.
<a href="/source">The source of this very program</a> is yours to read, change and share.</p>
</body>
</html>
"""
_JOBS = (
    ("/jobs", "Jobs; POST {&quot;kind&quot;: &quot;index&quot;} starts one."),
    ("/jobs/{job_id}", "How far a job has come; DELETE stops it."),
    ("/jobs/{job_id}/events", "A job as it happens, as server-sent events."),
)
_TOKEN = (
    "<p>Requests carry <code>Authorization: Bearer TOKEN</code>; the token is in "
    "<code>service.token</code> in the library's directory.</p>"
)


def page(*, needs_token: bool) -> str:
    """What can be asked, and where the source is, in HTML."""
    listed = [*((e.path, escape(e.about)) for e in ENDPOINTS), *_JOBS]
    rows = "\n".join(f"<tr><td><code>{p}</code></td><td>{about}</td></tr>" for p, about in listed)
    return _PAGE.format(version=__version__, token=_TOKEN if needs_token else "", rows=rows)


@cache
def source() -> bytes:
    """The program that runs, as a gzipped tar archive."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        _add(archive, _PACKAGE, "photolib/photolib")
        for name in ("migrations", "themes"):
            _add(archive, data_path(name), f"photolib/{name}")
        for name in ("LICENSE", "README.md", "pyproject.toml"):
            if (_PACKAGE.parent / "pyproject.toml").is_file():
                archive.add(_PACKAGE.parent / name, f"photolib/{name}", filter=_anonymous)
    return written.getvalue()


def _add(archive: tarfile.TarFile, folder: Path, name: str) -> None:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and path.suffix in _SOURCE_SUFFIXES and "_data" not in inner.parts:
            archive.add(path, f"{name}/{inner.as_posix()}", filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Who installed the program is nobody's business."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
