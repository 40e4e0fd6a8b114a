// The layer rule of the rooms: a room imports only rooms to its left.
const rooms = [
  'workflow',
  'trace',
  'sandbox',
  'policy',
  'rollout',
  'coach',
  'evaluation',
  'engine',
  'training',
  'target',
  'editor',
];

const layers = rooms.map((room, at) => ({
  name: `layer-${room}`,
  severity: 'error',
  comment: `${room}/ may import only rooms to its left: ${rooms.slice(0, at).join(', ') || 'none'}`,
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${[...rooms.slice(at + 1), 'cli', 'extension'].join('|')})(/|\\.ts$)` },
}));

const doors = rooms.map((room) => ({
  name: `door-${room}`,
  severity: 'error',
  comment: `${room}/index.ts is the only door of ${room}/`,
  from: { path: '^src/', pathNot: `^src/${room}/` },
  to: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$|^src/editor/protocol/` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-editor-names-vscode',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(editor/(?!protocol/)|extension\\.ts$)' },
      to: { path: '^vscode$' },
    },
    {
      name: 'cli-without-editor',
      severity: 'error',
      from: { path: '^src/cli' },
      to: { path: '^src/editor/' },
    },
    ...layers,
    ...doors,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
