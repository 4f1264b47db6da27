"""Archives as people make them, and as nobody should."""

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping

from django.core.files.uploadedfile import SimpleUploadedFile

from applications.archive import pack

Entry = tuple[tarfile.TarInfo, bytes]


def entry(name: str, content: bytes = b"", **fields: object) -> Entry:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Entry:
    return entry(name, type=kind, linkname=target)


def tar_of(entries: Iterable[Entry], format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def archive_of(*entries: Entry, format: int = tarfile.PAX_FORMAT) -> bytes:
    return gzip.compress(tar_of(entries, format), mtime=0)


def upload(content: bytes | Mapping[str, bytes], name: str = "folder.tar.gz") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content if isinstance(content, bytes) else pack(content))
