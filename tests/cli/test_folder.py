"""Folders, archives and files: what is read, what is refused, and that nothing is written elsewhere."""

import gzip
import hashlib
import io
import os
import stat
import tarfile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cli import folder as module
from cli.errors import CliError
from cli.folder import pack, read_archive, read_folder, sha256_of, unpack, write_files

FILES = {
    "jobbergate.yaml": b"a: 1\n",
    "templates/job.sh": b"#!/bin/sh\n",
    "data/\xe9.bin": bytes(range(256)),
    "empty": b"",
}


@pytest.fixture
def application(tmp_path):
    """Writes files, and gives the folder."""

    def write(**more):
        place = tmp_path / "application"
        for name, content in {**FILES, **more}.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        return place

    return write


def entry(name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def archive(*entries, **options):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", **options) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def told(act, *args, **options):
    with pytest.raises(CliError) as refused:
        act(*args, **options)
    return str(refused.value)


# --- reading a folder -----------------------------------------------------------------------------------------------


def test_a_folder_is_read_with_its_sub_folders_and_binary_files(application):
    assert read_folder(application()) == FILES


def test_what_is_nobodys_work_is_left_out(application):
    place = application(**{
        ".git/config": b"", "__pycache__/x.pyc": b"", "lib/__pycache__/y": b"", ".venv/bin/python": b"", "a.pyc": b"",
        ".DS_Store": b"", "templates/.DS_Store": b"", "job.sh~": b"", ".gitignore": b"kept",
    })  # fmt: skip
    (place / ".venv" / "link").symlink_to("/")

    assert read_folder(place) == {**FILES, ".gitignore": b"kept"}


@pytest.mark.parametrize("target", ["jobbergate.yaml", "templates", "/etc/passwd", "nowhere"])
def test_a_link_in_a_folder_is_told_by_name(application, target):
    place = application()
    (place / "templates" / "link").symlink_to(target)

    assert told(read_folder, place) == (
        f"{place}/templates/link is a symbolic link; an application holds only files and folders."
    )


def test_a_pipe_in_a_folder_is_told_and_not_waited_for(application):
    place = application()
    os.mkfifo(place / "pipe")

    assert "pipe is a pipe, socket or device" in told(read_folder, place)


def test_a_folder_may_itself_be_behind_a_link(application, tmp_path):
    (tmp_path / "link").symlink_to(application())

    assert read_folder(tmp_path / "link") == FILES


def test_a_folder_without_jobbergate_yaml_is_told(tmp_path):
    assert "has no jobbergate.yaml" in told(read_folder, tmp_path)
    assert "is not a directory" in told(read_folder, tmp_path / "none")


def test_a_folder_beyond_the_limits_is_told(application, monkeypatch):
    place = application(large=b"x" * 2000)
    monkeypatch.setattr(module, "MAX_FILES", 4)
    assert told(read_folder, place) == "There are more than 4 files."
    monkeypatch.setattr(module, "MAX_FILES", 1000)
    monkeypatch.setattr(module, "MAX_TOTAL", 2000)
    assert "together" in told(read_folder, place)
    monkeypatch.setattr(module, "MAX_FILE", 1999)
    assert told(read_folder, place).startswith("large is larger than")


@pytest.mark.parametrize("name", [b"back\\slash", b"new\nline", b"latin\xe9"])
def test_a_name_that_no_archive_may_have_is_told(application, name):
    place = application()
    (place / os.fsdecode(name)).touch()

    assert "in its name" in told(read_folder, place)


# --- archives -------------------------------------------------------------------------------------------------------


def test_the_same_files_give_the_same_archive_in_any_order():
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


def test_an_archive_gives_back_its_files(tmp_path):
    written = unpack(pack(FILES), tmp_path / "new")

    assert {path.relative_to(tmp_path / "new").as_posix(): path.read_bytes() for path in written} == FILES


def test_names_of_other_programs_are_read(tmp_path):
    long = "d" * 150 + "/" + "f" * 150
    made = archive(
        entry("./", type=tarfile.DIRTYPE), entry("./a", b"1"), entry("b/", type=tarfile.DIRTYPE), entry(long, b"2"),
        format=tarfile.GNU_FORMAT,
    )  # fmt: skip

    assert read_archive(made) == {"a": b"1", long: b"2"}


HOSTILE = {
    "traversal": [entry("../out", b"x")],
    "deep traversal": [entry("a/../../out", b"x")],
    "absolute": [entry("/tmp/out", b"x")],
    "backslash": [entry("..\\out", b"x")],
    "control": [entry("a\rb", b"x")],
    "empty name": [entry("", b"x")],
    "dot": [entry(".", b"x")],
    "symlink": [entry("link", type=tarfile.SYMTYPE, linkname="/etc")],
    "hard link": [entry("a", b"x"), entry("b", type=tarfile.LNKTYPE, linkname="a")],
    "write through symlink": [entry("d", type=tarfile.SYMTYPE, linkname="/tmp"), entry("d/out", b"x")],
    "device": [entry("zero", type=tarfile.CHRTYPE, devmajor=1, devminor=5)],
    "pipe": [entry("pipe", type=tarfile.FIFOTYPE)],
    "twice": [entry("a", b"1"), entry("./a", b"2")],
    "file as folder": [entry("a", b"1"), entry("a/b", b"2")],
    "folder as file": [entry("a/b", b"1"), entry("a", b"2")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_writes_nothing_at_all(name, tmp_path):
    made = archive(entry("good", b"x"), *HOSTILE[name])

    assert told(unpack, made, tmp_path / "here")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_of_too_many_files_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_FILES", 3)

    assert told(read_archive, archive(*(entry(f"f{n}") for n in range(4)))) == "There are more than 3 files."


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_FILE", 10)

    assert "'a' is larger than" in told(read_archive, archive(entry("a", b"x" * 11)))


def test_what_unpacks_to_gigabytes_is_stopped_on_its_way():
    zeros = gzip.compress(bytes(2**20), mtime=0)
    # A header that promises 8 GiB, followed by 4 GiB of zeros in 4 MiB.
    header = entry("bomb", size=8 * 2**30)[0].tobuf(tarfile.PAX_FORMAT)

    assert "larger than 10 MiB" in told(read_archive, gzip.compress(header) + zeros * 4096)


def test_a_bomb_that_is_no_file_is_stopped_on_its_way():
    folder = entry("d", type=tarfile.DIRTYPE)[0]
    folder.size = 0
    headers = b"".join(entry(f"d{n}", type=tarfile.DIRTYPE)[0].tobuf() for n in range(200))

    assert "unpacks to more than 50 MiB" in told(read_archive, gzip.compress(headers, 9, mtime=0) * 1000)


def test_a_sparse_file_is_refused():
    info = entry("sparse", type=tarfile.GNUTYPE_SPARSE)[0]
    raw = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    # One hole: nothing stored, 1 TiB real size.
    raw[386:398], raw[398:410] = b"00000000000\0", b"00000000000\0"
    raw[483:495] = b"77777777777\0"
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])

    assert "may hold only files" in told(read_archive, gzip.compress(bytes(raw) + bytes(1024)))


@pytest.mark.parametrize("cut", [1, 9, 12, 40, -9])
def test_an_archive_that_is_cut_is_told(cut):
    assert "not a complete tar.gz archive" in told(read_archive, pack({"a": os.urandom(5000)})[:cut])


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00garbage", gzip.compress(b"no tar" * 200, mtime=0)]
)
def test_what_is_no_archive_is_told(content):
    assert "not a complete tar.gz archive" in told(read_archive, content)


