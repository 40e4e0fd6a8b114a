import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import type { RunFolder } from '../../trace/index.js';
import {
  addressSchema,
  type Gives,
  type Notice,
  type NoticeName,
  notices,
  noticeType,
  type RequestName,
  type RunStatus,
  requests,
  requestType,
  type Takes,
} from './protocol.js';

/** A connection to a run that goes on in another process. */
export class ControlClient {
  private constructor(
    private readonly connection: MessageConnection,
    /** How the run stood when this client attached. */
    readonly first: RunStatus,
  ) {}

  /** Attach to a run, or say in a sentence why that cannot be. */
  static async attach(
    folder: RunFolder,
    options: Omit<Takes<'attach'>, 'token'>,
  ): Promise<{ client: ControlClient } | { refused: string }> {
    const away = `${folder.name} is not running here, so nothing can steer it.`;
    if (!existsSync(folder.control)) return { refused: away };
    let connection: MessageConnection;
    let token: string;
    try {
      const address = addressSchema.parse(JSON.parse(readFileSync(folder.control, 'utf8')));
      token = address.token;
      const socket = connect(address.path);
      await new Promise<void>((connected, refused) => {
        socket.once('connect', connected);
        socket.once('error', refused);
      });
      connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
      connection.onError(() => socket.destroy());
      socket.on('error', () => socket.destroy());
      connection.onClose(() => socket.destroy());
    } catch {
      return { refused: `${away} It ended without a word; go on with: baton resume ${folder.name}` };
    }
    connection.listen();
    try {
      const first = await connection.sendRequest(requestType('attach'), { ...options, token });
      return { client: new ControlClient(connection, requests.attach.gives.parse(first)) };
    } catch (error) {
      connection.end();
      return { refused: (error as Error).message };
    }
  }

  async ask<N extends Exclude<RequestName, 'attach'>>(name: N, takes: Takes<N>): Promise<Gives<N>> {
    const answer = await this.connection.sendRequest(requestType(name), takes);
    return requests[name].gives.parse(answer) as Gives<N>;
  }

  on<N extends NoticeName>(name: N, listener: (notice: Notice<N>) => void): { dispose(): void } {
    return this.connection.onNotification(noticeType(name), (raw) => {
      const notice = notices[name].safeParse(raw);
      if (notice.success) listener(notice.data as Notice<N>);
    });
  }

  onClose(listener: () => void): { dispose(): void } {
    return this.connection.onClose(listener);
  }

  detach(): void {
    this.connection.end();
  }
}
