import * as l10n from '@vscode/l10n';
import type { TypeName, Value } from './ast.js';

export interface ExpressionFunction {
  takes: TypeName[];
  gives: TypeName;
  says: () => string;
  run(...args: Value[]): Value;
}

const number = (value: Value | undefined): number => (typeof value === 'number' ? value : Number.NaN);
const list = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : []);

/** The closed list of functions. */
export const functions: Record<string, ExpressionFunction> = {
  count: {
    takes: ['anything'],
    gives: 'number',
    says: () => l10n.t('how many items a list has, or characters a text has'),
    run: (of) => (Array.isArray(of) || typeof of === 'string' ? of.length : 0),
  },
  abs: {
    takes: ['number'],
    gives: 'number',
    says: () => l10n.t('the size of a number'),
    run: (a) => Math.abs(number(a)),
  },
  min: {
    takes: ['number', 'number'],
    gives: 'number',
    says: () => l10n.t('the smaller'),
    run: (a, b) => Math.min(number(a), number(b)),
  },
  max: {
    takes: ['number', 'number'],
    gives: 'number',
    says: () => l10n.t('the larger'),
    run: (a, b) => Math.max(number(a), number(b)),
  },
  round: {
    takes: ['number'],
    gives: 'number',
    says: () => l10n.t('the nearest whole number'),
    run: (a) => Math.round(number(a)),
  },
  lower: {
    takes: ['text'],
    gives: 'text',
    says: () => l10n.t('in lower case'),
    run: (a) => String(a).toLowerCase(),
  },
  trim: {
    takes: ['text'],
    gives: 'text',
    says: () => l10n.t('without blanks around it'),
    run: (a) => String(a).trim(),
  },
  unique: {
    takes: ['list'],
    gives: 'list',
    says: () => l10n.t('each item once'),
    run: (of) => [...new Map(list(of).map((item) => [JSON.stringify(item), item])).values()],
  },
  without: {
    takes: ['list', 'list'],
    gives: 'list',
    says: () => l10n.t('the items of the first list that the second does not have'),
    run: (a, b) => {
      const gone = new Set(list(b).map((item) => JSON.stringify(item)));
      return list(a).filter((item) => !gone.has(JSON.stringify(item)));
    },
  },
  contains: {
    takes: ['text', 'text'],
    gives: 'yes-no',
    says: () => l10n.t('whether the second text stands in the first'),
    run: (a, b) => String(a).includes(String(b)),
  },
};
