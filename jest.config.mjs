/** Specs run from dist, where workers find their built files; traces point at the .ts lines through source maps. */
export default {
  roots: ['<rootDir>/dist'],
  testMatch: ['**/*.spec.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 30_000,
};
