import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';

/** A row of tabs with the panel of the chosen one below it; the arrow keys move, as everywhere. */
export function Tabs(props: {
  label: string;
  tabs: readonly { id: string; title: string }[];
  chosen: string;
  onChoose: (id: string) => void;
  /** What the chosen tab shows. */
  children: ReactNode;
}) {
  const own = useId();
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
    <>
      <div ref={row} className="tabs" role="tablist" aria-label={props.label} tabIndex={-1} onKeyDown={move}>
        {props.tabs.map(({ id, title }) => (
          <button
            key={id}
            id={`${own}${id}`}
            type="button"
            role="tab"
            aria-selected={id === props.chosen}
            aria-controls={id === props.chosen ? `${own}panel` : undefined}
            tabIndex={id === props.chosen ? 0 : -1}
            onClick={() => props.onChoose(id)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${own}panel`} aria-labelledby={`${own}${props.chosen}`}>
        {props.children}
      </div>
    </>
  );
}
