// What an artifact must not do to whoever takes its facts.
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Sandbox, takeFacts } from '../../../src/sandbox/index.js';
import { type Case, must, mustEnd, type Place } from './place.js';

const asked = (place: Place, path: string, kind = 'model') =>
  takeFacts(place.sandbox, { workspace: place.workspace, artifacts: [{ name: 'a', path, kind }] }).then(
    (facts) => facts.a!,
  );

async function mustRefuse(place: Place, path: string, what: RegExp): Promise<void> {
  const began = performance.now();
  const facts = await asked(place, path);
  must(typeof facts.problem === 'string' && what.test(facts.problem), `${path} must be refused`, facts);
  must(facts.sha256 === null, 'nothing of it is read', facts);
  must(performance.now() - began < 5000, 'without waiting');
}

const links: Case = {
  name: 'links, pipes and sparse files are refused by their facts, without a hang',
  async run(place) {
    writeFileSync(join(place.host, 'secret'), 'secret');
    mustEnd(
      await place.python(`
import os
os.symlink(${JSON.stringify(join(place.host, 'secret'))}, "link.pkl")
os.symlink("/etc", "folder")
open("real", "w").write("x")
os.link("real", "hard.pkl")
os.mkfifo("pipe.pkl")
`),
      'ok',
    );
    await mustRefuse(place, 'link.pkl', /symbolic link/);
    await mustRefuse(place, 'folder/alternatives', /symbolic link/);
    await mustRefuse(place, 'hard.pkl', /hard link/);
    await mustRefuse(place, 'pipe.pkl', /pipe/);
    if (process.getuid?.() === 0) {
      execFileSync('mknod', [join(place.workspace, 'device.pkl'), 'c', '1', '5']);
      await mustRefuse(place, 'device.pkl', /device/);
    }
    const sparse = openSync(join(place.workspace, 'sparse.pkl'), 'w');
    ftruncateSync(sparse, 2 ** 40);
    closeSync(sparse);
    await mustRefuse(place, 'sparse.pkl', /bytes/);
    rmSync(join(place.workspace, 'sparse.pkl'));
  },
};

const paths: Case = {
  name: 'paths that leave the workspace, or are none, have no facts',
  async run(place) {
    for (const path of ['../../a', '/etc/passwd', '-rf', 'a\nb', 'CON', 'x'.repeat(300), '.', '']) {
      const facts = await asked(place, path, 'file');
      must(facts.sha256 === null && facts.bytes === null, `${path} must have no facts`, facts);
    }
  },
};

const pickle: Case = {
  name: 'a malicious pickle runs nothing',
  async run(place) {
    mustEnd(
      await place.python(`
import os, pickle, builtins, subprocess
class Bad:
    def __init__(self, call, *args): self.what = (call, args)
    def __reduce__(self): return self.what
for name, bad in (("a", Bad(os.system, "touch /work/ran")), ("b", Bad(eval, "open('/work/ran', 'w')")),
                  ("c", Bad(subprocess.Popen, ["touch", "/work/ran"])), ("d", Bad(getattr, "x", "upper"))):
    pickle.dump(bad, open(name + ".pkl", "wb"))
open("e.pkl", "wb").write(b"\\x80\\x04\\x8c\\x0bnumpy.f2py\\x8c\\x08__import__\\x93.")
for name in ("numpy", "tab", "pandas"):
    open(name + ".py", "w").write("open('/tmp/ran', 'w')\\nprint('{}')\\nclass Table: pass\\nndarray = Table")
open("g.pkl", "wb").write(b"\\x80\\x04\\x8c\\x05numpy\\x8c\\x07ndarray\\x93.")
open("h.pkl", "wb").write(b"\\x80\\x04\\x8c\\x03tab\\x8c\\x05Table\\x93.")
open("f.pkl", "wb").write(b"\\x80\\x04\\x8c\\x0dpandas.io.api\\x8c\\x0bread_pickle\\x93.")
`),
      'ok',
    );
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const facts = await asked(place, `${name}.pkl`);
      must(typeof facts.problem === 'string', 'the pickle must be refused', facts);
    }
    must(!existsSync(join(place.workspace, 'ran')), 'nothing may have run');
  },
};

const nested: Case = {
  name: 'JSON that is nested too deep to be told is a problem of its file',
  async run(place) {
    for (const [name, text] of [
      ['map.json', `${'{"a":'.repeat(600)}1${'}'.repeat(600)}`],
      ['list.json', '['.repeat(1900) + ']'.repeat(1900)],
      ['far.json', '['.repeat(200_000)],
    ] as const) {
      writeFileSync(join(place.workspace, name), text, { mode: 0o644 });
      const facts = await asked(place, name, 'json');
      must(facts.exists === true && typeof facts.problem === 'string', `${name} has a problem`, facts);
      must(facts.value === null, 'and no value', facts);
    }
  },
};

const endless: Case = {
  name: 'an artifact that takes all memory to read is refused, and those beside it are read',
  async run(place) {
    mustEnd(
      await place.python(`
import pickle
class Grows:
    def __reduce__(self): return list, (range(10 ** 9),)
pickle.dump(Grows(), open("y.pkl", "wb"))
open("note.txt", "w").write("one line")
`),
      'ok',
    );
    const facts = await takeFacts(place.sandbox, {
      workspace: place.workspace,
      artifacts: [
        { name: 'y', path: 'y.pkl', kind: 'column' },
        { name: 'note', path: 'note.txt', kind: 'text' },
      ],
    });
    must(/memory/i.test(String(facts.y?.problem)), 'it is refused', facts.y);
    must(facts.note?.lines === 1 && facts.note.problem === null, 'the other has its facts', facts.note);
  },
};

const slow: Case = {
  name: 'an artifact that takes all time to read is refused, and those beside it are read',
  async run(place) {
    // A map of 60,000 keys with one hash: Python compares each with all before it, for half a minute.
    mustEnd(
      await place.python(`
import pickle
keys = b"".join(b"\\x8a\\x0a" + (n * (2 ** 61 - 1)).to_bytes(10, "little") + b"N" for n in range(1, 60001))
open("slow.pkl", "wb").write(b"\\x80\\x02}(" + keys + b"u.")
open("note.txt", "w").write("one line")
`),
      'ok',
    );
    // The same sandbox with two seconds for what has twenty, so that the test is over sooner.
    const hasty: Sandbox = Object.assign(Object.create(place.sandbox), {
      run: (command: Command) => place.sandbox.run({ ...command, limits: { ...command.limits, seconds: 2 } }),
    });
    const facts = await takeFacts(hasty, {
      workspace: place.workspace,
      artifacts: [
        { name: 'slow', path: 'slow.pkl', kind: 'column' },
        { name: 'note', path: 'note.txt', kind: 'text' },
      ],
    });
    must(/longer/.test(String(facts.slow?.problem)), 'it is refused', facts.slow);
    must(facts.note?.lines === 1 && facts.note.problem === null, 'the other has its facts', facts.note);
  },
};

export const artifacts: Case[] = [links, paths, pickle, nested, endless, slow];
