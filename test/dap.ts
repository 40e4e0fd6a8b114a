import type { DebugSession } from '@vscode/debugadapter';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';

/** The editor's side of a debug session, over the same messages. */
export class DapClient {
  private seq = 0;
  private readonly waiting = new Map<number, (answer: Dap.Response) => void>();
  private readonly events: Dap.Event[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(private readonly session: DebugSession) {
    session.onDidSendMessage((message) => {
      const { type } = message as Dap.ProtocolMessage;
      if (type === 'response') {
        const answer = message as Dap.Response;
        this.waiting.get(answer.request_seq)?.(answer);
      } else this.events.push(message as Dap.Event);
      for (const listener of this.listeners) listener();
    });
  }

  /** The body of an answer; rejects with what the session says of a request that it refuses. */
  async ask<T = unknown>(command: string, args: object = {}): Promise<T> {
    this.seq += 1;
    const { seq } = this;
    const answer = await new Promise<Dap.Response>((resolve) => {
      this.waiting.set(seq, resolve);
      this.session.handleMessage({ seq, type: 'request', command, arguments: args } as Dap.Request);
    });
    if (!answer.success) throw new Error(answer.message);
    return answer.body as T;
  }

  /** The next event of a kind that has not been taken yet. */
  async event<T = unknown>(kind: string): Promise<T> {
    for (;;) {
      const at = this.events.findIndex(({ event }) => event === kind);
      if (at >= 0) return this.events.splice(at, 1)[0]!.body as T;
      await new Promise<void>((resolve) => {
        const listener = () => {
          this.listeners.delete(listener);
          resolve();
        };
        this.listeners.add(listener);
      });
    }
  }

  /** What it has said in the console so far. */
  get said(): string[] {
    return this.events.flatMap(({ event, body }) => (event === 'output' ? [body.output.trim()] : []));
  }

  /** Ask for a move, wait until it stands again, and give what the frame on top says. */
  async move(command: string): Promise<string> {
    await this.ask(command, { threadId: 1 });
    return this.stopped();
  }

  /** Wait until it stands, and give what the frame on top says. */
  async stopped(): Promise<string> {
    const { threadId } = await this.event<Dap.StoppedEvent['body']>('stopped');
    const { stackFrames } = await this.ask<Dap.StackTraceResponse['body']>('stackTrace', { threadId });
    return stackFrames[0]?.name ?? '';
  }
}
