// What a program must not use up: processes, time, disk, output, memory.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { removeTree } from '../../../src/trace/index.js';
import { type Case, limits, must, mustEnd, placeFor, processesWith } from './place.js';

const bomb = `
import os, time
mine = os.getpid()
count = 0
while count < 3000:
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        count += 1
    except OSError:
        break
print(count)
`;

const forks: Case = {
  name: 'a fork bomb is bounded, and seven sandboxes beside it are unharmed',
  async run({ sandbox }) {
    const innocent =
      'import subprocess\nprint(subprocess.run(["/usr/bin/true"]).returncode, sum(range(10**6)))';
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        placeFor(sandbox).python(at === 3 ? bomb : innocent, { seconds: 30 }),
      ),
    );
    for (const [at, each] of all.entries()) {
      if (at === 3) continue;
      mustEnd(each, 'ok');
      must(each.stdout.text.startsWith('0 '), 'an innocent neighbour must be able to fork', each.stdout.text);
    }
    const bounded = all[3]!;
    const count = Number(bounded.stdout.text.trim());
    must(
      bounded.outcome === 'killed' || count <= limits.processes,
      'the bomb must be bounded',
      bounded.stdout.text,
    );
  },
};

const busyUser: Case = {
  name: 'works while the same user has 300 processes of their own',
  async run({ python }) {
    const others = spawn(
      '/bin/sh',
      ['-c', 'i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i+1)); done; echo up; wait'],
      { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
    );
    try {
      await new Promise<void>((done) => others.stdout.once('data', () => done()));
      mustEnd(await python('import subprocess; subprocess.run(["/usr/bin/true"], check=True)'), 'ok');
    } finally {
      process.kill(-others.pid!, 'SIGKILL');
    }
  },
};

const daemon: Case = {
  name: 'a daemon that left its session does not outlive the action',
  async run({ python }) {
    const mark = `daemon-${randomUUID()}`;
    const fork = (then: string) => `
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/usr/bin/sleep", [${JSON.stringify(mark)}, "1000"])
    os._exit(0)
${then}`;
    mustEnd(await python(fork('os.wait()')), 'ok');
    must(processesWith(mark).length === 0, 'none left after the program ended by itself');
    mustEnd(await python(fork('time.sleep(100)'), { seconds: 1 }), 'timeout');
    must(processesWith(mark).length === 0, 'none left after the timeout');
  },
};

const disk: Case = {
  name: 'a full workspace stops the program at its quota',
  async run({ python, workspace }) {
    const many = await python(
      'for i in range(10**7):\n  with open(f"f{i}", "wb") as f: f.write(bytes(1 << 20))',
    );
    mustEnd(many, 'disk limit');
    must((many.used.diskMb ?? 1e9) < limits.diskMb * 40, 'far less than the disk', many.used);
    mustEnd(await python('print(1)'), 'ok');
    let last = many;
    for (let at = 0; at < 8; at += 1) last = await python(`open("more${at}", "wb").write(bytes(10 << 20))`);
    mustEnd(last, 'disk limit');
    must(lstatSync(workspace).isDirectory(), 'the workspace is still there');
  },
};

/** Whether the folder is removed whole, with nothing thrown. */
function mustGo(workspace: string): void {
  must(removeTree(workspace) && !existsSync(workspace), 'the workspace can be removed');
}

const deep: Case = {
  name: 'what lies too deep for the host counts as a full disk, can be removed, and is blamed once',
  async run({ python, workspace }) {
    const finished = await python(`
import os
for i in range(40):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
for i in range(8): open(f"f{i}", "wb").write(bytes(10 << 20))
`);
    mustEnd(finished, 'disk limit');
    mustEnd(await python('print(1)'), 'ok');
    mustEnd(
      await python('import os\nfor i in range(70):\n  os.mkdir("d")\n  os.chdir("d")\nopen("f", "w")'),
      'disk limit',
    );
    await python('import os\nfor i in range(2000):\n  os.mkdir("e" * 100)\n  os.chdir("e" * 100)');
    mustGo(workspace);
  },
};

const closed: Case = {
  name: 'a closed folder hides nothing, is opened for whoever comes next, and can be removed',
  async run({ python, workspace }) {
    for (const mode of ['0', '0o300', '0o400'])
      for (const at of ['/work/d', '/work']) {
        const finished = await python(`
import os, shutil
os.chmod("/work", 0o700)
shutil.rmtree("d", ignore_errors=True)
os.mkdir("d")
for i in range(8): open(f"d/f{i}", "wb").write(bytes(1 << 20))
os.chmod("${at}", ${mode})
`);
        // Nothing is closed to root: then it is counted.
        mustEnd(finished, process.getuid?.() === 0 ? 'ok' : 'disk limit');
        const next = await python('import os; print(len(os.listdir("d")))');
        mustEnd(next, 'ok');
        must(next.stdout.text === '8\n', 'the folder is open again', next.stdout.text);
      }
    await python('import os; os.chmod("d", 0); os.chmod("/work", 0)');
    mustGo(workspace);
  },
};

const noText: Case = {
  name: 'a name that is no text hides nothing',
  async run({ python, workspace }) {
    const finished = await python(`
import os
os.mkdir(b"\\xff")
for i in range(8): open(b"\\xff/%d" % i, "wb").write(bytes(10 << 20))
`);
    mustEnd(finished, 'disk limit');
    mustGo(workspace);
  },
};

const earlier: Case = {
  name: 'a program is not blamed for what earlier ones left',
  async run({ python }) {
    const write = (name: string, count: number) =>
      python(`for i in range(${count}): open(f"${name}{i}", "wb").write(bytes(1 << 20))`);
    mustEnd(await write('a', 12), 'ok');
    mustEnd(await write('b', 12), 'ok');
    mustEnd(await write('c', 20), 'disk limit');
    const touch = (name: string) =>
      python(`for i in range(15000): open(f"${name}{i}", "wb").close()`, { seconds: 60 });
    mustEnd(await touch('d'), 'ok');
    mustEnd(await touch('e'), 'ok');
  },
};

const names: Case = {
  name: 'empty files without end count as a full disk',
  async run({ python }) {
    mustEnd(
      await python('for i in range(10**7): open(f"f{i}", "wb").close()', { seconds: 60 }),
      'disk limit',
    );
  },
};

const memoryFolders: Case = {
  name: '/tmp and /dev/shm are bounded',
  async run({ python }) {
    const temporary = await python(`
import sys
try:
    for i in range(1000):
        open(f"/tmp/f{i}", "wb").write(bytes(1 << 20))
except OSError as error:
    print(i, error.errno)
`);
    mustEnd(temporary, 'ok');
    must(
      Number(temporary.stdout.text.split(' ')[0]) <= limits.diskMb,
      '/tmp is bounded',
      temporary.stdout.text,
    );
    const shared = await python('for i in range(1000): open(f"/dev/shm/f{i}", "wb").write(bytes(1 << 20))');
    must(['oom', 'failed'].includes(shared.outcome), '/dev/shm is counted as memory', shared.outcome);
    must((shared.used.memoryMb ?? 0) <= limits.memoryMb * 1.5, 'bounded', shared.used);
  },
};

const output: Case = {
  name: 'endless output is cut, marked and ended, with lines or without',
  async run({ python }) {
    for (const piece of ['b"x" * 99 + b"\\n"', 'b"x" * 65536']) {
      const finished = await python(
        `import os\nos.write(1, b"first")\npiece = ${piece}\nwhile True: os.write(1, piece)`,
      );
      mustEnd(finished, 'output limit');
      must(finished.stdout.cut, 'the cut is marked');
      must(finished.stdout.text.startsWith('first'), 'the head is kept');
      must(finished.stdout.text.endsWith('x') || finished.stdout.text.endsWith('\n'), 'the tail is kept');
      must(finished.stdout.text.length < limits.outputKb * 1024 + 200, 'only so much is kept');
    }
  },
};

const memory: Case = {
  name: 'memory is counted for the whole tree; the words of a program are not',
  async run({ python }) {
    mustEnd(await python('held = []\nwhile True: held.append(bytearray(8 << 20))'), 'oom');
    const children = await python(
      `
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = bytearray(100 << 20)
        for at in range(0, len(held), 4096): held[at] = 1
        time.sleep(20)
        os._exit(0)
while True:
    os.wait()
`,
    );
    mustEnd(children, 'oom');
    const claimed = await python('import sys\nprint("MemoryError", file=sys.stderr)\nsys.exit(1)');
    mustEnd(claimed, 'failed');
    must(claimed.exitCode === 1, 'its own exit code', claimed.exitCode);
    mustEnd(await python('while True: pass', { seconds: 1 }), 'timeout');
    mustEnd(await python('import os; os.kill(os.getpid(), 9)'), 'failed');
  },
};

const clean: Case = {
  name: 'an error tells the program and its own line',
  async run({ python }) {
    const finished = await python('x = 1\n\nprint(x / 0)\n');
    mustEnd(finished, 'failed');
    must(
      finished.stderr.text.includes('File "program.py", line 3') &&
        !finished.stderr.text.includes('launcher'),
      'the traceback names program.py alone',
      finished.stderr.text,
    );
  },
};

export const exhaust: Case[] = [
  forks,
  busyUser,
  daemon,
  disk,
  deep,
  closed,
  noText,
  earlier,
  names,
  memoryFolders,
  output,
  memory,
  clean,
];
