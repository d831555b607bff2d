/** Status changes for whoever wants to hear of them: in pages, as a stream, and sent to their address. */
export type { ChangeFilter, ChangePage, ChangePlace, ChangeSource, FedChange } from './ports.js';
