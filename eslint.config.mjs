import tseslint from 'typescript-eslint';

const CLOCK = 'Only apps read the wall clock: take a Clock (libs/kernel/src/ports.ts).';
const RANDOM = 'Only apps make randomness: take a Randomness (libs/kernel/src/ports.ts).';
const SETTINGS = 'Only apps read environment variables: take the value as an argument.';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '**/data/', 'demo-data/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers in messages are plain; ids and counts are never objects.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A Nest module is an empty class under a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `(x) => f(x)` hands on that f returns nothing.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Positions in a text are counted in code points, which is what spreading a string gives.
      '@typescript-eslint/no-misused-spread': 'off',
      eqeqeq: 'error',
    },
  },
  {
    // The libs are pure of the machine that they run on.
    files: ['libs/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/test-support/**', '**/contract/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: CLOCK },
        { object: 'Math', property: 'random', message: RANDOM },
        { object: 'process', property: 'env', message: SETTINGS },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CLOCK },
        { selector: 'ImportSpecifier[imported.name=/^(randomBytes|randomUUID|randomFillSync)$/]', message: RANDOM },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/test-support/**/*.ts', 'test/**/*.ts', '**/contract.ts', '**/contract/**/*.ts'],
    rules: {
      // A test says what it knows about its own data.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
