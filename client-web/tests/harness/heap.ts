/**
 * What a page's heap still holds, and who holds it.
 *
 * Owns taking a snapshot of it, by the browser's own tools and after collecting what nobody refers to. The linear memory of
 * WebAssembly is in none; that goes with its worker, whose absence is what a test looks at.
 */

import type { Page } from 'playwright-core';

interface Snapshot {
  snapshot: {
    meta: { node_fields: string[]; node_types: [string[]]; edge_fields: string[]; edge_types: [string[]] };
  };
  nodes: number[];
  edges: number[];
  strings: string[];
}

/** Which of the texts some string in the page's heap holds: each with the way from the heap's root to that string. */
export async function heldInHeap(page: Page, texts: readonly string[]): Promise<Map<string, string>> {
  const session = await page.context().newCDPSession(page);
  let written = '';
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => (written += chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.takeHeapSnapshot', {});
  await session.detach();
  const snapshot = JSON.parse(written) as Snapshot;
  const found = new Map<string, string>();
  for (const text of texts) {
    const at = snapshot.strings.findIndex((string) => string.includes(text));
    if (at >= 0) found.set(text, wayTo(snapshot, at));
  }
  return found;
}

/** The shortest way along strong references; its names are what a person needs to find the culprit. */
function wayTo({ snapshot: { meta }, nodes, edges, strings }: Snapshot, name: number): string {
  const node = fields(meta.node_fields);
  const nodeSize = meta.node_fields.length;
  const edge = fields(meta.edge_fields);
  const edgeSize = meta.edge_fields.length;
  const weak = meta.edge_types[0].indexOf('weak');
  const named = new Set(['element', 'hidden'].map((kind) => meta.edge_types[0].indexOf(kind)));
  const first: number[] = [];
  for (let at = 0, next = 0; at < nodes.length; at += nodeSize) {
    first.push(next);
    next += nodes[at + (node['edge_count'] ?? 0)] ?? 0;
  }
  const came = new Map<number, { from: number; by: string }>([[0, { from: -1, by: '' }]]);
  const queue = [0];
  for (const from of queue) {
    const called = nodes[from + (node['name'] ?? 0)] ?? 0;
    if (called === name) return describe(from);
    const start = first[from / nodeSize] ?? 0;
    const count = nodes[from + (node['edge_count'] ?? 0)] ?? 0;
    for (let one = start * edgeSize; one < (start + count) * edgeSize; one += edgeSize) {
      const kind = edges[one + (edge['type'] ?? 0)] ?? 0;
      const to = edges[one + (edge['to_node'] ?? 0)] ?? 0;
      if (kind === weak || came.has(to)) continue;
      const by = edges[one + (edge['name_or_index'] ?? 0)] ?? 0;
      came.set(to, { from, by: named.has(kind) ? `[${by}]` : (strings[by] ?? '') });
      queue.push(to);
    }
  }
  return 'no way from the root';

  function describe(at: number): string {
    const steps: string[] = [];
    for (let step = at; step > 0; step = came.get(step)?.from ?? -1) {
      const what = strings[nodes[step + (node['name'] ?? 0)] ?? 0] ?? '';
      steps.unshift(`.${came.get(step)?.by} (${what.slice(0, 40)})`);
    }
    return steps.join(' ');
  }
}

/** Where each field of a node or an edge stands. */
function fields(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, at) => [name, at]));
}
