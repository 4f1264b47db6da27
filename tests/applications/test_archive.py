"""An archive comes from anybody: what does not stay in its folder and its limits is refused, by name."""

import gzip
import io
import random
import tarfile
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applications import archive
from applications.archive import BadArchive, checked_path, collected, pack, sha256, unpack
from tests.archives import archive_of, entry, link, tar_of

MIB = 2**20


def unpacked(content: bytes) -> dict[str, bytes]:
    return unpack(io.BytesIO(content))


def refusal(content: bytes) -> str:
    with pytest.raises(BadArchive) as refused:
        unpacked(content)
    assert refused.value.errors == {"archive": [refused.value.detail]}
    return refused.value.detail


ONLY_FILES = "an archive may hold only files and folders."
ENTRIES = {
    "../evil": (entry("../evil", b"x"), "'../evil' leads out of the folder."),
    "below": (entry("a/../../evil", b"x"), "'a/../../evil' leads out of the folder."),
    "inner": (entry("a/../b", b"x"), "'a/../b' leads out of the folder."),
    "absolute": (entry("/etc/passwd", b"x"), "'/etc/passwd' leads out of the folder."),
    "slashes": (entry("//etc/passwd", b"x"), "'//etc/passwd' leads out of the folder."),
    "dot": (entry("./.", b"x"), "'./.' leads out of the folder."),
    "symlink": (link("a", "/etc/passwd"), f"'a' is a link; {ONLY_FILES}"),
    "symlink within": (link("a", "b"), f"'a' is a link; {ONLY_FILES}"),
    "hard link": (link("a", "b", tarfile.LNKTYPE), f"'a' is a link; {ONLY_FILES}"),
    "device": (entry("a", type=tarfile.CHRTYPE), f"'a' is a device or pipe; {ONLY_FILES}"),
    "block device": (entry("a", type=tarfile.BLKTYPE), f"'a' is a device or pipe; {ONLY_FILES}"),
    "fifo": (entry("a", type=tarfile.FIFOTYPE), f"'a' is a device or pipe; {ONLY_FILES}"),
    "contiguous": (entry("a", b"x", type=b"V"), None),
    "backslash": (entry("a\\b", b"x"), "'a\\\\b' has a backslash, a control character or bytes that are not UTF-8."),
    "newline": (entry("a\nb", b"x"), "'a\\nb' has a backslash, a control character or bytes that are not UTF-8."),
    "escape": (entry("a\x1b[2J", b"x"), "'a\\x1b[2J' has a backslash, a control character or bytes that are not UTF-8."),
    "long name": (entry("n" * 256, b"x"), f"{'n' * 50!r}… has a name of more than 255 bytes."),
    "long path": (entry("n/" * 260 + "n", b"x"), f"{'n/' * 25!r}… is not accepted as a path; give 1 to 500 bytes."),
    "no name": (entry("", b"x"), "''… is not accepted as a path; give 1 to 500 bytes."),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "words"), ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_that_is_no_plain_file_in_its_folder_is_refused_by_name(bad, words):
    detail = refusal(archive_of(entry("jobbergate.yaml", b"{}"), bad))

    assert words is None or detail == words


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry("a", b"1"), entry("a", b"2")], "'a' occurs twice."),
        ([entry("a", b"1"), entry("./a", b"2")], "'a' occurs twice."),
        ([entry("a//b", b"1"), entry("a/b", b"2")], "'a/b' occurs twice."),
        ([entry("a", b"1"), entry("a/b", b"2")], "'a' is a file and, for 'a/b', a folder."),
        ([entry("a/b/c", b"1"), entry("a", b"2")], "'a' is a file and, for 'a/b/c', a folder."),
        ([], "The archive has no files."),
        ([entry("only/folders", type=tarfile.DIRTYPE)], "The archive has no files."),
    ],
)
def test_entries_that_do_not_fit_together_are_refused(entries, words):
    assert refusal(archive_of(*entries)) == words


