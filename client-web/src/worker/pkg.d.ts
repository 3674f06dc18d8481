/** The core's bindings where they have not been built: `cargo xtask wasm` makes them, `core/api.ts` says what they offer. */
declare module '*/core/pkg/sotto_wasm.js' {
  export default function init(options: { module_or_path: string }): Promise<unknown>;
}
