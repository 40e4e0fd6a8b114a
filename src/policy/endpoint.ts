/** An OpenAI endpoint of this machine: the embedded engine, or an editor that serves its models. */
export interface Endpoint {
  baseUrl: string;
  token: string;
}