@given(st.binary(max_size=400))
def test_any_bytes_are_files_or_a_clear_refusal(content):
    for made in (content, gzip.compress(content)):
        try:
            read_archive(made)
        except CliError:
            continue


# --- writing files --------------------------------------------------------------------------------------------------


def test_what_begins_with_a_shebang_can_be_started(tmp_path):
    before = os.umask(0o027)
    try:
        write_files({"job.sh": b"#!/bin/sh\n", "deep/data": b"x"}, tmp_path / "new")
    finally:
        os.umask(before)

    modes = {name: stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) for name in ("job.sh", "deep", "deep/data")}
    assert modes == {"job.sh": 0o750, "deep": 0o750, "deep/data": 0o640}


def test_the_same_content_may_be_there_already(tmp_path):
    write_files({"a/b": b"1"}, tmp_path)

    assert write_files({"a/b": b"1", "c": b"2"}, tmp_path) == [tmp_path / "a/b", tmp_path / "c"]


def test_another_content_stops_everything_unless_forced(tmp_path):
    (tmp_path / "z").write_bytes(b"mine")

    assert told(write_files, {"a": b"1", "z": b"2"}, tmp_path) == (
        f"{tmp_path}/z exists with another content; move it away, or choose another directory."
    )
    assert not (tmp_path / "a").exists()
    write_files({"a": b"1", "z": b"2"}, tmp_path, force=True)
    assert (tmp_path / "z").read_bytes() == b"2"


