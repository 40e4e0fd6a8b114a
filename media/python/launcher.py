"""Starts one agent program inside the sandbox.

Runs as `python3 -I -S -B launcher.py`, before anything an agent wrote. The job arrives on descriptor 3 (or in the
file named by the first argument): `<bytes>\n`, then NUL-terminated pairs of name and value. In this order it joins
the cgroup, sets limits, gives up its user id, installs the filter of system calls where nobody did before it, installs
the audit hook that reports which files and folders the program reads, and runs the program as `__main__`. On descriptor 3 go back lines: `s` once the program's own part begins, `r <path>` for a read, `u` once the hook can no
longer see everything, `e <cpu seconds>` at the end.

Only `os`, `sys`, `builtins` and, lazily, others are imported: each import costs every action its start-up time.
"""

import builtins
import os
import sys


def receive():
    if len(sys.argv) > 1:
        with open(sys.argv[1], "rb") as file:
            data = file.read()
        size, _, body = data.partition(b"\n")
    else:
        body = b""
        while b"\n" not in body:
            chunk = os.read(3, 65536)
            if not chunk:
                sys.exit("launcher: the job was cut off")
            body += chunk
        size, _, body = body.partition(b"\n")
        while len(body) < int(size):
            chunk = os.read(3, 65536)
            if not chunk:
                sys.exit("launcher: the job was cut off")
            body += chunk
    parts = body[: int(size)].decode("utf-8", "surrogateescape").split("\0")
    return list(zip(parts[0::2], parts[1::2]))


def confine(job):
    """Cgroup first (its descriptors were opened by the host), then limits, then the user id: no way back."""
    import resource

    for fd in job.get("cgroups", "").split():
        os.write(int(fd), b"0")
    # Whatever descriptors the host's own parents leaked into it end here.
    os.closerange(4, 65536)
    files = int(job.get("files", "256"))
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", int(job.get("file_bytes", "-1"))),
        ("RLIMIT_NOFILE", files),
        ("RLIMIT_NPROC", int(job.get("processes", "-1"))),
        ("RLIMIT_DATA", int(job.get("data_bytes", "-1"))),
    ):
        limit = getattr(resource, name, None)
        if limit is None or value < 0:
            continue
        try:
            hard = resource.getrlimit(limit)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            if name not in ("RLIMIT_DATA", "RLIMIT_NPROC"):
                raise
    if "uid" in job:
        uid = int(job["uid"])
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.umask(0o022)
    if "seccomp" in job:
        refuse_calls(bytes.fromhex(job["seccomp"]))


