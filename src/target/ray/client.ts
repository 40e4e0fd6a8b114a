// Ray's Jobs API over HTTP. Replies are checked; what the API says in prose is passed on.
import * as z from 'zod';
import { SshError } from '../ssh/connection.js';
import { type Reply, send } from './request.js';

/** The cluster refused or could not be reached; says what to do. */
export class RayError extends Error {
  constructor(
    readonly code: 'unreachable' | 'denied' | 'exposed' | 'absent' | 'failed',
    message: string,
  ) {
    super(message);
    this.name = 'RayError';
  }
}

const versionSchema = z.object({ ray_version: z.string(), session_name: z.string().nullish() });
const infoSchema = z.object({
  submission_id: z.string().nullish(),
  status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  message: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  driver_exit_code: z.number().nullish(),
});
const nodesSchema = z.object({
  data: z.object({
    result: z.object({
      result: z.array(
        z.object({
          node_ip: z.string(),
          state: z.string(),
          is_head_node: z.boolean().nullish(),
          resources_total: z.record(z.string(), z.number()).nullish(),
        }),
      ),
    }),
  }),
});

export type RayJob = z.output<typeof infoSchema>;
export type RayNode = z.output<typeof nodesSchema>['data']['result']['result'][number];

export interface Submission {
  readonly id: string;
  readonly entrypoint: string;
  /** URI of an uploaded package. */
  readonly package: string;
  /** Comes back in clear to everybody who may ask: nothing secret. */
  readonly metadata: Readonly<Record<string, string>>;
}

export class RayClient {
  constructor(
    /** The address that leads to the cluster now. */
    private readonly base: () => Promise<string>,
    private readonly token: string | null,
    /** What a person calls the cluster. */
    private readonly label: string,
  ) {}

  version(): Promise<z.output<typeof versionSchema>> {
    return this.json('GET', '/api/version', versionSchema);
  }

  async nodes(): Promise<RayNode[]> {
    const { data } = await this.json('GET', '/api/v0/nodes?detail=true', nodesSchema);
    return data.result.result.filter((node) => node.state === 'ALIVE');
  }

  /** Uploads a package, unless the cluster has one of that name, which holds the hash of its bytes. */
  async upload(name: string, bytes: Uint8Array): Promise<string> {
    const path = `/api/packages/gcs/${name}`;
    const known = await this.ask('GET', path);
    if (known.status === 404) {
      const sent = await this.ask('PUT', path, bytes);
      if (!sent.ok) throw this.refused(sent);
    } else if (!known.ok) throw this.refused(known);
    return `gcs://${name}`;
  }

  /**
   * Submits a job under an id of ours. Where the cluster has one of that id it counts as this one only if its
   * metadata is ours. A cut link in mid-submit is asked again with the same id.
   */
  async submit(job: Submission): Promise<'started' | 'already'> {
    const body = JSON.stringify({
      entrypoint: job.entrypoint,
      submission_id: job.id,
      runtime_env: { working_dir: job.package },
      metadata: job.metadata,
    });
    const reply = await this.ask('POST', '/api/jobs/', body);
    if (reply.ok) return 'started';
    const error = this.refused(reply);
    if (!/already exists/.test(error.message)) throw error;
    const found = await this.info(job.id);
    const ours = Object.entries(job.metadata).every(([key, value]) => found?.metadata?.[key] === value);
    if (ours) return 'already';
    const whose = `${this.label}: there is another job of the name ${job.id}`;
    throw new RayError('failed', `${whose}, with other files or arguments; it was left as it is.`);
  }

  /** A job, or null where the cluster knows none of that id. */
  async info(id: string): Promise<RayJob | null> {
    const reply = await this.ask('GET', `/api/jobs/${id}`);
    if (reply.status === 404) return null;
    return this.parse(reply, infoSchema);
  }

  jobs(): Promise<RayJob[]> {
    return this.json('GET', '/api/jobs/', z.array(infoSchema));
  }

  async logs(id: string): Promise<string> {
    return (await this.json('GET', `/api/jobs/${id}/logs`, z.object({ logs: z.string() }))).logs;
  }

  async stop(id: string): Promise<void> {
    await this.json('POST', `/api/jobs/${id}/stop`, z.looseObject({}));
  }

  async delete(id: string): Promise<void> {
    await this.json('DELETE', `/api/jobs/${id}`, z.looseObject({}));
  }

  private async json<T>(method: string, path: string, schema: z.ZodType<T>): Promise<T> {
    return this.parse(await this.ask(method, path), schema);
  }

  private parse<T>(reply: Reply, schema: z.ZodType<T>): T {
    if (!reply.ok) throw this.refused(reply);
    const parsed = schema.safeParse(json(reply.text));
    if (parsed.success) return parsed.data;
    const what = `what answers there is not the Jobs API of Ray 2.x`;
    throw new RayError('failed', `${this.label}: ${what} (${reply.path})`);
  }

  private refused(reply: Reply): RayError {
    const text = reply.text.trim();
    if (reply.status === 401 || reply.status === 403) {
      const todo =
        this.token === null
          ? 'It asks for a token: set token: "${secret:NAME}" in targets.yaml and store the key with baton secret set.'
          : 'It does not accept the token; compare it with ray get-auth-token on the cluster.';
      return new RayError('denied', `${this.label}: ${todo}`);
    }
    const last = text.split('\n').filter(Boolean).slice(-3).join('\n');
    return new RayError('failed', `${this.label}: Ray answered ${reply.status}: ${last}`);
  }

  private async ask(method: string, path: string, body?: string | Uint8Array): Promise<Reply> {
    const headers = {
      ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
    };
    for (let failed = 0, at = 'it'; ; failed++) {
      try {
        at = await this.base();
        return await send(new URL(path, at), method, headers, body);
      } catch (error) {
        if (error instanceof SshError && error.code !== 'unreachable') throw error;
        if (failed >= 3) {
          const why = `${this.label}: nothing answers at ${at} (${(error as Error).message})`;
          throw new RayError('unreachable', `${why}. Is the cluster up, and its dashboard's address right?`);
        }
        await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** failed));
      }
    }
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
