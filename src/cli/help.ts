import type { Command } from 'commander';

/** The commands as `baton --help` lists them: what belongs together, in the order in which one comes to need it. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'Start:': ['init', 'check', 'doctor', 'secret', 'schema'],
  'Run a team:': ['run', 'resume', 'follow', 'pause', 'continue', 'cancel', 'fork'],
  'See who broke it:': ['why', 'show', 'runs', 'inspect', 'diff', 'compare', 'score', 'overrule', 'export'],
  'Train its roles:': ['train', 'eval', 'policies', 'promote', 'rollback', 'pin', 'serve', 'export-model'],
  'On other machines:': ['target', 'jobs'],
};

/** Sort the commands into their groups. A command without a group would stand below them all. */
export function grouped(root: Command): void {
  root.commandsGroup(Object.keys(GROUPS)[0]!).helpCommand(true);
  const order = Object.values(GROUPS).flat();
  const place = (command: Command) =>
    order.includes(command.name()) ? order.indexOf(command.name()) : order.length;
  (root.commands as Command[]).sort((a, b) => place(a) - place(b));
  for (const [heading, names] of Object.entries(GROUPS))
    for (const command of root.commands) if (names.includes(command.name())) command.helpGroup(heading);
  root.addHelpText('after', AFTER);
}

const AFTER = `
New here? init writes a team, run carries it through its tasks, why says who broke them. help COMMAND says more.
Exit codes: 0 fine; 1 the input has problems, or --fail-under was missed; 2 usage; 3 the environment lacks something;
4 a budget cap stopped it; 130 cancelled.`;
