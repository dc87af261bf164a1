"""The training command: Hydra composes a configuration, `sedpool.experiment.run` runs it.

Errors that a user can mend end in one line on standard error and a non-zero exit status; set ``HYDRA_FULL_ERROR=1``
for the traceback. Each job of a sweep is the same command without ``-m``, in a process of its own, so that a crash
costs that job only.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from sedpool.errors import ConfigError, SedpoolError
from sedpool.experiment.launchers.parent import end_with_parent
from sedpool.experiment.launchers.sweep import Sweep
from sedpool.runtime import parallel
from sedpool.settings.compose import config_folder, launcher_of, one_line, parallel_of, resolve
from sedpool.settings.overrides import quote_texts, without_launcher
from sedpool.settings.suggestions import refuse_unknown
from sedpool.text_tables import utf8_bytes
from sedpool.untrusted import parse_yaml

_DEBUG = "HYDRA_FULL_ERROR"


def main() -> None:
    """Run ``train.py`` or ``sedpool train``."""
    debug = os.environ.get(_DEBUG) == "1"
    os.environ[_DEBUG] = "1"
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
    end_with_parent()
    sweep = Sweep(_composing_flags())
    try:
        _prepare_command_line()
        if _print_help(sys.argv[1:]):
            return
        if "training=auto" in sys.argv:
            _choose_settings()
        problem = _compose_and_run(sweep)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on where it stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of standard output, as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (SedpoolError, HydraException, OmegaConfBaseException, OSError) as error:  # an OSError names its file
        problem = error
    if problem and debug:
        raise problem
    if problem:
        sys.exit(f"error: {one_line(problem)}")
    if best := sweep.best():
        print(best, file=sys.stderr)
    if sweep.failures:
        sys.exit(sweep.summary())


def _composing_flags() -> list[str]:
    """Return what of the command line changes how Hydra composes: jobs of a sweep need it too."""
    flags, _ = get_args_parser().parse_known_args(sys.argv[1:])
    folder = [f"--config-dir={flags.config_dir}"] if flags.config_dir else []
    return [*folder, *(word for word in flags.overrides if word.startswith("hydra.searchpath="))]


def _prepare_command_line() -> None:
    """Put flags before settings, quote paths, and put the user's own classes in the current folder within reach."""
    settings = [word for word in sys.argv[1:] if "=" in word and not word.startswith("-")]
    if settings:  # argparse refuses settings on both sides of a flag; the dashes end `--info`, which may take a value
        sys.argv[1:] = [*(word for word in sys.argv[1:] if word not in (*settings, "--")), "--"]
        is_sweep = get_args_parser().parse_known_args(sys.argv[1:])[0].multirun
        sys.argv += quote_texts(settings, is_sweep=is_sweep)
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # last, so that no file there hides a library


def _choose_settings() -> None:
    """Put in the place of ``training=auto`` what it stands for, so that the run is that of these settings."""
    from sedpool.experiment.recommend import with_recommendation

    if get_args_parser().parse_known_args(sys.argv[1:])[0].multirun:
        raise ConfigError("training=auto: chooses for one run; name the settings that the sweep is to try")
    first = sys.argv.index("--") + 1
    sys.argv[first:] = with_recommendation(sys.argv[first:])


def _print_help(arguments: list[str]) -> bool:
    """Print the help if it is asked for, and refuse arguments that are neither settings nor flags of Hydra's."""
    flags, _ = get_args_parser().parse_known_args(arguments)
    folders = [config_folder(), *([Path(flags.config_dir)] if flags.config_dir else [])]
    for path in sorted(path for folder in folders[1:] for path in folder.rglob("*.yaml")):
        try:
            parse_yaml(utf8_bytes(path).decode())
        except ValueError as error:
            raise ConfigError(f"{path}: not valid YAML ({error})") from None
    refuse_unknown(arguments, folders)
    if not flags.help:
        return False
    from sedpool.settings.help import render_help

    command = "sedpool train" if sys.argv[0] == "sedpool train" else f"python {Path(sys.argv[0]).name}"
    overrides = [] if flags.multirun else flags.overrides
    print(render_help(command, overrides, folders, shutil.get_terminal_size().columns), flush=True)
    return True


def _compose_and_run(sweep: Sweep) -> Exception | None:
    """Run what the command line asks for; return our own error, on which Hydra would comment.

    A job of a sweep is only prepared. It returns a function to Hydra's sweeper that runs what is prepared and returns
    the job's objective: the F1 on validation clips, or None if it failed.
    """
    problem: Exception | None = None

    @hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="train")
    def task(cfg: DictConfig) -> Callable[[], float | None] | None:
        nonlocal problem
        try:
            overrides = list(HydraConfig.get().overrides.task)
            launcher, where = launcher_of(cfg), parallel_of(cfg)
            config = resolve(cfg, dict(HydraConfig.get().runtime.choices), overrides)
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                varied = [override for override in overrides if override not in sys.argv]
                return sweep.add(" ".join(varied), config, without_launcher(overrides), launcher)
            if launcher.kind != "local":
                raise ConfigError(f"launcher={launcher.kind}: it runs the jobs of a sweep or a search; add -m")
            from sedpool.experiment.run import run

            with parallel.cluster(where.address):
                print(run(config), flush=True)
        except (SedpoolError, OmegaConfBaseException, OSError) as error:
            problem = error
        return None

    task()
    if isinstance(problem, BrokenPipeError):
        raise problem
    if problem is None:
        sweep.run()
    return problem


if __name__ == "__main__":
    main()
