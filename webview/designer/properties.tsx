import * as l10n from '@vscode/l10n';
import type {
  DesignerEdit,
  Graph,
  ShownArtifact,
  ShownProblem,
  ShownPrompt,
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

/** The fields of what is selected; each is written to the text when it is left. */
export function Properties(props: Props) {
  const { graph, selection } = props;
  if (selection?.kind === 'role') {
    const role = graph.roles.find(({ name }) => name === selection.name);
    if (role) return <RoleFields {...props} key={`role:${role.name}`} role={role} />;
  }
  if (selection?.kind === 'artifact') {
    const artifact = graph.artifacts.find(({ name }) => name === selection.name);
    if (artifact) return <ArtifactFields {...props} key={`artifact:${artifact.name}`} artifact={artifact} />;
  }
  return (
    <section aria-label={l10n.t('Workflow')}>
      <h2>{graph.title}</h2>
      <p className="hint">
        {l10n.t(
          'Choose a role or an artifact. Draw a line from one role to another to hand something over. A double click shows the text.',
        )}
      </p>
      <Problems list={graph.problems} />
    </section>
  );
}

function RoleFields({ graph, role, edit, select, reveal }: Props & { role: ShownRole }) {
  const self: Selection = { kind: 'role', name: role.name };
  type Edit = Extract<DesignerEdit, { do: 'role' }>;
  const set = (field: Edit['field'], value: Edit['value']) =>
    edit({ do: 'role', name: role.name, field, value });
  const nothing = l10n.t('(none)');
  const asDefault = l10n.t('(as the workflow says)');
  const takes = graph.artifacts.filter(
    ({ name, producer }) => producer !== role.name && !role.consumes.includes(name),
  );
  const makes = graph.artifacts.filter(({ producer }) => producer === null);
  const add = l10n.t('(add)');
  return (
    <section aria-label={l10n.t('Role {0}', role.name)}>
      <h2>{l10n.t('Role')}</h2>
      <Problems list={role.problems} />
      <TextField
        label={l10n.t('Name')}
        value={role.name}
        onCommit={(to) => edit({ do: 'rename', kind: 'role', from: role.name, to })}
      />
      <TextArea label={l10n.t('Answers for')} value={role.role} onCommit={(value) => set('role', value)} />
      <Prompt
        label={l10n.t('Instructions')}
        shown={role.instructions}
        onCommit={(value) => set('instructions', value)}
      />
      <Prompt
        label={l10n.t('What it is asked')}
        shown={role.prompt}
        onCommit={(value) => set('prompt', value)}
      />
      <Dropdown
        label={l10n.t('Model')}
        value={role.ownModel ?? asDefault}
        options={[asDefault, ...graph.models]}
        onChoose={(value) => set('model', value === asDefault ? null : value)}
      />
      <Dropdown
        label={l10n.t('Tools')}
        value={role.tools === null ? asDefault : (role.tools[0] ?? nothing)}
        options={[asDefault, 'python', nothing]}
        onChoose={(value) => set('tools', value === asDefault ? null : value === nothing ? [] : [value])}
      />
      <Dropdown
        label={l10n.t('Sees of the others')}
        value={role.context ?? asDefault}
        options={[asDefault, 'full', 'previous']}
        onChoose={(value) => set('context', value === asDefault ? null : value)}
      />
      <TextField
        label={l10n.t('Turns at most')}
        value={role.maxTurns === null ? '' : String(role.maxTurns)}
        onCommit={(value) => set('max_turns', value.trim() === '' ? null : Number(value) || value)}
      />
      <Checkbox
        label={l10n.t('Is trained')}
        checked={role.trained}
        onChange={(on) => set('trained', on ? null : false)}
      />
      <h3>{l10n.t('Is handed')}</h3>
      <Rows
        names={role.consumes}
        empty={l10n.t('nothing')}
        select={select}
        remove={(artifact) => edit({ do: 'disconnect', artifact, role: role.name })}
      />
      {takes.length > 0 && (
        <Dropdown
          label={l10n.t('Hand it')}
          value={add}
          options={[add, ...takes.map(({ name }) => name)]}
          onChoose={(artifact) => artifact !== add && edit({ do: 'connect', artifact, role: role.name })}
        />
      )}
      <h3>{l10n.t('Owes')}</h3>
      <Rows
        names={role.produces}
        empty={l10n.t('nothing')}
        select={select}
        remove={(artifact) => edit({ do: 'produce', artifact, role: null })}
      />
      {makes.length > 0 && (
        <Dropdown
          label={l10n.t('Let it make')}
          value={add}
          options={[add, ...makes.map(({ name }) => name)]}
          onChoose={(artifact) => artifact !== add && edit({ do: 'produce', artifact, role: role.name })}
        />
      )}
      <Foot self={self} edit={edit} reveal={reveal} />
    </section>
  );
}

function ArtifactFields({ graph, artifact, edit, reveal, select }: Props & { artifact: ShownArtifact }) {
  const { name } = artifact;
  const self: Selection = { kind: 'artifact', name };
  const nobody = l10n.t('(nobody)');
  const check = (at: number, value: string | null) => edit({ do: 'checks', name, at, value });
  return (
    <section aria-label={l10n.t('Artifact {0}', name)}>
      <h2>{l10n.t('Artifact')}</h2>
      <Problems list={artifact.problems} />
      <TextField
        label={l10n.t('Name')}
        value={name}
        onCommit={(to) => edit({ do: 'rename', kind: 'artifact', from: name, to })}
      />
      <Dropdown
        label={l10n.t('Kind')}
        value={artifact.kind}
        options={graph.kinds}
        onChoose={(value) => edit({ do: 'artifact', name, field: 'kind', value })}
      />
      {artifact.kind !== 'message' && (
        <TextField
          label={l10n.t('Path in the workspace')}
          value={artifact.path ?? ''}
          onCommit={(value) => edit({ do: 'artifact', name, field: 'path', value })}
        />
      )}
      <Dropdown
        label={l10n.t('Made by')}
        value={artifact.producer ?? nobody}
        options={[nobody, ...graph.roles.map((role) => role.name)]}
        onChoose={(role) => edit({ do: 'produce', artifact: name, role: role === nobody ? null : role })}
      />
      <h3>{l10n.t('Contract')}</h3>
      {artifact.checks.map((text, at) => (
        // A contract's place is what it is known by.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div className="row" key={at}>
          <TextField
            label={l10n.t('Check {0}', at + 1)}
            value={text}
            onCommit={(value) => check(at, value.trim() === '' ? null : value)}
          />
          <SmallButton label={l10n.t('Remove check {0}', at + 1)} onPress={() => check(at, null)}>
            ×
          </SmallButton>
        </div>
      ))}
      <TextField
        label={l10n.t('Add a check')}
        value=""
        once
        onCommit={(value) => value.trim() !== '' && check(artifact.checks.length, value)}
      />
      <h3>{l10n.t('Handed to')}</h3>
      <Rows
        names={artifact.consumers}
        empty={l10n.t('nobody: it is a result')}
        select={(item) => item && select({ kind: 'role', name: item.name })}
        remove={(role) => edit({ do: 'disconnect', artifact: name, role })}
      />
      <Foot self={self} edit={edit} reveal={reveal} />
    </section>
  );
}

/** A text of a role; one that stands in a file of its own is named, as it is written there. */
function Prompt(props: { label: string; shown: ShownPrompt; onCommit: (text: string) => void }) {
  const { label, shown, onCommit } = props;
  if (shown !== null && 'file' in shown)
    return (
      <div className="field">
        <span className="label">{label}</span>
        <span className="hint">{l10n.t('in {0}', shown.file)}</span>
      </div>
    );
  return <TextArea label={label} value={shown?.text ?? ''} onCommit={onCommit} />;
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
          <SmallButton label={l10n.t('Remove {0}', name)} onPress={() => props.remove(name)}>
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
        {l10n.t('Show text')}
      </Button>
      <Button secondary onPress={() => edit({ do: 'delete', ...self })}>
        {l10n.t('Delete')}
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
