/** What may be told of anything thrown: its kind, a code, and where it was thrown; not its message. */
export function thrownFacts(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof Error)) return { error: typeof thrown };
  const { code } = thrown as { code?: unknown };
  const stack = (thrown.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 10)
    .map((line) => line.trim());
  return {
    error: thrown.name,
    // Codes are words of ours, of Node or of a library; anything longer is none.
    ...(typeof code === 'string' && /^[\w-]{1,40}$/.test(code) ? { code } : {}),
    stack,
  };
}
