// What a program must not reach: secrets, the network, the host's files, another action's future.
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Case, must, mustEnd } from './place.js';

const canary = 'canary-7f3a91';

const secrets: Case = {
  name: 'reads no home, shadow file, key in the environment or other process',
  async run({ python, host }) {
    writeFileSync(join(host, 'key'), canary);
    process.env.BATON_TEST_KEY = canary;
    const finished = await python(`
import os, glob, sys
def shown(path):
    # An interpreter may lie in a home folder; the way to it is all that may be seen of that.
    return [name for name in os.listdir(path) if not sys.prefix.startswith(f"{path}/{name}")]
print(dict(os.environ))
for path in [${JSON.stringify(join(host, 'key'))}, "/etc/shadow", "/etc/passwd", "/root", "/home", "/proc/1/environ",
             "/proc/self/environ", *glob.glob("/proc/[0-9]*/environ")]:
    try:
        print(path, shown(path) if os.path.isdir(path) else open(path, "rb").read())
    except OSError as error:
        print("absent", error.errno)
`);
    process.env.BATON_TEST_KEY = undefined;
    mustEnd(finished, 'ok');
    must(!finished.stdout.text.includes(canary), 'the secret must not be seen', finished.stdout.text);
    must(
      !/root:|\/etc\/passwd b/.test(finished.stdout.text),
      'no accounts of the host',
      finished.stdout.text,
    );
    must(!/\/(root|home) \['/.test(finished.stdout.text), 'no home folder', finished.stdout.text);
  },
};

const network: Case = {
  name: 'connects nowhere, and is told so within a second',
  async run({ python, host }) {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    const socket = join(host, 'socket');
    const second = createServer(() => {
      connections += 1;
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
    await new Promise<void>((done) => second.listen(socket, () => done()));
    const { port } = server.address() as { port: number };
    const finished = await python(`
import socket, time
def attempt(name, act):
    began = time.monotonic()
    try:
        act()
        print("REACHED", name)
    except OSError:
        pass
    if time.monotonic() - began > 1:
        print("SLOW", name)
def tcp(address):
    return lambda: socket.create_connection(address, 5)
for address in (("1.1.1.1", 443), ("127.0.0.1", ${port}), ("169.254.169.254", 80), ("8.8.8.8", 53)):
    attempt(address, tcp(address))
attempt("name", lambda: socket.getaddrinfo("example.org", 80))
# Families that no network namespace holds: a virtual machine's vsock (40), the kernel's ciphers (38), raw packets (17).
for family in (40, 38, 17):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        attempt(family, lambda: socket.socket(family, kind))
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
    socket.socket(family, socket.SOCK_DGRAM).close()
for end in socket.socketpair():
    end.close()
attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect(${JSON.stringify(socket)}))
`);
    server.close();
    second.close();
    mustEnd(finished, 'ok');
    must(finished.stdout.text === '', 'nothing may be reached or wait', finished.stdout.text);
    must(connections === 0, 'no connection may arrive');
  },
};

const planted: Case = {
  name: 'a planted link makes the next action create nothing on the host',
  async run({ python, host, workspace }) {
    mustEnd(
      await python(`
import os
for name in ("inputs", "tmp", "usr", "run", "program.py", "lib"):
    os.symlink(${JSON.stringify(host)}, name)
`),
      'ok',
    );
    symlinkSync(host, join(workspace, 'deep'));
    const second = await python('try:\n  open("tmp/x", "w")\nexcept OSError: print("refused")');
    mustEnd(second, 'ok');
    must(readdirSync(host).length === 0, 'the host folder must stay empty', readdirSync(host));
  },
};

const hooks: Case = {
  name: 'files that tools run by their name are run by nothing of ours',
  async run({ python, workspace, host }) {
    mustEnd(
      await python(`
import os
text = "open('/work/ran', 'w')\\n"
for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "json.py", "csv.py", "tab.py", "launcher.py",
             ".vscode/tasks.json", ".git/hooks/post-checkout", "encodings/__init__.py"):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    open(name, "w").write(text)
`),
      'ok',
    );
    mustEnd(await python('import json, csv; json.dumps(1)'), 'ok');
    must(!existsSync(join(workspace, 'ran')), 'a planted module was executed');
    must(readdirSync(host).length === 0, 'the host folder must stay empty');
  },
};

const inputs: Case = {
  name: 'inputs can be neither changed nor removed',
  async run({ sandbox, workspace, host }) {
    writeFileSync(join(host, 'a.csv'), 'x\n1\n', { mode: 0o444 });
    const finished = await sandbox.run({
      workspace,
      inputs: host,
      run: {
        python: `
import os
for act in (lambda: os.unlink("/inputs/a.csv"), lambda: open("/inputs/a.csv", "w"), lambda: open("/inputs/b", "w"),
            lambda: os.chmod("/inputs/a.csv", 0o777), lambda: os.rename("/inputs/a.csv", "/inputs/c")):
    try:
        act()
        print("CHANGED")
    except OSError:
        pass
print(open("/inputs/a.csv").read())
`,
      },
      limits: { seconds: 10, memoryMb: 256, processes: 16, diskMb: 16, outputKb: 16 },
    });
    mustEnd(finished, 'ok');
    must(finished.stdout.text === 'x\n1\n\n', 'the input must be unchanged', finished.stdout.text);
    // A container passes no descriptor on, so nothing can tell there what a program read.
    const told = ['docker', 'podman'].includes(sandbox.level) ? '"unknown"' : '["/inputs/a.csv"]';
    must(
      JSON.stringify(finished.reads) === told,
      'the read is seen from outside the program, or nothing is claimed',
      finished.reads,
    );
  },
};

const descriptors: Case = {
  name: 'inherits no descriptor and no way to another user',
  async run({ python }) {
    const finished = await python(`
import os
held = [fd for fd in range(4, 256) if os.path.exists(f"/proc/self/fd/{fd}")]
print(held, os.getuid() == 0)
for act in (lambda: os.setuid(0), lambda: os.unshare(0x10000000) if hasattr(os, "unshare") else os.setuid(0),
            lambda: os.chroot("/work"), lambda: os.mknod("/work/dev", 0o20666, os.makedev(1, 5))):
    try:
        act()
        print("ALLOWED")
    except OSError:
        pass
`);
    mustEnd(finished, 'ok');
    must(finished.stdout.text === '[] False\n', 'no descriptors, not root', finished.stdout.text);
  },
};

export const reach: Case[] = [secrets, network, planted, hooks, inputs, descriptors];
