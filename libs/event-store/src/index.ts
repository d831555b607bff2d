export * from './check-append.js';
export * from './errors.js';
export * from './leases.js';
export * from './observer.js';
export * from './operational-state.js';
export * from './port.js';
export * from './pulled-subscription.js';
export * from './trail.js';
