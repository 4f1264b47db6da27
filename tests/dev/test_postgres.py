"""Which PostgreSQL is started; `make test` itself starts one."""

from pathlib import Path

from dev.postgres import newest


def test_the_newest_version_is_taken(tmp_path: Path):
    for version in ("9.6", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/initdb").touch()
    assert newest(tmp_path) == tmp_path / "17/bin/initdb"


def test_a_directory_without_programs_has_none(tmp_path: Path):
    (tmp_path / "15/lib").mkdir(parents=True)
    assert newest(tmp_path) is None
