/**
 * evaluation/: from ended rollouts to means with intervals, comparisons and ranks. The unit is the table. It must
 * never pick a checkpoint on the split that the final number comes from.
 */
export { type Comparison, compareRollouts, type Paired, pairRollouts } from './compare.js';
export { driftAlarm } from './drift.js';
export { type Interval, tInterval } from './interval.js';
export { type Ended, evaluateRollouts, fairUnit, type Report, succeeded, tableMeans } from './report.js';