def test_folders_are_no_files_and_may_be_left_out():
    content = archive_of(entry("a", type=tarfile.DIRTYPE), entry("./a/b", b"1"), entry("c/d/e", b"2"))

    assert unpacked(content) == {"a/b": b"1", "c/d/e": b"2"}


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_usual_format_of_tar_is_read(format):
    files = {"jobbergate.yaml": b"{}", "a/long/" + "n" * 90: b"x" * 3000}

    assert unpacked(archive_of(*(entry(name, content) for name, content in files.items()), format=format)) == files


def test_names_of_other_languages_are_read():
    assert unpacked(archive_of(entry("größe/漢字 🚀", b"x"))) == {"größe/漢字 🚀": b"x"}


def test_a_name_that_is_not_utf_8_is_refused():
    content = tar_of([entry("a_b", b"x")], format=tarfile.USTAR_FORMAT).replace(b"a_b", b"a\xffb")
    header = bytearray(content[:512])
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    assert refusal(gzip.compress(bytes(header) + content[512:])) == (
        "This is not a complete tar.gz archive: 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte."
    )


# --- limits ---------------------------------------------------------------------------------------------------------


def test_a_file_at_the_limit_is_taken_and_a_larger_one_refused():
    assert len(unpacked(archive_of(entry("a", bytes(10 * MIB))))["a"]) == 10 * MIB
    assert refusal(archive_of(entry("a", bytes(10 * MIB + 1)))) == "'a' is larger than 10 MiB."


def test_more_than_the_limit_of_all_files_is_refused():
    assert refusal(archive_of(*(entry(f"f{n}", bytes(9 * MIB)) for n in range(6)))) in (
        "The files are larger than 50 MiB together.",
        "The archive unpacks to more than 50 MiB.",
    )


def test_as_many_files_as_the_limit_are_taken_and_one_more_is_refused():
    thousand = [entry(f"f{n}", b"x") for n in range(1000)]

    assert len(unpacked(archive_of(*thousand))) == 1000
    assert refusal(archive_of(*thousand, entry("one more", b"x"))) == "There are more than 1000 files."


def test_a_thousand_files_with_the_longest_names_fit_within_what_may_be_unpacked():
    files = {f"{'d' * 240}/{'e' * 240}/{n}": b"x" for n in range(1000)}

    assert unpacked(pack(files)) == files


