"""What has changed in a folder since it was trusted, as its user reads it."""

from cli.snapshot import MAX_CODE, Snapshot, compare

FILES = {
    "jobbergate.py": b"one\ntwo\n",
    "parts/more.py": b"x = 1\n",
    "jobbergate.yaml": b"a: 1",
    "old.txt": b"",
    "same": b"s",
}


def changes(**files):
    named = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
    after = {path: content for path, content in {**FILES, **named}.items() if content is not None}
    return compare(Snapshot.of(FILES), Snapshot.of(after))


def test_changed_code_is_a_diff_and_other_files_are_names():
    found = changes(jobbergate_py=b"one\n2\n", jobbergate_yaml=b"a: 2", old_txt=None, new_bin=b"\xff")

    assert found.diff == ["--- trusted/jobbergate.py", "+++ new/jobbergate.py", "@@ -1,2 +1,2 @@", " one", "-two", "+2"]
    assert found.words == "added: new.bin; changed: jobbergate.yaml; removed: old.txt"
    assert found.code_changed


def test_code_of_any_depth_counts_and_so_does_code_that_comes_or_goes():
    found = changes(parts__more_py=None, parts__new_py=b"y\n", empty_py=b"")

    assert found.diff == [
        "--- trusted/parts/more.py",
        "+++ new/parts/more.py",
        "@@ -1 +0,0 @@",
        "-x = 1",
        "--- trusted/parts/new.py",
        "+++ new/parts/new.py",
        "@@ -0,0 +1 @@",
        "+y",
    ]
    assert found.words == "added: empty.py"


def test_code_that_stayed_is_no_change():
    found = changes(old_txt=b"new")

    assert (found.code_changed, found.diff, found.words) == (False, [], "changed: old.txt")


def test_a_line_that_ends_otherwise_is_a_change():
    assert changes(jobbergate_py=b"one\ntwo").diff[-3:] == ["-two", "+two", "\\ No newline at end of file"]
    assert changes(jobbergate_py=b"one\r\ntwo\n").diff[3:5] == ["-one", "+one\r"]
    assert changes(jobbergate_py=b"one\x0ctwo\n").diff[-1] == "+one\x0ctwo"


def test_code_that_is_no_utf_8_is_shown_by_its_codes():
    assert changes(jobbergate_py=b"one\ntwo\xe9\n").diff[-1] == "+two\\xe9"


def test_bytes_and_text_that_look_alike_are_told_by_name():
    before, after = Snapshot.of({"a.py": b"\xe9"}), Snapshot.of({"a.py": b"\\xe9"})

    assert (compare(before, after).diff, compare(before, after).words) == ([], "changed: a.py")


def test_much_code_is_told_by_name():
    large = changes(jobbergate_py=b"x" * MAX_CODE, same=b"t")
    long = changes(jobbergate_py=b"x\n" * 10_001)

    assert (large.code_changed, large.diff, large.words) == (True, [], "changed: jobbergate.py, same")
    assert (long.code_changed, long.diff, long.words) == (True, [], "changed: jobbergate.py")


def test_a_snapshot_is_read_as_it_was_written_and_anything_else_is_none():
    for files in (FILES, {"a.py": b"x" * (MAX_CODE + 1)}):
        assert Snapshot.from_json(Snapshot.of(files).as_json()) == Snapshot.of(files)
    for value in (None, [], {}, {"files": 1}, {"files": {"a": 1}}):
        assert Snapshot.from_json(value) is None
