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

import type { StopTracing } from './tracing.js';

/** Sets up OpenTelemetry's SDK: in a file of its own, so that a process that sends no traces does not load it. */
export function startSdk(service: string, instance: string, version: string): StopTracing {
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
