// The stream of training samples: prompts (with feedback on repairs) and what to write.

import type { Chance } from './chance.js';
import { Bench } from './check.js';
import { columnNames } from './names.js';
import { demonstration } from './programs.js';
import { rates } from './rates.js';
import { promptOf, type Role, randomTask, type Task } from './task.js';

export interface Sample {
  /** user messages: the task, and on a repair turn the feedback */
  readonly messages: readonly string[];
  readonly reply: string;
}

function roleOf(c: Chance): Role {
  const at = c.uniform();
  const { data_engineer, modeler } = rates.role;
  return at < data_engineer ? 'data_engineer' : at < data_engineer + modeler ? 'modeler' : 'analyst';
}

/** Copying exercises: lists of names, short and long, in the very spelling that prompts use. */
function copying(c: Chance): Sample {
  const names = columnNames(c, c.int(1, 6));
  const cut = c.int(0, names.length);
  const num = JSON.stringify(names.slice(0, cut));
  const cat = JSON.stringify(names.slice(cut));
  const [one] = columnNames(c, 1, names);
  if (c.flip(0.5)) return { messages: [`copy num=${num} cat=${cat}`], reply: `${num}, ${cat}` };
  return {
    messages: [`copy id="${names[0]}" target="${one}" num=${num} cat=${cat}`],
    reply: `${num}, ${cat}, ["${names[0]}","${one}"], "${one}", "${names[0]}"`,
  };
}

/** Feedback as the product words it, from a first program that failed; sometimes about something else. */
function feedback(c: Chance, role: Role, task: Task): string {
  for (let tries = 0; tries < 20; tries++) {
    const judged = Bench.before(role, task).act(role, demonstration(c, role, task, false));
    if (!judged.ok) return judged.feedback;
  }
  return c.pick([
    'error: exit status 1',
    'broken: nothing was written',
    'error: TypeError: unsupported operand',
  ]);
}

export function sample(c: Chance, copyShare: number): Sample {
  if (c.flip(copyShare)) return copying(c);
  const role = roleOf(c);
  const task = randomTask(c);
  const repair = c.flip(rates.repair);
  const messages = [promptOf(role, task)];
  if (repair) messages.push(feedback(c, role, task));
  return { messages, reply: demonstration(c, role, task, repair) };
}
