/**
 * Swagger's decorators, by their own names, for everything that describes itself: they are noted, and take effect when the
 * document is first asked for. Swagger is a quarter of all modules that there are to load, and few starts need it.
 */
type Swagger = typeof import('@nestjs/swagger');
type Decorator = Extract<keyof Swagger, `Api${string}`>;

const noted: ((swagger: Swagger) => void)[] = [];

function putOff<Name extends Decorator>(name: Name): Swagger[Name] {
  const decorator =
    (...options: readonly unknown[]) =>
    (...target: readonly unknown[]): void => {
      noted.push((swagger) => {
        const decorate = swagger[name] as (...given: typeof options) => (...to: typeof target) => void;
        decorate(...options)(...target);
      });
    };
  return decorator;
}

export const ApiBearerAuth = putOff('ApiBearerAuth');
export const ApiBody = putOff('ApiBody');
export const ApiConsumes = putOff('ApiConsumes');
export const ApiHeader = putOff('ApiHeader');
export const ApiOperation = putOff('ApiOperation');
export const ApiParam = putOff('ApiParam');
export const ApiQuery = putOff('ApiQuery');
export const ApiResponse = putOff('ApiResponse');
export const ApiTags = putOff('ApiTags');

/** Decorates whatever was noted since the last call. */
export function describeWith(swagger: Swagger): void {
  for (const decorate of noted.splice(0)) decorate(swagger);
}
