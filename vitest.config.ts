import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/temporary.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real processes share two cores, and wait a good part of the time: two files at a time keep limits meaningful.
          maxWorkers: 2,
          // What comes first is the machine's in a few of them; CI names each test that needed its second try.
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 400_000,
          hookTimeout: 300_000,
          // The editor loses a click now and then; CI names each test that needed its second try.
          retry: 1,
          // One real editor serves all tours, after everything else.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // `npm run bench:editor`: times, not right or wrong, so it is not part of `npm test`.
        test: {
          name: 'bench',
          include: ['test/bench/editor/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      {
        // `npm run test:native`: needs the native binding of TensorFlow.
        test: {
          name: 'native',
          include: ['test/native/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // `npm run test:containers`: needs Docker and Podman.
        test: {
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // `npm run test:box`: needs the Python environment, sshd and Ray, so it is not part of `npm test`.
        test: {
          name: 'box',
          include: ['test/box/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          // They wait for other machines and for processes to start, half of the time.
          maxWorkers: 2,
        },
      },
    ],
  },
});