def refuse_calls(program):
    """Installs a filter, `struct sock_filter[]`, on top of whatever the container has; privileges were dropped before."""
    import ctypes

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_char_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    if libc.prctl(22, 2, ctypes.byref(Filter(len(program) // 8, program))) != 0:
        sys.exit("launcher: this container cannot filter system calls: " + os.strerror(ctypes.get_errno()))


def map_paths(work, inputs):
    """Where no mount can place them (macOS, no sandbox), `/work` and `/inputs` are translated on the way in."""
    import io

    def real(path):
        if isinstance(path, (str, bytes, os.PathLike)):
            text = os.fsdecode(path)
            for name, folder in (("/work", work), ("/inputs", inputs)):
                if folder and (text == name or text.startswith(name + "/")):
                    return folder + text[len(name):]
        return path

    def wrap(owner, name):
        original = getattr(owner, name)

        def call(path=".", *args, **kwargs):
            return original(real(path), *args, **kwargs)

        setattr(owner, name, call)

    for name in ("open", "stat", "lstat", "listdir", "scandir", "mkdir", "remove", "unlink", "rmdir", "access"):
        wrap(os, name)
    original_open = io.open

    def opened(file, *args, **kwargs):
        return original_open(real(file), *args, **kwargs)

    io.open = builtins.open = opened


# Who lists a folder reads it; what is listed by descriptor was opened before.
LISTED = frozenset(("os.listdir", "os.scandir"))

# Events after which the hook may miss reads: another executable, or C code called by hand.
BLIND = frozenset(
    (
        "os.exec",
        "os.posix_spawn",
        "os.system",
        "subprocess.Popen",
        "ctypes.dlopen",
        "ctypes.dlsym",
        "ctypes.call_function",
        "os.link",
        "sqlite3.connect",
        "sys.addaudithook.blocked",
    )
)


def watch(roots, report):
    """Installs the audit hook. `roots`: host path to sandbox path pairs, as (prefix, shown)."""
    seen = set()
    write = os.write
    realpath = os.path.realpath
    fsdecode = os.fsdecode
    reading = os.O_ACCMODE
    state = {"blind": False, "busy": False}

    def note(path):
        state["busy"] = True
        try:
            full = realpath(fsdecode(path))
            for prefix, shown in roots:
                if full.startswith(prefix):
                    name = shown + full[len(prefix):]
                    # A folder is opened by descriptor only to look at what is in it.
                    if name not in seen and "\n" not in name and (os.path.isfile(full) or os.path.isdir(full)):
                        seen.add(name)
                        write(report, b"r " + name.encode("utf-8", "surrogateescape") + b"\n")
                    break
        except (OSError, ValueError, TypeError):
            pass
        finally:
            state["busy"] = False

    def hook(event, args):
        if event == "open":
            path, mode, flags = args
            if state["busy"] or isinstance(path, int) or path is None:
                return
            if isinstance(flags, int) and (flags & reading) == os.O_WRONLY:
                return
            if isinstance(flags, int) and flags & os.O_TRUNC:
                return
            note(path)
        elif event in LISTED:
            path = args[0]
            if not state["busy"] and not isinstance(path, int):
                note("." if path is None else path)
        elif event in BLIND and not state["blind"]:
            # numpy and others import ctypes, which looks up its own C interface; that alone hides nothing.
            if event == "ctypes.dlopen" and args[0] is None:
                return
            if event == "ctypes.dlsym" and args[1] in ("PyErr_CheckSignals", "_Py_NoneStruct"):
                return
            state["blind"] = True
            try:
                write(report, b"u\n")
            except OSError:
                pass

    sys.addaudithook(hook)


def show(error, source):
    """The program's traceback as Python prints it, without the launcher's own frames."""
    import linecache
    import traceback

    linecache.cache["program.py"] = (len(source), None, source.splitlines(True), "program.py")
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == show.__code__.co_filename:
        trace = trace.tb_next
    traceback.print_exception(type(error), error.with_traceback(trace), trace)


def run_program(source):
    module = type(sys)("__main__")
    module.__dict__["__builtins__"] = builtins
    module.__dict__["__file__"] = os.path.join(os.getcwd(), "program.py")
    sys.modules["__main__"] = module
    sys.argv[:] = ["program.py"]
    try:
        exec(compile(source, "program.py", "exec", dont_inherit=True), module.__dict__)
        return 0
    except SystemExit as leave:
        if leave.code is None or isinstance(leave.code, int):
            return (leave.code or 0) & 0xFF
        print(leave.code, file=sys.stderr)
        return 1
    except BaseException as error:
        show(error, source)
        return 1


def main():
    pairs = receive()
    job = dict(pairs)
    confine(job)
    if "map_work" in job:
        map_paths(job["map_work"], job.get("map_inputs"))
    os.chdir(job.get("cwd", "/work"))
    os.environ.clear()
    for name, value in pairs:
        if name.startswith("env "):
            os.environ[name[4:]] = value
    report = None if job.get("report") == "no" else 3
    if report is not None:
        # From here on, what fails is the program's doing.
        os.write(report, b"s\n")
        os.set_inheritable(report, False)
    if "arg" in job:
        argv = [value for name, value in pairs if name == "arg"]
        try:
            os.execvp(argv[0], argv)
        except OSError as error:
            print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
            sys.exit(127)
    # The interpreter's own folders come first: an agent's `json.py` in the workspace must not shadow the library
    # that reads its facts later, and with -S the installed packages are named by the host.
    sys.path[:] = [value for name, value in pairs if name == "path"]
    builtins.exit = builtins.quit = sys.exit
    if report is not None:
        watch([(value.partition("=")[0], value.partition("=")[2]) for name, value in pairs if name == "root"], report)
    code = run_program(job["program"])
    # Threads the program left are waited for, and its exit handlers run, before the end is reported.
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    import atexit

    atexit._run_exitfuncs()
    # As at an ordinary exit, files that the program left open get what was written to them.
    sys.modules["__main__"].__dict__.clear()
    import gc

    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 120
    if report is not None:
        spent = os.times()
        try:
            os.write(report, b"e %.3f\n" % (spent[0] + spent[1] + spent[2] + spent[3]))
        except OSError:
            pass
    os._exit(code)


main()
