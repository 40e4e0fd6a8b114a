import * as l10n from '@vscode/l10n';
import { Component, type ReactNode } from 'react';

/** Shows what went wrong in a page instead of an empty one. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <p role="alert" className="problem">
        {l10n.t(
          'This view broke: {0}. Close it and open it again; the text of the workflow is untouched.',
          error.message,
        )}
      </p>
    );
  }
}
