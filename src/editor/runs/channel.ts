/** The control channel's client, apart from what else the editor needs: it is loaded when a run is steered. */
export { ControlClient } from '../../rollout/index.js';
