"""The files of a job script: looked at, changed, and written to this machine."""

from __future__ import annotations

from pathlib import Path

import click

from cli import completing
from cli.commands.job_scripts.noun import force_option, job_scripts, path_argument, script_argument
from cli.errors import UsageProblem
from cli.session import Command, Session, pass_session

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)


@job_scripts.command(cls=Command)
@script_argument
@click.argument("path", required=False, shell_complete=completing.script_files)
@pass_session
def show(session: Session, script: int, path: str | None) -> None:
    """Print a file of a job script: the one for sbatch, or another.

    \b
    Example:
        jobbergate job-scripts show 12
        jobbergate job-scripts show 12 input/mesh.txt
    """
    from cli.scriptfiles import read, text_of

    row = read(session, script, path)
    if session.output.format != "table":
        return session.output.row({**row.facts, "content": text_of(row.content)}, named_by="path")
    session.output.text(row.text())


@job_scripts.command(cls=Command)
@script_argument
@click.argument("path", required=False, shell_complete=completing.script_files)
@pass_session
def edit(session: Session, script: int, path: str | None) -> None:
    """Change a file of a job script in your editor: $VISUAL, $EDITOR, or vi.

    Without a PATH it is the one for sbatch; one that is not there yet is made. Nothing is saved when nothing was
    changed, when the editor fails, or when somebody else has saved the file meanwhile: what you typed is kept then.

    \b
    Example:
        jobbergate job-scripts edit 12
        EDITOR=nano jobbergate job-scripts edit 12 input/parameters.txt
    """
    from cli.editing import edit_file
    from cli.preparing import show_serious

    row = edit_file(session, script, path)
    show_serious(session, row)
    session.output.row(row)


@job_scripts.command(cls=Command)
@script_argument
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--as", "path", metavar="PATH", help="The path of a single FILE in the script; its name by default.")
@pass_session
def upload(session: Session, script: int, files: tuple[Path, ...], path: str | None) -> None:
    """Save files of this machine in a job script; those of the same names are replaced.

    \b
    Example:
        jobbergate job-scripts upload 12 job.sh parameters.txt
        jobbergate job-scripts upload 12 fine.msh --as input/mesh.msh
    """
    from cli.preparing import show_serious
    from cli.scriptfiles import save_all
    from cli.uploading import named_files

    if path is not None and len(files) > 1:
        raise UsageProblem("--as names one file; give one FILE with it.")
    row = save_all(session, script, named_files(files, path))
    show_serious(session, row)
    session.output.row(row)


@job_scripts.command(cls=Command)
@script_argument
@path_argument
@click.argument("new", metavar="NEW_PATH")
@pass_session
def rename(session: Session, script: int, path: str, new: str) -> None:
    """Rename a file of a job script. The one for sbatch stays the one for sbatch.

    \b
    Example:
        jobbergate job-scripts rename 12 mesh.txt input/mesh.txt
    """
    from cli.scriptfiles import at_file

    session.output.row(session.client.patch(at_file(script, path), {"path": new}))


@job_scripts.command(cls=Command)
@script_argument
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=completing.script_files)
@pass_session
def remove(session: Session, script: int, paths: tuple[str, ...]) -> None:
    """Remove files from a job script. The one for sbatch stays: `update --entrypoint` chooses another one first.

    \b
    Example:
        jobbergate job-scripts remove 12 old.txt input/older.txt
    """
    from cli.client import at
    from cli.scriptfiles import at_file, one_by_one

    one_by_one(session, "removed", paths, lambda path: session.client.delete(at_file(script, path)))
    session.output.row(session.client.get(at("job-scripts", script)))


@job_scripts.command(cls=Command)
@script_argument
@click.option(
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where to; the current directory by default.",
)
@force_option
@pass_session
def download(session: Session, script: int, directory: Path, force: bool) -> None:
    """Write the files of a job script into a directory: all of them, or none where one is in the way or damaged.

    \b
    Example:
        jobbergate job-scripts download 12 -d ./run-12
    """
    from cli.client import at
    from cli.downloading import write_script

    write_script(session, session.client.get(at("job-scripts", script)), directory, force=force)
