import 'uplot/dist/uPlot.min.css';
import '../ui/base.css';
import './training.css';
import * as l10n from '@vscode/l10n';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Dashboard, type ToHost, type ToView, toView } from '../../src/editor/protocol/training.js';
import { Boundary } from '../ui/boundary.js';
import { send as post, remember, remembered } from '../ui/host.js';
import { Button, Dropdown, Tabs } from '../ui/index.js';
import { localise } from '../ui/l10n.js';
import { Alarms } from './alarms.js';
import { ChartCard } from './chart.js';
import { Checkpoints } from './checkpoints.js';
import { Coach } from './coach.js';
import { Head } from './head.js';

const send = (message: ToHost) => post(message);

/** What the page keeps over a reload; the host finds the run again by it. */
interface Kept {
  run: string;
  tab: 'curves' | 'coach';
}

function Training() {
  const [dashboard, setDashboard] = useState<Dashboard | null>(null);
  const [empty, setEmpty] = useState<(ToView & { type: 'empty' }) | null>(null);
  const [said, setSaid] = useState<(ToView & { type: 'said' }) | null>(null);
  const [tab, setTab] = useState(remembered<Kept>({ run: '', tab: 'curves' }).tab);
  const theme = useTheme();
  useEffect(() => {
    const listen = (event: MessageEvent<unknown>) => {
      const message = toView.safeParse(event.data);
      if (!message.success) return;
      switch (message.data.type) {
        case 'dashboard':
          setEmpty(null);
          return setDashboard(message.data.dashboard);
        case 'empty':
          return setEmpty(message.data);
        case 'said':
          return setSaid(message.data);
        default:
          return message.data satisfies never;
      }
    };
    window.addEventListener('message', listen);
    send({ type: 'ready' });
    return () => window.removeEventListener('message', listen);
  }, []);
  const run = dashboard?.run ?? '';
  useEffect(() => {
    if (run) remember<Kept>({ run, tab });
    send({ type: 'coach', shown: tab === 'coach' });
  }, [run, tab]);
  if (empty)
    return (
      <div className="nothing">
        <p>{empty.message}</p>
        {empty.train && (
          <>
            <p className="hint">
              {l10n.t('Open a workflow and press Train above its roles, or start here.')}
            </p>
            <Button onPress={() => send({ type: 'train' })}>{l10n.t('Train a team')}</Button>
          </>
        )}
      </div>
    );
  if (!dashboard) return <p className="hint waits">{l10n.t('Reading the log …')}</p>;
  return (
    <div className="training">
      <Head
        dashboard={dashboard}
        steer={(how) => {
          setSaid(null);
          send({ type: 'steer', how });
        }}
      />
      {said && (
        <p className={said.problem ? 'said problem' : 'said'} role="alert">
          {said.message}
        </p>
      )}
      <Alarms alarms={dashboard.alarms} />
      <Tabs
        label={l10n.t('Parts of the page')}
        tabs={[
          { id: 'curves', title: l10n.t('Curves') },
          { id: 'coach', title: l10n.t('Coach') },
        ]}
        chosen={tab}
        onChoose={(id) => setTab(id as Kept['tab'])}
      >
        {tab === 'curves' ? (
          <Curves dashboard={dashboard} theme={theme} />
        ) : (
          <Coach coach={dashboard.coach} open={(rollout) => send({ type: 'open', rollout })} />
        )}
      </Tabs>
    </div>
  );
}

function Curves({ dashboard, theme }: { dashboard: Dashboard; theme: number }) {
  const [stratum, setStratum] = useState('');
  const every = l10n.t('all strata');
  const { strata } = dashboard;
  const wanted = strata.includes(stratum) ? stratum : null;
  const charts = dashboard.charts.map((chart) =>
    chart.id === 'reward'
      ? { ...chart, lines: chart.lines.filter((line) => line.stratum === wanted) }
      : chart,
  );
  return (
    <div className="grid">
      <Checkpoints
        checkpoints={dashboard.checkpoints}
        promote={(checkpoint, role) => send({ type: 'promote', checkpoint, role })}
      />
      {charts.map((chart) => (
        <ChartCard key={chart.id} chart={chart} theme={theme}>
          {chart.id === 'reward' && strata.length > 1 && (
            <Dropdown
              label={l10n.t('of')}
              value={wanted ?? every}
              options={[every, ...strata]}
              onChoose={setStratum}
            />
          )}
        </ChartCard>
      ))}
    </div>
  );
}

/** A number that changes with the theme: what is drawn on a canvas has to be drawn anew. */
function useTheme(): number {
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme((before) => before + 1));
    observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
    return () => observer.disconnect();
  }, []);
  return theme;
}

localise();
createRoot(document.getElementById('root')!).render(
  <Boundary>
    <Training />
  </Boundary>,
);