def bomb(header: bytes, size: int) -> bytes:
    """A tar header and then `size` zeros, which gzip shrinks to a thousandth."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as zipped:
        zipped.write(header)
        for _ in range(size // MIB):
            zipped.write(bytes(MIB))
    return out.getvalue()


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


BOMBS = {
    "a file of a gigabyte": bomb(header("a", 2**30), 100 * MIB),
    "a file of 8 EiB": bomb(header("a", 2**62), MIB),
    "a folder with content": bomb(header("a", 2**30, tarfile.DIRTYPE), 100 * MIB),
    "a link with content": bomb(header("a", 2**30, tarfile.SYMTYPE), 100 * MIB),
    "a pax header of a gigabyte": bomb(header("a", 2**30, tarfile.XHDTYPE), 100 * MIB),
    "a global pax header of a gigabyte": bomb(header("a", 2**30, tarfile.XGLTYPE), 100 * MIB),
    "a GNU long name of a gigabyte": bomb(header("a", 2**30, tarfile.GNUTYPE_LONGNAME), 100 * MIB),
    "a GNU long link of a gigabyte": bomb(header("a", 2**30, tarfile.GNUTYPE_LONGLINK), 100 * MIB),
    "zeros after the end": bomb(tar_of([entry("a", b"x")]), 100 * MIB),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_does_not_go_off(content):
    tracemalloc.start()
    try:
        try:
            files = unpacked(content)
        except BadArchive:
            files = {}
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert files in ({}, {"a": b"x"})
    assert peak < 3 * archive.MAX_UNPACKED


def test_a_pax_header_cannot_promise_another_size():
    info, _ = entry("a", b"")
    info.pax_headers = {"size": str(2**40)}

    refusal(archive_of((info, b"")))


@pytest.mark.parametrize("value", ["-1", "x", "1e9", "", "9" * 5000])
def test_a_pax_header_with_a_size_that_is_none_is_refused_or_nothing(value):
    info, content = entry("a", b"content")
    info.pax_headers = {"size": value}

    with suppress(BadArchive):
        assert set(unpacked(archive_of((info, content)))) == {"a"}


# --- what is no archive ---------------------------------------------------------------------------------------------

WHOLE = archive_of(entry("a", b"content" * 1000), entry("b", random.Random(1).randbytes(4000)))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0", gzip.compress(b""), gzip.compress(b"hello" * 500),
     tar_of([entry("a", b"x")]), b"PK\x03\x04" + bytes(100), WHOLE[:-20], WHOLE[: len(WHOLE) // 2],
     WHOLE[:-8] + bytes(8), b"x" + WHOLE],
    # Compressed bytes hold the time of their making, and so would a name made of them.
    ids=["nothing", "text", "two bytes", "a header", "an empty gzip", "no tar", "no gzip", "a zip", "cut", "half", "a bad sum", "a byte before"],
)  # fmt: skip
def test_what_is_no_complete_tar_gz_is_refused(content):
    detail = refusal(content)

    assert detail.startswith("This is not a complete tar.gz archive: ") or detail == "The archive has no files."


@given(st.binary(max_size=600))
def test_no_bytes_do_more_than_be_refused(content):
    with pytest.raises(BadArchive):
        unpacked(content)


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_damaged_archive_is_never_half_an_application(place, change):
    damaged = bytearray(WHOLE)
    damaged[place] ^= change
    try:
        files = unpacked(bytes(damaged))
    except BadArchive:
        return
    # The gzip header has a date and a system that nobody reads.
    assert files == unpacked(WHOLE)


# --- there and back -------------------------------------------------------------------------------------------------

names = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1, max_size=40
).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


def fits(files: dict[str, bytes]) -> bool:
    try:
        return collected(files.items()) == files
    except BadArchive:
        return False


@settings(deadline=None)
@given(st.dictionaries(paths, st.binary(max_size=300), min_size=1, max_size=8).filter(fits))
def test_what_is_packed_is_unpacked_the_same(files):
    assert unpacked(pack(files)) == files


@given(st.dictionaries(paths, st.binary(max_size=50), min_size=2, max_size=6).filter(fits), st.randoms())
def test_the_order_of_files_changes_neither_archive_nor_hash(files, chance):
    items = list(files.items())
    chance.shuffle(items)

    assert (pack(dict(items)), sha256(dict(items))) == (pack(files), sha256(files))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": b"1"}, {"a": b"2"}),
        ({"a": b"1"}, {"b": b"1"}),
        ({"a": b"1"}, {"a": b"1", "b": b""}),
        ({"ab": b""}, {"a": b"b"}),
    ],
)
def test_other_files_have_another_hash(one, other):
    assert sha256(one) != sha256(other)


def test_the_hash_is_the_one_that_is_documented():
    import hashlib

    assert sha256({"b": b"22", "a": b"1"}) == hashlib.sha256(b"a\x001\x001" + b"b\x002\x0022").hexdigest()


def test_scripts_are_packed_as_programs():
    with tarfile.open(fileobj=io.BytesIO(pack({"run": b"#!/bin/sh\n", "data": b"1"}))) as packed:
        assert {member.name: oct(member.mode) for member in packed} == {"run": "0o755", "data": "0o644"}


@pytest.mark.parametrize(("name", "path"), [("a", "a"), ("./a", "a"), ("a//b", "a/b"), ("a/./b", "a/b"), ("a/", "a")])
def test_a_path_has_one_spelling(name, path):
    assert checked_path(name) == path
