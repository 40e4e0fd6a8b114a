/**
 * The seam of the component kit: every control of our views comes from here, so that the kit (deprecated since
 * January 2025, and working) can be swapped in one place. Controls are plain React components over its elements.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { type ReactNode, useEffect, useRef } from 'react';

import { isSave } from './keys.js';

export { Tabs } from './tabs.js';

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeTextArea(),
  vsCodeTextField(),
);

export function Button(props: {
  children: ReactNode;
  onPress: () => void;
  secondary?: boolean;
  label?: string;
  disabled?: boolean;
}) {
  return (
    <vscode-button
      appearance={props.secondary ? 'secondary' : 'primary'}
      aria-label={props.label}
      disabled={props.disabled || undefined}
      onClick={props.onPress}
    >
      {props.children}
    </vscode-button>
  );
}

/** A small button inside a row; a native one, since the kit's is too tall there. */
export function SmallButton(props: { children: ReactNode; label: string; onPress: () => void }) {
  return (
    <button
      type="button"
      className="small"
      aria-label={props.label}
      title={props.label}
      onClick={props.onPress}
    >
      {props.children}
    </button>
  );
}

interface Valued {
  value: string;
  label: string;
  /** Called when the person is done: on Enter or when the field is left. */
  onCommit: (value: string) => void;
}

/**
 * One line of text. Escape takes the typing back. `once`: it is empty again when it was committed. `asks`: leaving it
 * commits nothing, as where a button beside it takes the question back.
 */
export function TextField(props: Valued & { once?: boolean; asks?: boolean }) {
  const { value, label, onCommit, once = false, asks = false } = props;
  const field = useCommitted(value, onCommit, { enter: true, leave: !asks, once });
  return (
    <vscode-text-field ref={field} value={value}>
      {label}
    </vscode-text-field>
  );
}

/** Some lines of text; committed when it is left. */
export function TextArea({ value, label, onCommit }: Valued) {
  const field = useCommitted(value, onCommit, { enter: false, leave: true, once: false });
  return (
    <vscode-text-area ref={field} value={value} rows={4} resize="vertical">
      {label}
    </vscode-text-area>
  );
}

export function Dropdown(props: {
  value: string;
  label: string;
  options: readonly string[];
  onChoose: (value: string) => void;
}) {
  const field = useRef<HTMLElement & { value: string }>(null);
  const choose = useRef(props.onChoose);
  choose.current = props.onChoose;
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    const changed = () => choose.current(element.value);
    element.addEventListener('change', changed);
    return () => element.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    if (field.current) field.current.value = props.value;
  }, [props.value]);
  return (
    <div className="field">
      <span className="label" aria-hidden="true">
        {props.label}
      </span>
      <vscode-dropdown ref={field} aria-label={props.label}>
        {props.options.map((option) => (
          <vscode-option key={option} value={option}>
            {option}
          </vscode-option>
        ))}
      </vscode-dropdown>
    </div>
  );
}

export function Checkbox(props: { checked: boolean; label: string; onChange: (checked: boolean) => void }) {
  const field = useRef<HTMLElement & { checked: boolean }>(null);
  const change = useRef(props.onChange);
  change.current = props.onChange;
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.checked = props.checked;
    const changed = () => {
      if (element.checked !== props.checked) change.current(element.checked);
    };
    element.addEventListener('change', changed);
    return () => element.removeEventListener('change', changed);
  }, [props.checked]);
  return <vscode-checkbox ref={field}>{props.label}</vscode-checkbox>;
}

/**
 * Listens on a text control for the end of typing, which saving and being taken away are too; what was committed once
 * is not committed again.
 */
function useCommitted(
  value: string,
  onCommit: (value: string) => void,
  { enter, leave, once }: { enter: boolean; leave: boolean; once: boolean },
) {
  const field = useRef<HTMLElement & { value: string }>(null);
  const commit = useRef(onCommit);
  commit.current = onCommit;
  const finish = useRef(() => {});
  // The drawing keeps the focus where it is: a field may go with somebody's typing in it.
  useEffect(() => () => finish.current(), []);
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.value = value;
    let settled = value;
    const done = () => {
      const typed = element.value;
      if (typed === settled) return;
      settled = once ? value : typed;
      if (once) element.value = value;
      commit.current(typed);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        element.value = value;
        settled = value;
        event.stopPropagation();
      }
      if ((enter && event.key === 'Enter') || (leave && isSave(event))) done();
    };
    if (leave) finish.current = done;
    if (leave) element.addEventListener('focusout', done);
    element.addEventListener('keydown', key);
    return () => {
      element.removeEventListener('focusout', done);
      element.removeEventListener('keydown', key);
    };
  }, [value, enter, leave, once]);
  return field;
}