@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_written_through_a_link(tmp_path, force):
    outside, here = tmp_path / "outside", tmp_path / "here"
    outside.mkdir()
    here.mkdir()
    (outside / "file").write_bytes(b"mine")
    (here / "file").symlink_to(outside / "file")
    (here / "folder").symlink_to(outside)

    assert "is a symbolic link" in told(write_files, {"a": b"1", "file": b"2"}, here, force=force)
    assert "where a folder shall be" in told(write_files, {"a": b"1", "folder/new": b"2"}, here, force=force)
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (outside / "file").read_bytes() == b"mine"
    assert not (here / "a").exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_where_the_file_shall_be_and_a_file_where_a_folder_shall_be_are_told(tmp_path, force):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")

    assert "folder is not a file" in told(write_files, {"folder": b"x"}, tmp_path, force=force)
    assert "where a folder shall be" in told(write_files, {"file/x": b"x"}, tmp_path, force=force)
    assert "pipe is not a file" in told(write_files, {"pipe": b"x"}, tmp_path, force=force)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", "a\\b"])
def test_no_name_leads_out_of_the_directory(tmp_path, name):
    assert told(write_files, {"a": b"1", name: b"x"}, tmp_path / "here")
    assert list(tmp_path.iterdir()) == []


def test_the_directory_may_itself_be_behind_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    write_files({"a": b"1"}, tmp_path / "link")

    assert (tmp_path / "real" / "a").read_bytes() == b"1"


def test_a_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()

    assert "cannot be written" in told(write_files, {"a": b"1"}, tmp_path / "file")
    assert "cannot be written" in told(write_files, {"a": b"1"}, tmp_path / "file" / "deeper")


def test_nothing_partial_is_left_when_the_disk_says_no(tmp_path):
    name = "n" * 300

    assert "File name too long" in told(write_files, {name: b"1"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- sha256 ---------------------------------------------------------------------------------------------------------


def test_the_sha256_is_over_sorted_paths_sizes_and_contents():
    expected = hashlib.sha256(b"a\x002\x00hib/c\x000\x00").hexdigest()

    assert sha256_of({"b/c": b"", "a": b"hi"}) == expected


def test_paths_are_sorted_by_their_bytes():
    files = {"\uffff": b"1", "\U00010000": b"2", "a": b"3"}
    blob = b"".join(p.encode() + b"\0" + b"1\0" + files[p] for p in sorted(files, key=str.encode))

    assert sha256_of(files) == hashlib.sha256(blob).hexdigest()


paths = st.lists(st.from_regex(r"[a-z0-9_é]{1,5}", fullmatch=True), min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(paths, st.binary(max_size=50), max_size=5))
def test_any_files_survive_an_archive(files):
    assume(not any(other.startswith(f"{one}/") for one in files for other in files))

    assert read_archive(pack(files)) == files
    assert sha256_of(read_archive(pack(files))) == sha256_of(files)
