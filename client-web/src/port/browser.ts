/**
 * The port of a real page.
 *
 * Owns how a browser's tab does what `WorkerPort` needs. Refuses to know what is asked.
 */

import workerUrl from '../worker/main.ts?worker&url';
import { forgetNotices } from './notices';
import type { Port } from './port';
import { installShell } from './shell';
import { scriptUrl } from './trusted';
import { WorkerPort, type Tab, type WorkerLike } from './worker-port';

/** Starts the engine's worker for this tab. Once per page. */
export function openPort(): Port {
  return new WorkerPort(tab);
}

const tab: Tab = {
  startWorker: () => new Worker(scriptUrl(workerUrl), { type: 'module' }) as WorkerLike,
  askToKeep: async () => {
    try {
      return (await navigator.storage.persisted()) || (await navigator.storage.persist());
    } catch {
      return false;
    }
  },
  signedOut: async () => {
    try {
      // The language she chose; nothing else of hers is kept there.
      localStorage.clear();
    } catch {
      // Where nothing may be kept, nothing is there.
    }
    await forgetNotices();
  },
  onNudge: (nudge) => {
    addEventListener('online', nudge);
    addEventListener('pageshow', nudge);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && nudge());
  },
  onUpdate: (ready) => void installShell(ready),
};
