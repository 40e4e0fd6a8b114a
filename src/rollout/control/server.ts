import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import * as z from 'zod';
import {
  type Gives,
  type Notice,
  type NoticeName,
  noticeType,
  type RequestName,
  requests,
  requestType,
  type Taken,
} from './protocol.js';

/** What the channel steers: the composition root gives one function per request. */
export type Steering = {
  /** `from`: the connection that asks, by identity. */
  [N in Exclude<RequestName, 'attach'>]: (taken: Taken<N>, from: object) => Promise<Gives<N>> | Gives<N>;
} & {
  /** A connection is gone, whatever it was. */
  left(from: object): void;
  /** The controller is gone; the run was told what to do then. */
  lost(onLost: Taken<'attach'>['onLost']): void;
};

/** What steers nothing that goes on already, so that a connection which only follows may ask it. */
const HARMLESS: ReadonlySet<RequestName> = new Set(['status', 'goTo', 'messages', 'fork', 'editor']);
const ATTACH_SECONDS = 5;

interface Client {
  socket: Socket;
  connection: MessageConnection;
  role: 'control' | 'follow' | null;
  onLost: Taken<'attach'>['onLost'];
  name: string;
}

/** Listens on a local socket of the user's own (a named pipe on Windows) for whoever steers or follows a run. */
export class ControlServer {
  private readonly clients = new Set<Client>();
  private token = '';
  private constructor(
    private readonly addressFile: string,
    private readonly path: string,
    private readonly folder: string | null,
    private readonly server: Server,
    private readonly steering: Steering,
  ) {}

  /** Listen, and write the address with the first token to `addressFile` (readable by the user alone). */
  static async listen(addressFile: string, steering: Steering): Promise<ControlServer> {
    const windows = process.platform === 'win32';
    const folder = windows ? null : mkdtempSync(join(tmpdir(), 'baton-'));
    if (folder) chmodSync(folder, 0o700);
    const path = folder ? join(folder, 'control') : `\\\\.\\pipe\\baton-${randomBytes(12).toString('hex')}`;
    const server = createServer();
    await new Promise<void>((listening, refused) => {
      server.once('error', refused);
      server.listen(path, listening);
    });
    const control = new ControlServer(addressFile, path, folder, server, steering);
    server.on('connection', (socket) => control.connected(socket));
    control.newToken();
    return control;
  }

  get attached(): boolean {
    return [...this.clients].some((client) => client.role !== null);
  }

  tell<N extends NoticeName>(name: N, notice: Notice<N>): void {
    for (const { connection, role } of this.clients)
      if (role) void connection.sendNotification(noticeType(name), notice).catch(() => undefined);
  }

  async close(): Promise<void> {
    rmSync(this.addressFile, { force: true });
    for (const client of this.clients) {
      // Whatever was told last is still delivered.
      client.role = null;
      client.socket.destroySoon();
    }
    this.server.close();
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }

  /** A token is good for one who attaches; the next one reads the next. */
  private newToken(): void {
    this.token = randomBytes(24).toString('hex');
    const address = { pid: process.pid, path: this.path, token: this.token };
    writeFileSync(`${this.addressFile}.draft`, JSON.stringify(address), { mode: 0o600 });
    renameSync(`${this.addressFile}.draft`, this.addressFile);
  }

  private connected(socket: Socket): void {
    const connection = createMessageConnection(
      new SocketMessageReader(socket),
      new SocketMessageWriter(socket),
    );
    const client: Client = { socket, connection, role: null, onLost: 'continue', name: '' };
    this.clients.add(client);
    const late = setTimeout(() => client.role ?? socket.destroy(), ATTACH_SECONDS * 1000);
    late.unref();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(late);
      this.clients.delete(client);
      connection.dispose();
      this.steering.left(client);
      if (client.role === 'control') this.steering.lost(client.onLost);
    });
    for (const name of Object.keys(requests) as RequestName[])
      connection.onRequest(requestType(name), (params) => this.answer(client, name, params));
    connection.onError(() => socket.destroy());
    connection.listen();
  }

  private async answer(client: Client, name: RequestName, params: unknown): Promise<unknown> {
    const parsed = requests[name].takes.safeParse(params ?? {});
    if (!parsed.success) throw refusal(`${name}: ${z.prettifyError(parsed.error)}`);
    if (name === 'attach') return this.attach(client, parsed.data as Taken<'attach'>);
    if (client.role === null) throw refusal('Attach first.');
    if (client.role === 'follow' && !HARMLESS.has(name))
      throw refusal(`${name}: this connection only follows; attach with the role control to steer.`);
    try {
      // Each request's own type was just checked; the table cannot say that to the compiler.
      const act = this.steering[name] as (taken: unknown, from: object) => unknown;
      return await act(parsed.data, client);
    } catch (error) {
      throw refusal((error as Error).message);
    }
  }

  private attach(client: Client, { token, role, onLost, client: name }: Taken<'attach'>): unknown {
    if (client.role !== null) throw refusal('This connection is attached already.');
    const known = Buffer.from(this.token);
    const given = Buffer.from(token);
    if (known.length !== given.length || !timingSafeEqual(known, given))
      throw refusal('The token is not the one in control.json; read the file again.');
    const controller = [...this.clients].find((each) => each.role === 'control');
    if (role === 'control' && controller)
      throw refusal(
        `${controller.name} controls this run; detach there first, or attach with the role follow.`,
      );
    Object.assign(client, { role, onLost, name });
    this.newToken();
    return this.steering.status({}, client);
  }
}

function refusal(message: string): ResponseError<void> {
  return new ResponseError(ErrorCodes.InvalidRequest, message);
}
