import '@xyflow/react/dist/style.css';
import '../ui/base.css';
import './designer.css';
import * as l10n from '@vscode/l10n';
import { ReactFlowProvider } from '@xyflow/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import {
  type DesignerEdit,
  type Graph,
  type ToHost,
  type ToView,
  toView,
} from '../../src/editor/protocol/designer.js';
import { Boundary } from '../ui/boundary.js';
import { send as post, remember, remembered } from '../ui/host.js';
import { Button, TextField } from '../ui/index.js';
import { isSave } from '../ui/keys.js';
import { localise } from '../ui/l10n.js';
import { Canvas } from './canvas.js';
import { Properties } from './properties.js';
import { isThere, type Selection } from './selection.js';
import { Twin } from './twin.js';

const send = (message: ToHost) => post(message);

function Designer() {
  const [graph, setGraph] = useState<Graph | null>(null);
  const [selection, setSelection] = useState<Selection | null>(remembered<Selection | null>(null));
  const [refused, setRefused] = useState<string | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  /** What is selected as soon as the workflow has it. */
  const awaited = useRef<Selection | null>(null);
  const select = useCallback((next: Selection | null) => {
    awaited.current = null;
    setSelection(next);
    remember(next);
  }, []);
  useEffect(() => {
    const take = (message: ToView) => {
      switch (message.type) {
        case 'graph':
          setGraph(message.graph);
          if (awaited.current && isThere(message.graph, awaited.current)) select(awaited.current);
          return;
        case 'refused':
          awaited.current = null;
          return setRefused(message.message);
        default:
          return message satisfies never;
      }
    };
    const listen = (event: MessageEvent<unknown>) => {
      const message = toView.safeParse(event.data);
      if (message.success) take(message.data);
    };
    // The key goes to the editor by a shorter way than the edit of a field, which it makes; so it is asked for here too.
    const key = (event: KeyboardEvent) => {
      if (isSave(event) && (event.target as Element).matches('vscode-text-field, vscode-text-area'))
        send({ type: 'save' });
    };
    window.addEventListener('message', listen);
    document.addEventListener('keydown', key);
    send({ type: 'ready' });
    return () => {
      window.removeEventListener('message', listen);
      document.removeEventListener('keydown', key);
    };
  }, [select]);
  const edit = useCallback(
    (next: DesignerEdit) => {
      setRefused(null);
      send({ type: 'edit', edit: next });
      if (next.do === 'delete') select(null);
      const name = next.do === 'rename' ? next.to : next.do === 'add' ? next.name : null;
      if (name === null || !('kind' in next)) return;
      // What is there already will be refused, and is not what was meant.
      const made = { kind: next.kind, name };
      if (graph && !isThere(graph, made)) awaited.current = made;
    },
    [select, graph],
  );
  const reveal = useCallback((of: Selection) => send({ type: 'reveal', ...of }), []);
  if (!graph) return <p className="hint">{l10n.t('Reading the workflow …')}</p>;
  const shown = selection && isThere(graph, selection) ? selection : null;
  const add = (wanted: Asked, name: string) => {
    setAsked(null);
    if (wanted.kind === 'role') return edit({ do: 'add', kind: 'role', name });
    const known = graph.artifacts.some((artifact) => artifact.name === name);
    if (!known)
      edit({ do: 'add', kind: 'artifact', name, ...(wanted.from ? { producer: wanted.from } : {}) });
    if (wanted.to) edit({ do: 'connect', artifact: name, role: wanted.to });
  };
  return (
    <div className="designer">
      <header>
        <Button secondary onPress={() => setAsked({ kind: 'role' })}>
          {l10n.t('Add role')}
        </Button>
        <Button
          secondary
          onPress={() =>
            setAsked({ kind: 'artifact', ...(shown?.kind === 'role' ? { from: shown.name } : {}) })
          }
        >
          {l10n.t('Add artifact')}
        </Button>
        {asked && (
          <Ask asked={asked} graph={graph} done={(name) => add(asked, name)} cancel={() => setAsked(null)} />
        )}
        {graph.stale && (
          <span className="problem">
            {l10n.t('The text is not valid YAML just now; this is how it was.')}
          </span>
        )}
        {refused && (
          <span className="problem" role="alert">
            {refused}
          </span>
        )}
      </header>
      <main>
        <ReactFlowProvider>
          <Canvas
            graph={graph}
            selection={shown}
            select={select}
            edit={edit}
            reveal={reveal}
            askArtifact={(from, to) => setAsked({ kind: 'artifact', from, to })}
          />
        </ReactFlowProvider>
        {graph.roles.length === 0 && (
          <p className="empty">{l10n.t('No role yet. Add the first one above.')}</p>
        )}
      </main>
      <aside>
        <Twin
          graph={graph}
          selection={shown}
          select={select}
          reveal={reveal}
          remove={(of) => edit({ do: 'delete', ...of })}
        />
        <Properties graph={graph} selection={shown} edit={edit} select={select} reveal={reveal} />
      </aside>
    </div>
  );
}

interface Asked {
  kind: 'role' | 'artifact';
  from?: string;
  to?: string;
}

/** Asks for a name; for a line between two roles also offers what the first one makes already. */
function Ask(props: { asked: Asked; graph: Graph; done: (name: string) => void; cancel: () => void }) {
  const { kind, from, to } = props.asked;
  const made = to
    ? props.graph.artifacts.filter(({ producer, consumers }) => producer === from && !consumers.includes(to))
    : [];
  const what =
    kind === 'role'
      ? l10n.t('Name of the role')
      : from && to
        ? l10n.t('What {0} hands to {1}', from, to)
        : l10n.t('Name of the artifact');
  return (
    <fieldset className="ask" aria-label={what}>
      {made.map(({ name }) => (
        <Button key={name} onPress={() => props.done(name)}>
          {name}
        </Button>
      ))}
      <TextField
        label={what}
        value=""
        onCommit={(name) => name.trim() !== '' && props.done(name.trim())}
        asks
      />
      <Button secondary onPress={props.cancel}>
        {l10n.t('Cancel')}
      </Button>
    </fieldset>
  );
}

localise();
createRoot(document.getElementById('root')!).render(
  <Boundary>
    <Designer />
  </Boundary>,
);
