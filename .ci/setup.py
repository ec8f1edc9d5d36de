"""Sets up the project in `.venv` and runs a command there.

    python3 .ci/setup.py [--dev] COMMAND [ARGUMENTS…]

Needs nothing but a Python, and finds a newer one when it was started with an old one. What was set
up once is used again until pyproject.toml, the constraints, the packages of npm or the Python
change. `--dev` adds what the tests need.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWEST_KNOWN = 15

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".set-up"
CONSTRAINTS = ROOT / ".ci" / "constraints.txt"
NPM = ROOT / ".ci" / "npm"
NPM_DONE = NPM / "node_modules" / ".package-lock.json"

# Programs by the Debian package that brings them; the second ones are for the tests only.
PROGRAMS = {"ssh-keygen": "openssh-client"}
TEST_PROGRAMS = {
    "node": "nodejs",
    "npm": "npm",
    "chromium": "chromium",
    "curl": "curl",
    "shellcheck": "shellcheck",
}

UNATTENDED = {
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_USER": "0",
}

# What the project needs of a Python beside its age: some builds come without.
PROBE = (
    "import sys; "
    "ok = sys.version_info[:2] >= {oldest!r}; "
    "ok and __import__('ssl') and __import__('sqlite3') and __import__('venv'); "
    "print('usable' if ok else 'old', sys.version)"
)


def say(text: str) -> None:
    """Tell a person what happens; answers of the command go to stdout alone."""
    print("set-up: " + text, file=sys.stderr, flush=True)


def fail(text: str) -> None:
    """Give up with one sentence."""
    say(text)
    sys.exit(1)


def run(*command: object, quiet: bool = False) -> bool:
    """Run a program with its output on stderr; say whether it succeeded."""
    environment = {**os.environ, **UNATTENDED}
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX"):
        environment.pop(name, None)
    output = subprocess.DEVNULL if quiet else sys.stderr
    try:
        answer = subprocess.run(
            [str(part) for part in command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    except OSError:
        return False
    return answer.returncode == 0


def version(python: str) -> str | None:
    """Return the full version of a usable Python, None of another program."""
    try:
        answer = subprocess.run(
            [python, "-I", "-c", PROBE.format(oldest=OLDEST)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    state, _, text = answer.stdout.decode("utf-8", "replace").partition(" ")
    return text.strip() if answer.returncode == 0 and state == "usable" else None


def find_python() -> tuple[str, str]:
    """Return a usable Python, preferably the one that runs this, and its version."""
    names = ["python3." + str(minor) for minor in range(NEWEST_KNOWN, OLDEST[1] - 1, -1)]
    named = [shutil.which(name) for name in [*names, "python3", "python"]]
    usual = [folder + "/" + name for folder in ("/usr/local/bin", "/usr/bin") for name in names]
    for python in [sys.executable, *named, *usual]:
        found = version(python) if python else None
        if found:
            return str(python), found
    wanted = ".".join(map(str, OLDEST))
    this = ".".join(map(str, sys.version_info[:2]))
    fail(
        f"this is Python {this}; the project needs Python {wanted} or later with the modules ssl, "
        "sqlite3 and venv, and none was found. Install one, for example with the system's package "
        "manager, and run this again."
    )
    raise AssertionError


def make_venv(python: str) -> None:
    """Make `.venv` with pip in it, also where the system's Python came without ensurepip."""
    arguments = ("-m", "venv", "--clear")
    has_ensurepip = run(python, "-I", "-c", "import ensurepip; ensurepip.version()", quiet=True)
    if not has_ensurepip and os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing python3-venv, which this system left out of Python")
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "python3-venv")
        has_ensurepip = run(python, "-I", "-c", "import ensurepip; ensurepip.version()", quiet=True)
    if has_ensurepip and run(python, *arguments, VENV):
        return
    inside = VENV / "bin" / "python"
    made = run(python, *arguments, "--without-pip", VENV)
    if not (made and run(python, "-m", "pip", "--python", inside, "install", "-qq", "pip")):
        fail(
            "this Python cannot make a virtual environment, as it has no ensurepip. Install it "
            "(on Debian and Ubuntu: sudo apt-get install python3-venv) and run this again."
        )


