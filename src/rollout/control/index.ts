export { ControlClient } from './client.js';
export {
  type Address,
  addressSchema,
  type Gives,
  type HeldAt,
  type Notice,
  type NoticeName,
  type RequestName,
  type RunStatus,
  type Taken,
  type Takes,
} from './protocol.js';
export { ControlServer, type Steering } from './server.js';
