"""The machine that is measured on: its cores, memory and packages, and children that never outlive their parent."""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBC = ctypes.CDLL(None, use_errno=True)
PARENT_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG
# What three switches need at most, one after the other.
HUGE_MEMORY_WANTED = 2 << 30


class Problem(Exception):
    """Something that the person at the keyboard can mend; the text says what."""


def run(main):
    """Runs a script's main function to the process's end: problems in one line, signals by way of `finally`."""
    def end(number, _):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # what is cleaned up now is cleaned up whole
        raise SystemExit(128 + number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, end)
    try:
        sys.exit(main())
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(1)


class Child:
    """A process that ends with the `with` statement, and with this process even if that is killed."""

    def __init__(self, *command, core=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        self.name = pathlib.Path(str(command[0])).name

        def prepare():
            LIBC.prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
            if core is not None:
                os.sched_setaffinity(0, {core})

        # In a session of its own: Ctrl-C is for us, who end children in their order.
        self.process = subprocess.Popen(
            [str(each) for each in command], start_new_session=True, preexec_fn=prepare, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def output(self, seconds=None):
        """All that it writes until it ends; a Problem if it does not end well, or not in time."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Problem(f"{self.name} did not end within {seconds:.0f} s") from None
        if self.process.returncode:
            raise Problem(f"{self.name} failed: {(err or out or '').strip()[-1500:]}")
        return out

    def seconds_on(self, core):
        """Time that its threads which may run on that core alone have had on it: a poller's, less its preemptions."""
        total = 0
        for path in pathlib.Path("/proc").glob(f"{self.process.pid}/task/*"):
            try:
                if f"\nCpus_allowed_list:\t{core}\n" in (path / "status").read_text():
                    total += int((path / "schedstat").read_text().split()[0])
            except OSError:
                pass  # a thread that has just ended
        return total / 1e9


def output(*command, seconds=120, **options):
    """What a command prints; a Problem if it fails."""
    with Child(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as child:
        return child.output(seconds)


def wait_until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Problem(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def in_setup(commands):
    """Runs functions of Scripts/setup, whose messages go to this process's stderr."""
    script = ROOT / "Scripts/setup"
    # Sourced, it only defines functions.
    command = ["bash", "-c", f'source "$1"; {commands}', "setup", str(script)]
    return subprocess.run(command, stdout=sys.stderr).returncode


def release_build():
    """The release binary of evs, built if it is not there or older than the sources."""
    if in_setup("build_release"):
        raise Problem("evs could not be built; name a binary with --evs")
    return ROOT / ".build/release/evs"


def ensure_packages(packages, may_install):
    """Whether Debian packages are there, after installing them if that is allowed."""
    missing = [each for each in packages if not is_installed(each)]
    if missing and (may_install or os.geteuid() == 0):
        return in_setup(f"ensure_packages compare {' '.join(packages)}") == 0
    return not missing


def is_installed(package):
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True)
    return told.stdout == "installed"


def cores(wanted, control):
    """The polling core and that of everything else: the last and the first that this process may use, unless named."""
    available = sorted(os.sched_getaffinity(0))
    polling = available[-1] if wanted is None else wanted
    other = next((each for each in available if each != polling), polling) if control is None else control
    return polling, other


def free_huge_bytes():
    """Memory in free 2 MiB pages."""
    try:
        return int(pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages").read_text()) << 21
    except OSError:
        return 0


def uses_huge_pages(choice):
    """What --memory comes to: huge pages if there are enough, unless it was said."""
    free = free_huge_bytes()
    if choice == "huge" and free < HUGE_MEMORY_WANTED:
        raise Problem(
            f"there are {free >> 20} MB of free 2 MiB pages, {HUGE_MEMORY_WANTED >> 20} are needed: "
            "sysctl vm.nr_hugepages=1024, or --memory ordinary")
    return choice == "huge" or choice == "auto" and free >= HUGE_MEMORY_WANTED


def processor():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return re.sub(r"\((R|TM)\)", "", found[1]) if found else os.uname().machine


def stolen_ticks(core):
    """(time that the hypervisor gave to others, all time) of a core so far."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            ticks = [int(each) for each in line.split()[1:9]]
            return ticks[7], sum(ticks)
    return 0, 1


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
