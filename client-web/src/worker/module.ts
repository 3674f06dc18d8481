/**
 * Fetches and compiles the core.
 *
 * Owns where its code lies in the build. Refuses to know what it does. Invariant: fetched once for each worker.
 */

import init, * as bindings from '../core/pkg/sotto_wasm.js';
import code from '../core/pkg/sotto_wasm_bg.wasm?url';
import type { CoreModule } from '../core/api';

export async function loadModule(): Promise<CoreModule> {
  await init({ module_or_path: code });
  return bindings as unknown as CoreModule;
}
