import type { Run } from './run.js';

/**
 * Tell a run that goes on in another process what to do, over its control channel. Gives a sentence where it did
 * not: nothing runs it, or somebody else steers it.
 */
export async function steer(run: Run, how: 'pause' | 'continue' | 'cancel'): Promise<string | null> {
  const { ControlClient } = await import('./channel.js');
  const attached = await ControlClient.attach(run.folder, {
    role: 'control',
    onLost: 'stay',
    client: 'editor',
  });
  if ('refused' in attached) return attached.refused;
  const { client } = attached;
  try {
    await client.ask(how, {});
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    client.detach();
  }
}
