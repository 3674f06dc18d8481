import type { Entries } from '../entry';

/** The owner's pages: people, invitations, the practice, what the server can see. */
export const owner = {
  'practice.people': { en: 'People and invitations', es: 'Personas e invitaciones' },
  'practice.people.text': {
    en: 'Who has an account here, and who is invited.',
    es: 'Quién tiene cuenta aquí y quién está invitado.',
  },
  'practice.settings': { en: 'Practice settings', es: 'Ajustes de la consulta' },
  'practice.settings.text': {
    en: 'The practice’s phone, help lines, and when screens lock.',
    es: 'El teléfono de la consulta, las líneas de ayuda y cuándo se bloquean las pantallas.',
  },
  'practice.server': { en: 'What this server can see', es: 'Lo que este servidor puede ver' },
  'practice.server.text': {
    en: 'The stored rows, as they are. You can show this to clients.',
    es: 'Las filas guardadas, tal como están. Puedes enseñárselas a tus clientes.',
  },

  'people.title': { en: 'People', es: 'Personas' },
  'people.since': { en: 'since {date}', es: 'desde el {date}' },
  'people.you': { en: 'you', es: 'tú' },
  'people.none': { en: 'Nobody but you yet.', es: 'Todavía solo estás tú.' },
  'people.fetching': { en: 'Fetching the people here…', es: 'Trayendo a las personas…' },
  'people.names': {
    en: 'The server knows only sign-in names. Other names are shown where you share a conversation.',
    es: 'El servidor solo conoce los nombres de acceso. Los demás aparecen si compartes una conversación.',
  },
  'people.invite': { en: 'Invite someone', es: 'Invitar a alguien' },

  'invitations.title': { en: 'Invitations', es: 'Invitaciones' },
  'invitations.none': { en: 'No invitations yet.', es: 'Todavía no hay invitaciones.' },
  'invitations.fetching': { en: 'Fetching invitations…', es: 'Trayendo las invitaciones…' },
  'invitations.open': { en: 'Open until {moment}', es: 'Abierta hasta: {moment}' },
  'invitations.used': { en: 'Used by {name}', es: 'Usada por {name}' },
  'invitations.usedByUnknown': { en: 'Used', es: 'Usada' },
  'invitations.expired': { en: 'Expired on {date}', es: 'Caducó el {date}' },
  'invitations.withdrawn': { en: 'Withdrawn', es: 'Retirada' },
  'invitations.withdraw': { en: 'Withdraw', es: 'Retirar' },
  'invitations.withdraw.title': { en: 'Withdraw this invitation?', es: '¿Retirar esta invitación?' },
  'invitations.withdraw.text': {
    en: 'Its link stops working at once. You can always make a new one.',
    es: 'Su enlace deja de funcionar al momento. Siempre puedes crear otra.',
  },
  'invitations.older': { en: 'Used and past invitations', es: 'Invitaciones usadas y pasadas' },
  'invitations.lost': {
    en: 'A link is shown only when it is made. If it got lost, withdraw the invitation and make a new one.',
    es: 'El enlace solo se muestra al crearlo. Si se perdió, retira la invitación y crea otra.',
  },

  'settings.phone': { en: 'Phone of the practice', es: 'Teléfono de la consulta' },
  'settings.phone.hint': {
    en: 'Shown under “Need help now?” to everybody here.',
    es: 'Aparece en «¿Necesitas ayuda ahora?» para todos.',
  },
  'settings.phone.wrong': {
    en: 'Please write a number that a phone can dial, for example +1 212 555 0100.',
    es: 'Escribe un número que se pueda marcar, por ejemplo +34 910 000 000.',
  },
  'settings.region': { en: 'Help lines', es: 'Líneas de ayuda' },
  'settings.region.us': { en: 'United States (988 and 911)', es: 'Estados Unidos (988 y 911)' },
  'settings.region.other': {
    en: 'Elsewhere (local numbers)',
    es: 'Otro lugar (números locales)',
  },
  'settings.lock': { en: 'Lock screens after', es: 'Bloquear las pantallas tras' },
  'settings.lock.hint': {
    en: 'Without a touch, on every device of everybody here.',
    es: 'Sin uso, en todos los dispositivos de todas las personas.',
  },
  'settings.later': {
    en: 'Saved here. It reaches everybody once you’re connected.',
    es: 'Guardado aquí. Llegará a todos cuando tengas conexión.',
  },
  'settings.staff': {
    en: 'Therapists’ devices pass a change on to their clients.',
    es: 'Los dispositivos de los terapeutas pasan el cambio a sus clientes.',
  },

  'server.can': { en: 'What it can tell', es: 'Lo que puede saber' },
  'server.can.1': {
    en: 'Sign-in names, the name of the practice, and who is therapist or client.',
    es: 'Los nombres de acceso, el nombre de la consulta y quién es terapeuta o cliente.',
  },
  'server.can.2': {
    en: 'Who shares a conversation with whom, and when something was sent or fetched.',
    es: 'Quién comparte conversación con quién, y cuándo se envió o se trajo algo.',
  },
  'server.can.3': {
    en: 'About how long something is, in steps: short things all look alike.',
    es: 'Más o menos cuánto ocupa algo, por tramos: lo breve se ve todo igual.',
  },
  'server.can.4': {
    en: 'The network address a device calls from, while it is connected.',
    es: 'La dirección de red desde la que llama un dispositivo, mientras está conectado.',
  },
  'server.cannot': { en: 'What it cannot tell', es: 'Lo que no puede saber' },
  'server.cannot.1': { en: 'What anybody wrote.', es: 'Lo que alguien escribió.' },
  'server.cannot.2': {
    en: 'People’s own names, hours, notes, plans and phrases.',
    es: 'Los nombres propios, horarios, notas, planes y frases de las personas.',
  },
  'server.cannot.3': {
    en: 'Whether something was a message, a change to one, or a tap on “I’ve read this”.',
    es: 'Si algo fue un mensaje, un cambio o un toque en «Lo he leído».',
  },
  'server.honest': {
    en: 'One thing to know: this app itself comes from the server. All of this holds as long as nobody has changed the app.',
    es: 'Una cosa que conviene saber: la propia aplicación viene del servidor. Todo esto vale mientras nadie la haya alterado.',
  },
  'server.rows': { en: 'What is stored', es: 'Lo que está guardado' },
  'server.rows.text': {
    en: 'The newest rows of each table, just fetched. Long values are cut; nothing is hidden.',
    es: 'Las filas más recientes de cada tabla, recién traídas. Los valores largos se cortan; nada se oculta.',
  },
  'server.refresh': { en: 'Refresh', es: 'Actualizar' },
  'server.fetching': { en: 'Fetching what is stored…', es: 'Trayendo lo que está guardado…' },
  'server.fetched': { en: 'As of {time}', es: 'A las {time}' },
  'server.count': {
    en: { one: '{count} row', other: '{count} rows' },
    es: { one: '{count} fila', other: '{count} filas' },
  },
  'server.empty': { en: 'Nothing is stored here yet.', es: 'Aquí aún no hay nada guardado.' },

  'table.practices': { en: 'The practice', es: 'La consulta' },
  'table.accounts': { en: 'Accounts', es: 'Cuentas' },
  'table.cards': { en: 'Lists of devices', es: 'Listas de dispositivos' },
  'table.vaults': { en: 'Locked belongings of each account', es: 'Pertenencias cerradas de cada cuenta' },
  'table.invitations': { en: 'Invitations', es: 'Invitaciones' },
  'table.rosters': { en: 'Lists of staff', es: 'Listas del personal' },
  'table.spaces': { en: 'Conversations', es: 'Conversaciones' },
  'table.members': { en: 'Who shares a conversation', es: 'Quién comparte conversación' },
  'table.records': { en: 'Everything written, locked', es: 'Todo lo escrito, cerrado' },
  'table.cursors': { en: 'How far each device has fetched', es: 'Hasta dónde ha traído cada dispositivo' },
  'table.era_makes': { en: 'When locks were changed', es: 'Cuándo se cambiaron los cierres' },
  'table.device_weeks': {
    en: 'The week in which each device was last here',
    es: 'La semana en que cada dispositivo estuvo aquí por última vez',
  },
  'table.push_endpoints': { en: 'Where notices are sent', es: 'Adónde se envían los avisos' },
} as const satisfies Entries;
