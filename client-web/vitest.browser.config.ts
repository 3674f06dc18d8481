import { defineConfig } from 'vitest/config';

/** Tests in a real browser against the real server: `cargo xtask test` builds both and runs them. */
export default defineConfig({
  test: {
    // With the sample practice at hand, that is what is looked at.
    include: [process.env['SOTTO_SAMPLE'] ? 'tests/sample/**/*.test.ts' : 'tests/browser/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // As long as a page is waited for.
    expect: { poll: { timeout: 30_000, interval: 100 } },
  },
});
