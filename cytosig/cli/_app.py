"""The command ``cytosig``: its subcommands, its global flags, its exit codes."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from cytosig._errors import CytosigError
from cytosig.cli._notices import error, notices, reason, unexpected
from cytosig.cli.balance import EPILOG as BALANCE_EPILOG
from cytosig.cli.balance import balance
from cytosig.cli.blockade import EPILOG as BLOCKADE_EPILOG
from cytosig.cli.blockade import blockade
from cytosig.cli.compare import EPILOG as COMPARE_EPILOG
from cytosig.cli.compare import compare
from cytosig.cli.demo import demo
from cytosig.cli.links import EPILOG as LINKS_EPILOG
from cytosig.cli.links import links
from cytosig.cli.methods import methods
from cytosig.cli.report import EPILOG as REPORT_EPILOG
from cytosig.cli.report import report
from cytosig.cli.rerun import EPILOG as RERUN_EPILOG
from cytosig.cli.rerun import rerun
from cytosig.cli.score import EPILOG, score
from cytosig.cli.signatures import app as signatures
from cytosig.cli.sources import EPILOG as SOURCES_EPILOG
from cytosig.cli.sources import sources
from cytosig.cli.targets import EPILOG as TARGETS_EPILOG
from cytosig.cli.targets import targets

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUIET = ("-q", "--quiet")
_DEBUG = "--debug"
_INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("score", epilog=EPILOG)(score)
app.command("balance", epilog=BALANCE_EPILOG)(balance)
app.command("blockade", epilog=BLOCKADE_EPILOG)(blockade)
app.command("compare", epilog=COMPARE_EPILOG)(compare)
app.command("sources", epilog=SOURCES_EPILOG)(sources)
app.command("targets", epilog=TARGETS_EPILOG)(targets)
app.command("links", epilog=LINKS_EPILOG)(links)
app.command("report", epilog=REPORT_EPILOG)(report)
app.command("rerun", epilog=RERUN_EPILOG)(rerun)
app.add_typer(signatures, name="signatures")
app.command("methods")(methods)
app.command("demo")(demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cytosig {version('cytosig-toolkit')}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option(*_QUIET, help="No notices on stderr, only warnings and errors.")
    ] = False,
    debug: Annotated[bool, typer.Option(_DEBUG, help="Show the traceback of an error.")] = False,
) -> None:
    """Cytokine activities of tumours from their transcriptomes.

    Results go to stdout, notices and progress to stderr.

    Exit code 0: fine; 1: the data are at fault; 2: the call is.

    --quiet and --debug may stand anywhere.
    """
    del version, quiet, debug  # ``run`` has acted on them; they are here to be in --help


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv
        Arguments after the command's name; those of the process when None.

    Examples
    --------
    >>> run(["methods", "--format", "tsv"])
    name	title	p_values	settings	compat	reference
    aucell	...
    0
    """
    flags, rest = _split(list(sys.argv[1:] if argv is None else argv))
    debug = _DEBUG in flags
    _accept_any_character()
    with notices(quiet=any(flag in _QUIET for flag in flags), debug=debug):
        try:
            typer.main.get_command(app).main(args=[*flags, *rest], prog_name="cytosig")
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except KeyboardInterrupt:
            return _INTERRUPTED
        except Exception as exc:
            if debug:
                traceback.print_exc()
            return _explain(exc, debug=debug)
    return 0


def _explain(exc: Exception, *, debug: bool) -> int:
    text = reason(exc)
    if text is None:
        error(unexpected(exc) + ("" if debug else "; rerun with --debug"), label="")
    else:
        error(text)
    return exc.exit_code if isinstance(exc, CytosigError) else 1


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Global flags, wherever they stand before a ``--``, and everything else."""
    end = argv.index("--") if "--" in argv else len(argv)
    flags = [word for word in argv[:end] if word in (*_QUIET, _DEBUG)]
    rest = [word for word in argv[:end] if word not in (*_QUIET, _DEBUG)]
    return flags, rest + argv[end:]


def _accept_any_character() -> None:
    """A terminal without Greek letters shows an escape instead of ending the run."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
