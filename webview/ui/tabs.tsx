import { type KeyboardEvent, useRef } from 'react';

/** A row of tabs; the arrow keys move, as everywhere. */
export function Tabs(props: {
  label: string;
  tabs: readonly { id: string; title: string }[];
  chosen: string;
  onChoose: (id: string) => void;
}) {
  const row = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (by === 0) return;
    const at = props.tabs.findIndex(({ id }) => id === props.chosen);
    const next = (at + by + props.tabs.length) % props.tabs.length;
    props.onChoose(props.tabs[next]!.id);
    row.current?.querySelectorAll('button')[next]?.focus();
  };
  return (
    <div ref={row} className="tabs" role="tablist" aria-label={props.label} tabIndex={-1} onKeyDown={move}>
      {props.tabs.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          role="tab"
          aria-selected={id === props.chosen}
          tabIndex={id === props.chosen ? 0 : -1}
          onClick={() => props.onChoose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
