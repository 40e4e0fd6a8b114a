import type { DetailedHTMLProps, HTMLAttributes, RefObject } from 'react';

/** An element of the kit, as far as our controls use it. */
type KitElement = Omit<DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement>, 'ref'> & {
  ref?:
    | RefObject<(HTMLElement & { value: string }) | null>
    | RefObject<(HTMLElement & { checked: boolean }) | null>;
  value?: string;
  rows?: number;
  resize?: string;
  appearance?: string;
  disabled?: boolean | undefined;
};

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'vscode-button': KitElement;
      'vscode-checkbox': KitElement;
      'vscode-dropdown': KitElement;
      'vscode-option': KitElement;
      'vscode-text-area': KitElement;
      'vscode-text-field': KitElement;
    }
  }
}
