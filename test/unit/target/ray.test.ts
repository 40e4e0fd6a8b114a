import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { unzipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { targetSchema } from '../../../src/target/declared.js';
import type { Wanted } from '../../../src/target/index.js';
import { parseFacts } from '../../../src/target/probe.js';
import { checkAddress } from '../../../src/target/ray/address.js';
import { RayClient } from '../../../src/target/ray/client.js';
import { stateOf } from '../../../src/target/ray/cluster.js';
import { clusterFindings } from '../../../src/target/ray/findings.js';
import { zipOf } from '../../../src/target/ray/package.js';
import { parseFiles, parsePiece, parseSaid } from '../../../src/target/ray/sent.js';

const target = (given: object) => {
  const parsed = targetSchema.parse({ kind: 'ray', ...given });
  if (parsed.kind !== 'ray') throw new Error('not ray');
  return parsed;
};

describe('an address', () => {
  it.each([
    ['http://127.0.0.1:8265', false],
    ['http://localhost:8265', false],
    ['http://[::1]:8265', true],
    ['https://ray.example.org', true],
  ])('%s is spoken to (with a token: %s)', (address, token) => {
    expect(checkAddress(target({ address }), token).host).toBe(new URL(address).host);
  });

  it('is spoken to through ssh, as seen from there', () => {
    const through = { address: 'http://10.0.0.5:8265', ssh: { host: 'box' } };
    expect(checkAddress(target(through), false).port).toBe('8265');
    expect(() => checkAddress(target({ ...through, address: 'https://10.0.0.5' }), true)).toThrow(
      'http, as seen',
    );
  });

  it.each([
    ['http://10.0.0.5:8265', false, /without a token, runs anybody's programs.*under ssh/],
    ['https://ray.example.org', false, /without a token/],
    ['http://10.0.0.5:8265', true, /cross the network in clear/],
    ['http://me:secret@127.0.0.1:8265', false, /holds no key/],
    ['http://127.0.0.1:8265/proxy', false, /alone/],
    ['http://127.0.0.1.example.org:8265', false, /without a token/],
  ])('%s is refused (with a token: %s)', (address, token, words) => {
    expect(() => checkAddress(target({ address }), token)).toThrow(words);
  });

  it('and its target must fit the schema', () => {
    expect(() => target({ address: 'file:///etc/passwd' })).toThrow();
    expect(() => target({ token: 'abc' })).toThrow(/reference/);
    expect(() => target({ engines: 0 })).toThrow();
    expect(target({}).engines).toBe(1);
    expect(target({ engines: 'role' }).engines).toBe('role');
    expect(() => target({ ssh: { host: '-oProxyCommand=x' } })).toThrow(/dash/);
  });
});

describe('a package', () => {
  it('is the same bytes and the same name for the same files', () => {
    const files = { 'b.txt': Buffer.from('b'), 'a/c.txt': Buffer.from('c') };
    const [one, two] = [zipOf(files), zipOf({ 'a/c.txt': files['a/c.txt'], 'b.txt': files['b.txt'] })];
    expect(one.name).toBe(two.name);
    expect(one.bytes).toEqual(two.bytes);
    expect(Object.keys(unzipSync(one.bytes))).toEqual(['a/c.txt', 'b.txt']);
    expect(zipOf({ ...files, 'b.txt': Buffer.from('B') }).name).not.toBe(one.name);
  });
});

describe("a job's log", () => {
  const hash = 'a'.repeat(64);
  it('that holds files is read, whatever stands around them', () => {
    const data = Buffer.from('3\nabc').toString('base64');
    const listed = parseFiles(
      `Runtime env\nBATON-FILES\nRunning entrypoint for job x\n|${hash} 3 ./x\nBATON-END\nmore`,
    );
    expect(listed).toEqual([{ path: 'x', hash, size: 3 }]);
    const piece = parsePiece(`Runtime env\nBATON-DATA\n|${data}\nRunning\n|${data}\nBATON-END\n`);
    expect(piece.toString()).toBe('3\nabc3\nabc');
  });

  it('that is not whole is refused', () => {
    expect(() => parseFiles('BATON-FILES\n')).toThrow('did not list its files');
    expect(() => parseFiles(`BATON-FILES\n|${hash} 3 ./../x\nBATON-END\n`)).toThrow('not safe');
    for (const log of ['', 'BATON-DATA\nYQ==\n'])
      expect(() => parsePiece(log)).toThrow('did not send whole files');
  });
});

it('tells the states of a job apart; a driver that was killed is lost, not failed', () => {
  expect(stateOf({ status: 'PENDING' })).toEqual({ is: 'starting' });
  expect(stateOf({ status: 'RUNNING' })).toEqual({ is: 'running' });
  expect(stateOf({ status: 'SUCCEEDED', driver_exit_code: 0 })).toEqual({ is: 'exited', code: 0 });
  expect(stateOf({ status: 'FAILED', driver_exit_code: 3 })).toEqual({ is: 'exited', code: 3 });
  expect(stateOf({ status: 'FAILED', driver_exit_code: -9 })).toEqual({ is: 'lost' });
  expect(stateOf({ status: 'FAILED' })).toEqual({ is: 'lost' });
});

describe('a server that is no Ray', () => {
  let close = () => {};
  afterEach(() => close());

  async function client(status: number, body: string, token: string | null = null): Promise<RayClient> {
    const server = createServer((_, reply) => reply.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => server.close();
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new RayClient(async () => base, token, 'mine');
  }

  it.each([
    [200, '<html>', null, /not the Jobs API/],
    [302, '', null, /answered 302/],
    [401, 'no', null, /asks for a token/],
    [403, 'no', 't', /does not accept the token/],
    [500, 'Traceback\nValueError: broken', null, /answered 500.*ValueError: broken/s],
  ])('%s %j is explained', async (status, body, token, words) => {
    await expect((await client(status, body, token)).version()).rejects.toThrow(words);
  });

  it('or is not there is explained', async () => {
    const gone = await client(200, '');
    close();
    await expect(gone.version()).rejects.toThrow(/nothing answers at .*Is the cluster up/);
  });
});

describe('what a head node says', () => {
  it('stands between two lines of its log', () => {
    expect(parseSaid('Runtime env\nBATON-SAID\n|os=Linux\nRunning entrypoint\nBATON-END\nmore')).toBe(
      'os=Linux\n',
    );
    expect(() => parseSaid('BATON-SAID\nos=Linux\n')).toThrow(/did not answer whole/);
  });

  const nodes = (count: number) =>
    ({
      version: async () => ({ ray_version: '2.60.0' }),
      nodes: async () =>
        Array.from({ length: count }, (_, at) => ({
          ...{ node_ip: `10.0.0.${at}`, state: 'ALIVE' },
          resources_total: { CPU: 8 },
        })),
    }) as unknown as RayClient;
  const facts = parseFacts(`disk=${8 * 2 ** 20}\n`);
  const of = async (what: string, count: number, wanted: Wanted) =>
    (await clusterFindings(nodes(count), target({}), facts, wanted)).find((each) => each.what === what);

  it('tells whether an engine trains on a GPU, and whether the model fits there', async () => {
    const memory = 2 * 2 ** 20;
    const gpu = { name: 'L4', memory: 24_000, free: 23_000, driver: '580' };
    const there = { ...facts, memory, base: 1e9, cuda: '13.0', gpus: [gpu] };
    const ask = async (given: object, gpus: number, head: typeof facts = there) => {
      const client = {
        version: async () => ({ ray_version: '2.60.0' }),
        nodes: async () => [{ node_ip: '10.0.0.1', state: 'ALIVE', resources_total: { CPU: 8, GPU: gpus } }],
      } as unknown as RayClient;
      const wanted: Wanted = { base: '/a/model', roles: 4 };
      const all = await clusterFindings(client, target(given), head, wanted);
      return (what: string) => all.find((each) => each.what === what)!;
    };
    const idle = await ask({}, 2);
    expect(idle('GPU')).toMatchObject({
      works: false,
      needed: false,
      why: '2 of them, and an engine takes none (engine_gpus: 0): training uses the CPU',
      todo: [expect.stringContaining('engine_gpus: 1')],
    });
    expect(idle('fit')).toMatchObject({ works: false, needed: false });
    expect(idle('fit').why).toMatch(/ in memory, .* for 4 roles, .*, on the head node$/);
    const used = await ask({ engine_gpus: 1, engines: 'role' }, 2);
    expect(used('GPU')).toMatchObject({ works: true, why: '2 of them, and an engine takes 1' });
    expect(used('fit').works).toBe(true);
    expect(used('fit').why).toMatch(/ on the GPU, .* for 1 role, /);
    const other = await ask({ engine_gpus: 1 }, 2, { ...there, gpus: [] });
    expect(other('fit').why).toContain('is not known on the head node');
    expect((await ask({}, 0))('GPU').why).toBe('none: training uses the CPU');
  });

  it('needs Node, and alone what rollouts need as well', async () => {
    expect(await of('node', 2, {})).toMatchObject({
      works: false,
      needed: true,
      why: 'none, on the head node',
    });
    expect(await of('git', 1, {})).toMatchObject({ works: false, needed: true });
    expect(await of('git', 2, {})).toMatchObject({ works: false, needed: false });
    expect(await of('sandbox', 1, { tools: true })).toMatchObject({ works: false, needed: true });
    const many = await of('sandbox', 2, { tools: true });
    expect(many).toMatchObject({
      needed: false,
      why: 'none works, on the head node; another node may have it',
    });
    expect(await of('sandbox', 1, { tools: false })).toMatchObject({ needed: false });
  });

  it('is needed of the only node, and of several where the engine is not', async () => {
    const base = '/no/such/model';
    // 8 GiB are too few for an environment, which is made where the engine runs.
    expect(await of('disk', 1, { base })).toMatchObject({ works: false, needed: true });
    expect(await of('disk', 2, { base })).toMatchObject({ works: true });
    expect(await of('disk', 1, {})).toMatchObject({ works: true });
    expect(await of('base', 1, { base })).toMatchObject({ works: false, needed: true });
    expect(await of('base', 2, { base })).toMatchObject({ works: false, needed: false });
    expect((await of('base', 2, { base }))!.why).toContain('on the head node; an engine may run on another');
    expect((await of('base', 1, { base: 'owner/name' }))!.why).not.toContain('head node');
    expect(await of('base', 1, {})).toBeUndefined();
  });
});
