# One file, one target a service: orchestrator, agent-host, consensus. `docker compose build` makes all three.

# The kernel, as an addon for Node.
FROM rust:1-bookworm AS kernel
WORKDIR /src/native
COPY native .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/native/target \
    cargo build --release --locked -p murmuration-napi \
    && mkdir /out && cp target/release/libmurmuration_napi.so /out/murmuration.node

# Only the manifests, whatever workspaces there are: later stages install anew only when one of them changes.
FROM node:24-bookworm-slim AS manifests
RUN --mount=type=bind,target=/context \
    cd /context && mkdir /manifests && find . -name 'package*.json' -exec cp --parents {} /manifests \;

# The services, compiled. Install scripts stay off: the one of the package "node" would fetch a second Node. `npm ci`
# would refuse a lock file that was written where other platforms' optional packages were not to be had; `npm install`
# takes the same versions from it.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /manifests .
RUN --mount=type=cache,target=/root/.npm npm install --no-save --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.base.json ./
COPY packages packages
COPY services services
RUN npx tsc -b services/orchestrator services/agent-host services/consensus \
    && find packages services -name '*.d.ts' -delete -o -name '*.d.ts.map' -delete -o -name '.tsbuildinfo' -delete \
    && rm -rf packages/*/src services/*/src && for package in packages/*; do [ -d $package/dist ] || rm -r $package; done

# What each service needs at run time, and nothing else.
FROM node:24-bookworm-slim AS production
WORKDIR /app
COPY --from=manifests /manifests .
ARG install="npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund"

FROM production AS orchestrator-modules
RUN --mount=type=cache,target=/root/.npm $install -w services/orchestrator

FROM production AS agent-host-modules
RUN --mount=type=cache,target=/root/.npm $install -w services/agent-host

FROM production AS consensus-modules
RUN --mount=type=cache,target=/root/.npm $install -w services/consensus

# Node as process 1 handles SIGTERM: the services drain on it themselves.
FROM node:24-bookworm-slim AS service
WORKDIR /app
ENV NODE_ENV=production NODE_OPTIONS="--enable-source-maps --max-semi-space-size=2" HEALTH_PORT=8090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "-e", \
    "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM service AS orchestrator
COPY --from=orchestrator-modules /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=kernel /out/ packages/native/
COPY proto proto
COPY models/flock models/flock
COPY --from=build /app/services/orchestrator services/orchestrator
ENV BUNDLE=/app/models/flock
EXPOSE 50051 8090
USER node
CMD ["node", "services/orchestrator/dist/main.js"]

FROM service AS agent-host
COPY --from=agent-host-modules /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=kernel /out/ packages/native/
COPY --from=build /app/services/agent-host services/agent-host
EXPOSE 8090
USER node
CMD ["node", "services/agent-host/dist/main.js"]

FROM service AS consensus
COPY --from=consensus-modules /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=kernel /out/ packages/native/
COPY --from=build /app/services/consensus services/consensus
EXPOSE 8090
USER node
CMD ["node", "services/consensus/dist/main.js"]
