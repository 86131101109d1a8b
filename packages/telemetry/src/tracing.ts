/** Ends tracing; sends what is still held, for at most two seconds. */
export type StopTracing = () => Promise<void>;

/** Whether the standard variables ask for traces: without an endpoint nothing is set up and spans cost nothing. */
export function tracingWanted(env: NodeJS.ProcessEnv = process.env): boolean {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
}

/**
 * Sends spans by OTLP over HTTP, set up by the `OTEL_*` variables as OpenTelemetry defines them
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The sampler is
 * OTEL_TRACES_SAMPLER's, by default parent-based with a tenth of all frames: at hundreds of frames a second every one
 * is more than anybody reads.
 */
export async function startTracing(service: string, instance: string, version: string): Promise<StopTracing> {
  if (!tracingWanted()) return async () => {};
  const { startSdk } = await import('./sdk.js');
  return startSdk(service, instance, version);
}
