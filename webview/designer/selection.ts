export interface Selection {
  kind: 'role' | 'artifact';
  name: string;
}
