import { openTeam, runClean } from './blame/measure.js';
import { blameReport } from './blame/table.js';
const team = openTeam(process.cwd(), process.env.BATON_TEST_PYTHON!);
const clean = await runClean(team, (t) => console.error(t, new Date().toISOString()));
console.log(blameReport([], clean));
