#!/usr/bin/env node
console.error('baton: nothing is wired up yet');
process.exitCode = 2;
