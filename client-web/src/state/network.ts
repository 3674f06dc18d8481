/** What the browser's word about the network is worth. */

/** A server on this machine is reached without any network, whatever the browser says about one. */
export function onThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
