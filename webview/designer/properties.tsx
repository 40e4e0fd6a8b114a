import type {
  DesignerEdit,
  Graph,
  ShownArtifact,
  ShownProblem,
  ShownRole,
} from '../../src/editor/protocol/designer.js';
import { Button, Checkbox, Dropdown, SmallButton, TextArea, TextField } from '../ui/index.js';
import type { Selection } from './selection.js';

interface Props {
  graph: Graph;
  selection: Selection | null;
  edit: (edit: DesignerEdit) => void;
  select: (selection: Selection | null) => void;
  reveal: (selection: Selection) => void;
}

const NOBODY = '(nobody)';
const ADD = '(add)';

/** The fields of what is selected; each is written to the text when it is left. */
export function Properties(props: Props) {
  const { graph, selection } = props;
  if (selection?.kind === 'role') {
    const role = graph.roles.find(({ name }) => name === selection.name);
    if (role) return <RoleFields {...props} role={role} />;
  }
  if (selection?.kind === 'artifact') {
    const artifact = graph.artifacts.find(({ name }) => name === selection.name);
    if (artifact) return <ArtifactFields {...props} artifact={artifact} />;
  }
  return (
    <section aria-label="Workflow">
      <h2>{graph.title}</h2>
      <p className="hint">
        Choose a role or an artifact. Draw a line from one role to another to hand something over. A double
        click shows the text.
      </p>
      <Problems list={graph.problems} />
    </section>
  );
}

function RoleFields({ graph, role, edit, select, reveal }: Props & { role: ShownRole }) {
  const self: Selection = { kind: 'role', name: role.name };
  const set = (field: 'role' | 'model' | 'max_turns' | 'trained', value: string | number | boolean | null) =>
    edit({ do: 'role', name: role.name, field, value });
  const takes = graph.artifacts.filter(
    ({ name, producer }) => producer !== role.name && !role.consumes.includes(name),
  );
  const makes = graph.artifacts.filter(({ producer }) => producer === null);
  return (
    <section aria-label={`Role ${role.name}`}>
      <h2>Role</h2>
      <Problems list={role.problems} />
      <TextField
        label="Name"
        value={role.name}
        onCommit={(to) => edit({ do: 'rename', kind: 'role', from: role.name, to })}
      />
      <TextArea label="Answers for" value={role.role} onCommit={(value) => set('role', value)} />
      <Dropdown
        label="Model"
        value={role.model ?? ''}
        options={graph.models}
        onChoose={(value) => set('model', value)}
      />
      <TextField
        label="Turns at most"
        value={role.maxTurns === null ? '' : String(role.maxTurns)}
        onCommit={(value) => set('max_turns', value.trim() === '' ? null : Number(value) || value)}
      />
      <Checkbox
        label="Is trained"
        checked={role.trained}
        onChange={(on) => set('trained', on ? null : false)}
      />
      <h3>Is handed</h3>
      <Rows
        names={role.consumes}
        empty="nothing"
        select={select}
        remove={(artifact) => edit({ do: 'disconnect', artifact, role: role.name })}
      />
      {takes.length > 0 && (
        <Dropdown
          label="Hand it"
          value={ADD}
          options={[ADD, ...takes.map(({ name }) => name)]}
          onChoose={(artifact) => artifact !== ADD && edit({ do: 'connect', artifact, role: role.name })}
        />
      )}
      <h3>Owes</h3>
      <Rows
        names={role.produces}
        empty="nothing"
        select={select}
        remove={(artifact) => edit({ do: 'produce', artifact, role: null })}
      />
      {makes.length > 0 && (
        <Dropdown
          label="Let it make"
          value={ADD}
          options={[ADD, ...makes.map(({ name }) => name)]}
          onChoose={(artifact) => artifact !== ADD && edit({ do: 'produce', artifact, role: role.name })}
        />
      )}
      <Foot self={self} edit={edit} reveal={reveal} />
    </section>
  );
}

function ArtifactFields({ graph, artifact, edit, reveal, select }: Props & { artifact: ShownArtifact }) {
  const { name } = artifact;
  const self: Selection = { kind: 'artifact', name };
  const check = (at: number, value: string | null) => edit({ do: 'checks', name, at, value });
  return (
    <section aria-label={`Artifact ${name}`}>
      <h2>Artifact</h2>
      <Problems list={artifact.problems} />
      <TextField
        label="Name"
        value={name}
        onCommit={(to) => edit({ do: 'rename', kind: 'artifact', from: name, to })}
      />
      <Dropdown
        label="Kind"
        value={artifact.kind}
        options={graph.kinds}
        onChoose={(value) => edit({ do: 'artifact', name, field: 'kind', value })}
      />
      {artifact.kind !== 'message' && (
        <TextField
          label="Path in the workspace"
          value={artifact.path ?? ''}
          onCommit={(value) => edit({ do: 'artifact', name, field: 'path', value })}
        />
      )}
      <Dropdown
        label="Made by"
        value={artifact.producer ?? NOBODY}
        options={[NOBODY, ...graph.roles.map((role) => role.name)]}
        onChoose={(role) => edit({ do: 'produce', artifact: name, role: role === NOBODY ? null : role })}
      />
      <h3>Contract</h3>
      {artifact.checks.map((text, at) => (
        // A contract's place is what it is known by.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div className="row" key={at}>
          <TextField
            label={`Check ${at + 1}`}
            value={text}
            onCommit={(value) => check(at, value.trim() === '' ? null : value)}
          />
          <SmallButton label={`Remove check ${at + 1}`} onPress={() => check(at, null)}>
            ×
          </SmallButton>
        </div>
      ))}
      <TextField
        label="Add a check"
        value=""
        onCommit={(value) => value.trim() !== '' && check(artifact.checks.length, value)}
      />
      <h3>Handed to</h3>
      <Rows
        names={artifact.consumers}
        empty="nobody: it is a result"
        select={(item) => item && select({ kind: 'role', name: item.name })}
        remove={(role) => edit({ do: 'disconnect', artifact: name, role })}
      />
      <Foot self={self} edit={edit} reveal={reveal} />
    </section>
  );
}

function Rows(props: {
  names: string[];
  empty: string;
  select: (selection: Selection | null) => void;
  remove: (name: string) => void;
}) {
  if (props.names.length === 0) return <p className="hint">{props.empty}</p>;
  return (
    <ul className="rows">
      {props.names.map((name) => (
        <li key={name}>
          <button type="button" className="link" onClick={() => props.select({ kind: 'artifact', name })}>
            {name}
          </button>
          <SmallButton label={`Remove ${name}`} onPress={() => props.remove(name)}>
            ×
          </SmallButton>
        </li>
      ))}
    </ul>
  );
}

function Foot({ self, edit, reveal }: { self: Selection; edit: Props['edit']; reveal: Props['reveal'] }) {
  return (
    <div className="foot">
      <Button secondary onPress={() => reveal(self)}>
        Show text
      </Button>
      <Button secondary onPress={() => edit({ do: 'delete', ...self })}>
        Delete
      </Button>
    </div>
  );
}

function Problems({ list }: { list: readonly ShownProblem[] }) {
  return (
    <ul className="problems">
      {list.map(({ message, severity, line }) => (
        <li key={`${line}${message}`} className={severity}>
          {message}
        </li>
      ))}
    </ul>
  );
}
