import type { Entries } from '../entry';

/** The therapist's pages. */
export const therapist = {
  'clients.none.title': { en: 'No clients yet', es: 'Aún no hay clientes' },
  'clients.none.text': {
    en: 'Invite somebody by link or code. The conversation appears here when they join.',
    es: 'Invita a alguien con un enlace o un código. La conversación aparece aquí cuando se una.',
  },
} as const satisfies Entries;
