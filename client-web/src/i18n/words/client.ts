import type { Entries } from '../entry';

/** My page, and what only a client reads. */
export const client = {
  'empty.client.title': { en: 'Almost there', es: 'Ya casi' },
  'empty.client.text': {
    en: 'Your private space is on its way. It appears here as soon as you are connected.',
    es: 'Tu espacio privado está en camino. Aparece aquí en cuanto haya conexión.',
  },

  'me.readers': { en: 'Who can read this', es: 'Quién puede leer esto' },
  'me.readers.since': { en: 'These people, since {date}.', es: 'Estas personas, desde el {date}.' },
  'me.readers.none': { en: 'There is no conversation yet.', es: 'Todavía no hay ninguna conversación.' },
  'me.privacy': {
    en: 'The server stores locked text. It can see that you and {therapist} exchanged something, and when, not what.',
    es: 'El servidor guarda texto cerrado. Puede ver que tú y {therapist} intercambiaron algo, y cuándo, pero no qué.',
  },
  'me.agreement': { en: 'What you agreed to', es: 'Lo que aceptaste' },
  'me.agreement.on': { en: 'Accepted on {date}.', es: 'Aceptado el {date}.' },

  'me.devices': { en: 'My devices', es: 'Mis dispositivos' },
  'me.devices.text': {
    en: 'Each device on which you are signed in. Remove one you no longer use.',
    es: 'Cada dispositivo en el que has entrado. Quita el que ya no uses.',
  },
  'me.devices.this': { en: 'This device', es: 'Este dispositivo' },
  'me.devices.since': { en: 'Since {date}', es: 'Desde el {date}' },
  'me.devices.phone': { en: 'Phone', es: 'Teléfono' },
  'me.devices.tablet': { en: 'Tablet', es: 'Tableta' },
  'me.devices.computer': { en: 'Computer', es: 'Ordenador' },
  'me.devices.terminal': { en: 'Command line', es: 'Línea de comandos' },
  'me.devices.used.now': { en: 'Used this week', es: 'Usado esta semana' },
  'me.devices.used.ago': {
    en: { one: 'Used last week', other: 'Used {count} weeks ago' },
    es: { one: 'Usado la semana pasada', other: 'Usado hace {count} semanas' },
  },
  'me.devices.idle': {
    en: 'A device that isn’t used for 60 days is removed by itself, and asks for your password when it comes back.',
    es: 'Un dispositivo que no se usa durante 60 días se quita solo y pide tu contraseña si vuelve.',
  },
  'me.devices.rename': { en: 'Rename {device}', es: 'Cambiar el nombre de {device}' },
  'me.devices.rename.do': { en: 'Rename', es: 'Cambiar nombre' },
  'me.devices.rename.name': { en: 'What you call it', es: 'Cómo lo llamas' },
  'me.devices.rename.hint': { en: 'Only you can read this.', es: 'Solo tú puedes leerlo.' },
  'me.devices.remove': { en: 'Remove {device}', es: 'Quitar {device}' },
  'me.devices.remove.title': { en: 'Remove {device}?', es: '¿Quitar {device}?' },
  'me.devices.remove.text': {
    en: 'It is signed out at once and can’t read anything new. What it has already read may still be on it. If it was stolen, call your practice as well.',
    es: 'Sale enseguida y no puede leer nada nuevo. Lo que ya leyó puede seguir en él. Si lo robaron, llama también a tu consulta.',
  },
  'me.devices.fetching': { en: 'Fetching your devices…', es: 'Trayendo tus dispositivos…' },

  'me.account': { en: 'You', es: 'Tú' },
  'me.account.handle': { en: 'Sign-in name: {handle}', es: 'Nombre de acceso: {handle}' },
  'me.settings': { en: 'On this device', es: 'En este dispositivo' },
  'me.notices': { en: 'Tell me when there is something new', es: 'Avisarme cuando haya algo nuevo' },
  'me.notices.text': {
    en: 'Your browser’s maker passes the notice on. It says only “You have something new”, never who or what.',
    es: 'El fabricante de tu navegador transmite el aviso. Solo dice «Tienes algo nuevo», nunca quién ni qué.',
  },
  'me.notices.denied': {
    en: 'This browser doesn’t allow notices for this page. You can change that in its settings.',
    es: 'Este navegador no permite avisos para esta página. Puedes cambiarlo en sus ajustes.',
  },
  'me.notices.impossible': {
    en: 'Notices aren’t possible here: this browser can’t, or the server sends none. On an iPhone, add this page to your home screen first.',
    es: 'Aquí no hay avisos: este navegador no puede, o el servidor no los envía. En un iPhone, añade antes esta página a la pantalla de inicio.',
  },
  'me.lock': { en: 'Lock now', es: 'Bloquear ahora' },
  'me.lock.text': {
    en: {
      one: 'Locks by itself after {count} minute without a touch. Your practice sets this.',
      other: 'Locks by itself after {count} minutes without a touch. Your practice sets this.',
    },
    es: {
      one: 'Se bloquea solo tras {count} minuto sin uso. Lo decide tu consulta.',
      other: 'Se bloquea solo tras {count} minutos sin uso. Lo decide tu consulta.',
    },
  },
  'me.signOut': { en: 'Sign out', es: 'Salir' },
  'me.signOut.title': { en: 'Sign out on this device?', es: '¿Salir en este dispositivo?' },
  'me.signOut.text': {
    en: 'Everything kept in this browser is removed. What was sent comes back when you sign in.',
    es: 'Se quita todo lo guardado en este navegador. Lo enviado vuelve cuando entres de nuevo.',
  },
  'me.signOut.waiting': {
    en: 'Something you wrote has not been sent yet. If you sign out now, it is lost.',
    es: 'Algo que escribiste aún no se ha enviado. Si sales ahora, se pierde.',
  },
  'me.signOut.anyway': { en: 'Sign out and lose it', es: 'Salir y perderlo' },
} as const satisfies Entries;
