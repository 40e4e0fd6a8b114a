/** What of a test item is looked at here: a workflow has no parent, a task has its workflow. */
interface Item {
  readonly id: string;
  readonly parent: Item | undefined;
}

/** A workflow that is asked for, with some of its tasks or (null) all but those without which it is asked for. */
export interface Chosen<T> {
  workflow: T;
  tasks: readonly T[] | null;
  without: ReadonlySet<string>;
}

/** What a request means: each workflow once. Items are told apart by their ids, since a save makes them anew. */
export function chosen<T extends Item & { readonly parent: T | undefined }>(
  included: readonly T[],
  excluded: readonly T[],
): Chosen<T>[] {
  const without = new Set(excluded.map(({ id }) => id));
  const found = new Map<string, { workflow: T; tasks: T[] | null }>();
  for (const item of included) {
    const workflow = item.parent ?? item;
    if (without.has(item.id) || without.has(workflow.id)) continue;
    const known = found.get(workflow.id);
    if (workflow === item) found.set(item.id, { workflow, tasks: null });
    else if (!known) found.set(workflow.id, { workflow, tasks: [item] });
    else known.tasks?.push(item);
  }
  return [...found.values()].map((each) => ({ ...each, without }));
}

/** The tasks that are meant, given all that the workflow has now. `all`: every one, so that none has to be named. */
export function tasksOf<T extends Item>(
  { tasks, without }: Chosen<T>,
  children: readonly T[],
): { items: readonly T[]; all: boolean } {
  const items = (tasks ?? children).filter(({ id }) => !without.has(id));
  return { items, all: tasks === null && items.length === children.length };
}
