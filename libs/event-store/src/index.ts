export * from './check-append.js';
export * from './errors.js';
export * from './observer.js';
export * from './port.js';
export * from './pulled-subscription.js';
