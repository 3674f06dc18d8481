/**
 * Runs `tests/NAME.ts`: Node cannot read TypeScript by itself, Vite can.
 *
 * `cargo xtask screens`, `cargo xtask bench web` and `cargo xtask bench restore` start it, with the binaries and the browser in the environment.
 */

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const name = process.argv[2];
const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
await runnerImport(script, { configFile: false, logLevel: 'warn' });
