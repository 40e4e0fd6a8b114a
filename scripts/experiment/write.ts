import type { Trained } from './record.js';

export async function writeResults(_records: readonly Trained[], _out: string): Promise<void> {}
