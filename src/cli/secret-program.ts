import type { Command } from 'commander';
import { isReferenceName, originOf } from '../workflow/index.js';
import { readStdin, userKeys } from './keys.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

/** `baton secret set | list | delete`: keys of model servers. None is ever printed. */
export function secretCommands(
  root: Command,
  json: (command: Command) => Command,
  terminal: () => Terminal,
  done: (code: number) => void,
): void {
  const secret = root.command('secret').description('keys of model servers, each kept for one address only');
  json(secret.command('set <name>'))
    .description('store a key, read from stdin')
    .requiredOption('--for <url>', 'the address it may be sent to')
    .action(async (name: string, options: { for: string }) => {
      const out = terminal();
      mustBeName(name);
      const origin = serverOrigin(options.for);
      const key = (await readStdin()).trim();
      if (key === '')
        throw new Failure(
          'secret.empty',
          `No key came on stdin, so nothing was stored: printenv ${name} | ${commandName()} secret set ${name} --for ${origin}`,
          exit.usage,
        );
      userKeys().set(name, origin, key);
      out.emit({ secret: name, origin });
      out.say(
        `${name} is stored for ${origin}, and goes nowhere else. In a workflow: api_key: "\${secret:${name}}"`,
      );
      done(exit.fine);
    });
  json(secret.command('list'))
    .description('which keys are stored, and for which addresses')
    .action(() => {
      const out = terminal();
      const stored = userKeys().list();
      out.emit({ secrets: stored });
      if (stored.length === 0) out.say('No key is stored.');
      else
        out.table(
          ['key', 'for'],
          stored.map(({ name, origins }) => [name, origins.join(', ')]),
        );
      done(exit.fine);
    });
  json(secret.command('delete <name>'))
    .description('forget a key, for all of its addresses')
    .action((name: string) => {
      const out = terminal();
      const keys = userKeys();
      const there = keys.list().map((each) => each.name);
      if (!keys.delete(name))
        throw new Failure(
          'secret.unknown',
          `There is no key "${name}"; stored are ${there.join(', ') || 'none'}.`,
          exit.usage,
        );
      out.emit({ secret: name, deleted: true });
      out.say(`${name} is forgotten.`);
      done(exit.fine);
    });
}

/** Under any other name no workflow could use the key. */
function mustBeName(name: string): void {
  if (isReferenceName(name)) return;
  throw new Failure(
    'secret.name',
    `"${name}" cannot stand in a reference, so nothing was stored. A name has letters, digits and _, 64 at most, and begins with no digit, such as MY_KEY.`,
    exit.usage,
  );
}

function serverOrigin(url: string): string {
  if (URL.canParse(url) && /^https?:/i.test(url)) return originOf(url);
  throw new Failure(
    'secret.address',
    `--for takes the address of a server, such as https://api.example.com; not "${url}".`,
    exit.usage,
  );
}
