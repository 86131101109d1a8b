import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions/incubating';

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
export function startTracing(service: string, instance: string, version: string): StopTracing {
  if (!tracingWanted()) return async () => {};
  process.env['OTEL_TRACES_SAMPLER'] ??= 'parentbased_traceidratio';
  if (process.env['OTEL_TRACES_SAMPLER'].endsWith('traceidratio'))
    process.env['OTEL_TRACES_SAMPLER_ARG'] ??= '0.1';
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: service,
        [ATTR_SERVICE_INSTANCE_ID]: instance,
        [ATTR_SERVICE_VERSION]: version,
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { maxQueueSize: 4096 })],
  });
  provider.register({ contextManager: new AsyncLocalStorageContextManager() });
  return async () => {
    await Promise.race([provider.shutdown(), new Promise((done) => setTimeout(done, 2000).unref())]);
  };
}
