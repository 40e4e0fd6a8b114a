/** A refusal that the client is meant to read. */
export class EngineError extends Error {
  constructor(
    readonly code:
      | 'request.invalid'
      | 'policy.unknown'
      | 'version.exists'
      | 'update.parent_mismatch'
      | 'update.out_of_order'
      | 'optimizer.missing'
      | 'context.too_long'
      | 'checkpoint.unknown'
      | 'checkpoint.damaged'
      | 'policy.held'
      | 'base.other',
    readonly status: 400 | 404 | 409,
    message: string,
  ) {
    super(message);
  }
}