def need_programs(*, dev: bool) -> None:
    """Install missing programs where that can be done; what needs one says so where it is used.

    They are looked for each time: a `.venv` may outlive the system that it was made on.
    """
    wanted = {**PROGRAMS, **TEST_PROGRAMS} if dev else PROGRAMS
    missing = [package for program, package in wanted.items() if not shutil.which(program)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say("not found, install with the system's package manager: " + " ".join(missing))
        return
    say("installing " + " ".join(missing))
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing)


def install(*, dev: bool) -> None:
    """Install the project with the tested versions, so that a later `git pull` is enough."""
    python = VENV / "bin" / "python"
    pip = (python, "-m", "pip", "--no-input", "install", "-qq", "-c", CONSTRAINTS)
    group = ("--group", str(ROOT / "pyproject.toml") + ":dev") if dev else ()
    if not (run(*pip, "--upgrade", "pip") and run(*pip, "-e", ROOT, *group)):
        fail(
            "the packages could not be installed; the reason stands above. A registry of Python "
            "packages must be reachable. Run this again, or remove .venv and run this again."
        )


def install_npm() -> None:
    """Install what the tests take from npm, by the hashes that are written down."""
    if not run("npm", "ci", "--prefix", NPM, "--loglevel=error", "--no-progress"):
        fail(
            "what the tests take from npm could not be installed; the reason stands above. npm "
            "with Node.js 20 or later and a registry of its packages are needed. Install them, or "
            "remove .ci/npm/node_modules, and run this again."
        )


def stamp(python_version: str) -> str:
    """Return a digest of what a set-up depends on."""
    digest = hashlib.sha256(python_version.encode())
    npm = (NPM / "package.json", NPM / "package-lock.json", NPM / ".npmrc")
    for part in (ROOT / "pyproject.toml", CONSTRAINTS, *npm, Path(__file__)):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, str]:
    """Return what was set up in `.venv`: its digest, whether for tests, and in which folder."""
    try:
        lines = STAMP.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return {}
    return dict(zip(("digest", "dev", "root"), lines))


def write_stamp(python_version: str, *, dev: bool) -> None:
    """Write down that `.venv` is complete."""
    text = "\n".join((stamp(python_version), str(dev), str(ROOT), ""))
    STAMP.write_text(text, encoding="utf-8", errors="surrogateescape")


def venv_version() -> str | None:
    """Return the version of the Python in `.venv`, None without a usable one.

    One that was moved with its folder is of no use: its programs name their place.
    """
    moved = read_stamp().get("root", str(ROOT)) != str(ROOT)
    return None if moved else version(str(VENV / "bin" / "python"))


def set_up(*, dev: bool) -> None:
    """Make or renew `.venv`, one process at a time."""
    import fcntl

    with Path(__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read_stamp()
        current = venv_version()
        dev = dev or known.get("dev") == "True"
        whole = not dev or NPM_DONE.exists()
        now = {"digest": stamp(current or ""), "dev": str(dev), "root": str(ROOT)}
        if current and whole and known == now:
            need_programs(dev=dev)
            return
        if not current or not run(VENV / "bin" / "python", "-m", "pip", "--version", quiet=True):
            python, current = find_python()
            say("making .venv with Python " + current.split()[0])
            make_venv(python)
        need_programs(dev=dev)
        say("installing the project" + (" and what its tests need" if dev else ""))
        STAMP.unlink(missing_ok=True)
        install(dev=dev)
        if dev:
            install_npm()
        write_stamp(current, dev=dev)
        say("ready")


def main(arguments: list[str]) -> None:
    """Set up, then become the command."""
    dev = arguments[:1] == ["--dev"]
    command = arguments[1:] if dev else arguments
    if not command or command[0].startswith("-"):
        sys.exit("usage: python3 .ci/setup.py [--dev] COMMAND [ARGUMENTS...]")
    if os.name != "posix":
        fail("the project runs on Linux and macOS; on Windows use it inside WSL.")
    set_up(dev=dev)
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.environ["PATH"] = str(VENV / "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    os.environ.pop("PYTHONHOME", None)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        say(f"cannot run {command[0]}: {error.strerror}")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
