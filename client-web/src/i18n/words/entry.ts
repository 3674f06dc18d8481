import type { Entries } from '../entry';

/** Signing in, setting up, joining, unlocking. */
export const entry = {
  'signIn.title': { en: 'Welcome back', es: 'Hola de nuevo' },
  'signIn.text': {
    en: 'A private place for you and your practice.',
    es: 'Un lugar privado para ti y tu consulta.',
  },
  'signIn.borrowed': { en: 'This isn’t my computer', es: 'Este no es mi ordenador' },
  'signIn.borrowed.hint': {
    en: 'Then nothing is kept here. What you haven’t sent is gone when you close this page.',
    es: 'Así no se guarda nada aquí. Lo que no hayas enviado se pierde al cerrar esta página.',
  },
  'signIn.borrowed.device': { en: '{device}, not mine', es: '{device}, no es mío' },
  'signIn.do': { en: 'Sign in', es: 'Entrar' },
  'signIn.invited': {
    en: 'Are you new here? Open the invitation link that your practice sent you.',
    es: '¿Es tu primera vez? Abre el enlace de invitación que te envió tu consulta.',
  },
  'signIn.restoring': {
    en: 'Bringing everything back…',
    es: 'Trayendo todo de vuelta…',
  },
  'signIn.coming': {
    en: '{done} of {all}',
    es: '{done} de {all}',
  },
  'signIn.restored': {
    en: { one: 'Everything is here: {count} message.', other: 'Everything is here: {count} messages.' },
    es: { one: 'Todo está aquí: {count} mensaje.', other: 'Todo está aquí: {count} mensajes.' },
  },

  'field.handle': { en: 'Sign-in name', es: 'Nombre de acceso' },
  'field.handle.hint': {
    en: 'You sign in with it, and the server sees it. It doesn’t have to be your real name.',
    es: 'Con él entras, y el servidor lo ve. No tiene que ser tu nombre real.',
  },
  'field.name': { en: 'Your name', es: 'Tu nombre' },
  'field.name.hint': {
    en: 'As the people who can read here should know you. The server can’t read it.',
    es: 'Como deben conocerte quienes leen aquí. El servidor no puede leerlo.',
  },
  'field.password': { en: 'Password', es: 'Contraseña' },

  'password.choose': { en: 'Choose a password', es: 'Elige una contraseña' },
  'password.why': {
    en: 'Your words are locked with it. Nobody can read them without it, and nobody can reset it for you. A few unrelated words are easy to keep in mind.',
    es: 'Con ella se cierran tus palabras. Nadie puede leerlas sin ella y nadie puede cambiarla por ti. Unas pocas palabras sin relación son fáciles de recordar.',
  },
  'password.suggest': { en: 'Suggest one', es: 'Proponer una' },
  'password.another': { en: 'Suggest another', es: 'Proponer otra' },
  'password.suggested': {
    en: 'Write it down on paper, or keep it in your password manager.',
    es: 'Apúntala en papel o guárdala en tu gestor de contraseñas.',
  },
  'password.weak': { en: 'Easy to guess. Add another word.', es: 'Fácil de adivinar. Añade otra palabra.' },
  'password.fair': {
    en: 'Good enough. One more word makes it strong.',
    es: 'Suficiente. Una palabra más la hace fuerte.',
  },
  'password.strong': { en: 'Strong.', es: 'Fuerte.' },

  'setup.title': { en: 'Set up your practice', es: 'Configura tu consulta' },
  'setup.text': {
    en: 'Five minutes, once. Everything here can be changed later, except the sign-in name.',
    es: 'Cinco minutos, una sola vez. Todo se puede cambiar después, salvo el nombre de acceso.',
  },
  'setup.opening': { en: 'Opening your link…', es: 'Abriendo tu enlace…' },
  'setup.practice': { en: 'Name of the practice', es: 'Nombre de la consulta' },
  'setup.practice.hint': {
    en: 'The people you invite read it. The server knows it too.',
    es: 'Lo leen las personas que invites. El servidor también lo conoce.',
  },
  'setup.treats': { en: 'I also treat clients', es: 'También atiendo a clientes' },
  'setup.treats.hint': {
    en: 'If not, you run the practice and read no messages.',
    es: 'Si no, llevas la consulta y no lees ningún mensaje.',
  },
  'setup.do': { en: 'Set up', es: 'Configurar' },
  'setup.working': { en: 'Setting up. This takes a few seconds…', es: 'Configurando. Tarda unos segundos…' },
  'setup.hours.title': { en: 'When do you read messages?', es: '¿Cuándo lees los mensajes?' },
  'setup.hours.text': {
    en: 'Clients see this above every conversation, before they write. It saves them from waiting in the dark.',
    es: 'Tus clientes lo ven sobre cada conversación, antes de escribir. Así no esperan a ciegas.',
  },
  'setup.hours.later': { en: 'Later', es: 'Más tarde' },
  'setup.invite.title': { en: 'Invite someone', es: 'Invita a alguien' },
  'setup.invite.text': {
    en: 'Send the link in a way you trust, or let the person scan it here. It works once.',
    es: 'Envía el enlace por un medio de confianza, o deja que la persona lo escanee aquí. Sirve una sola vez.',
  },
  'setup.done': { en: 'Go to your practice', es: 'Ir a tu consulta' },

  'hours.days': { en: 'Days', es: 'Días' },
  'hours.within': { en: 'I usually answer within', es: 'Suelo responder en' },
  'hours.workingDays': {
    en: { one: '{count} working day', other: '{count} working days' },
    es: { one: '{count} día laborable', other: '{count} días laborables' },
  },
  'hours.phone': {
    en: 'Phone of the practice, for the help page',
    es: 'Teléfono de la consulta, para la página de ayuda',
  },
  'hours.phone.hint': { en: 'You can leave this empty.', es: 'Puedes dejarlo vacío.' },
  'hours.noDay': { en: 'Choose at least one day.', es: 'Elige al menos un día.' },

  'invite.who': { en: 'Whom do you invite?', es: '¿A quién invitas?' },
  'invite.name': { en: 'For whom?', es: '¿Para quién?' },
  'invite.name.hint': {
    en: 'A name to tell your invitations apart. Only you can read it.',
    es: 'Un nombre para distinguir tus invitaciones. Solo tú puedes leerlo.',
  },
  'invite.note': { en: 'A few words to go with it', es: 'Unas palabras que la acompañen' },
  'invite.note.hint': {
    en: 'Only the person you invite can read this.',
    es: 'Solo la persona invitada puede leerlo.',
  },
  'invite.do': { en: 'Make a link', es: 'Crear un enlace' },
  'invite.again': { en: 'Invite someone else', es: 'Invitar a otra persona' },
  'invite.link': { en: 'Invitation link', es: 'Enlace de invitación' },
  'invite.code': { en: 'Invitation as a code to scan', es: 'Invitación como código para escanear' },
  'invite.once': {
    en: 'Whoever opens it first can use it, once, within 7 days. Send it only to the person it is for.',
    es: 'Quien lo abra primero puede usarlo, una vez, durante 7 días. Envíalo solo a la persona indicada.',
  },
  'invite.share': { en: 'Share…', es: 'Compartir…' },

  'join.title': { en: '{therapist} invites you', es: '{therapist} te invita' },
  'join.from': { en: 'from {practice}', es: 'de {practice}' },
  'join.private': {
    en: 'This is a private space for you and {therapist}. Only the people listed here can read it. The computer that stores it can’t.',
    es: 'Este es un espacio privado para ti y {therapist}. Solo las personas que aparecen aquí pueden leerlo. El ordenador que lo guarda no puede.',
  },
  'join.readers': { en: 'Who will be able to read', es: 'Quién podrá leer' },
  'join.readers.you': { en: 'You', es: 'Tú' },
  'join.staff': {
    en: 'You are invited to join as: {role}.',
    es: 'Te invitan a unirte como: {role}.',
  },
  'join.note': { en: 'A note for you', es: 'Una nota para ti' },
  'join.start': { en: 'Begin', es: 'Empezar' },
  'join.opening': { en: 'Opening your invitation…', es: 'Abriendo tu invitación…' },
  'join.account.title': { en: 'Your way in', es: 'Tu forma de entrar' },
  'join.do': { en: 'Join', es: 'Unirme' },
  'join.working': {
    en: 'Making your private space. This takes a few seconds…',
    es: 'Creando tu espacio privado. Tarda unos segundos…',
  },
  'join.agreement.title': { en: 'Before you write', es: 'Antes de escribir' },
  'join.agreement.accept': { en: 'I have read this and agree', es: 'Lo he leído y estoy de acuerdo' },

  'agreement.1': {
    en: 'Messages are not watched around the clock. Above the conversation you see when {therapist} reads them and how soon an answer usually comes.',
    es: 'Los mensajes no se vigilan todo el tiempo. Sobre la conversación ves cuándo los lee {therapist} y cuándo suele llegar una respuesta.',
  },
  'agreement.2': {
    en: 'They are not for emergencies. If you or someone else is in danger, call your local emergency number. “Need help now?” is on every page.',
    es: 'No son para emergencias. Si tú u otra persona está en peligro, llama al número de emergencias. «¿Necesitas ayuda ahora?» está en cada página.',
  },
  'agreement.3': {
    en: 'What you write is kept as part of your record, locked, on the practice’s server. You can take a message back within 24 hours.',
    es: 'Lo que escribes se guarda como parte de tu historia, cerrado, en el servidor de la consulta. Puedes retirar un mensaje durante 24 horas.',
  },
  'agreement.4': {
    en: 'It can be read by you and {therapist}. Nobody else can read it unless you agree to it first.',
    es: 'Lo pueden leer tú y {therapist}. Nadie más puede leerlo si antes no estás de acuerdo.',
  },
  'agreement.5': {
    en: 'Whoever can unlock your phone or knows your password can read it too. Keep both to yourself.',
    es: 'Quien pueda desbloquear tu teléfono o sepa tu contraseña también puede leerlo. Guárdalos para ti.',
  },

  'link.gone.title': { en: 'Please open your link again', es: 'Abre tu enlace otra vez, por favor' },
  'link.gone.text': {
    en: 'For your safety the link is removed from the address as soon as it is opened, so a reload loses it. Open it again from the message you received. It has not been used up.',
    es: 'Por tu seguridad, el enlace se quita de la dirección en cuanto se abre, así que al recargar se pierde. Ábrelo de nuevo desde el mensaje que recibiste. No se ha gastado.',
  },
  'link.failed.title': { en: 'This link doesn’t work', es: 'Este enlace no funciona' },
  'link.failed.unreachable.title': { en: 'Not connected', es: 'Sin conexión' },
  'link.setup.new': {
    en: 'For a new link, ask the person who runs the server: as long as no practice is set up there, the command “sotto-server serve” prints one each time it starts, and only the last one counts.',
    es: 'Para un enlace nuevo, pregunta a quien mantiene el servidor: mientras no haya ninguna consulta configurada, el comando «sotto-server serve» muestra uno cada vez que arranca, y solo vale el último.',
  },
  'link.toSignIn': { en: 'Sign in', es: 'Entrar' },
  'link.occupied.title': { en: 'Someone is signed in here', es: 'Aquí ya hay alguien' },
  'link.occupied.text': {
    en: 'This browser belongs to {handle}. To use the link, open it in another browser or on another device, or sign out here first.',
    es: 'Este navegador pertenece a {handle}. Para usar el enlace, ábrelo en otro navegador o dispositivo, o sal primero de aquí.',
  },
  'link.occupied.stay': { en: 'Go on as {handle}', es: 'Seguir como {handle}' },

  'demo.title': { en: 'Sample practice', es: 'Consulta de ejemplo' },
  'demo.text': {
    en: 'Everyone in it is invented. Look around, write, change things: nothing here concerns a real person.',
    es: 'Todas las personas son inventadas. Mira, escribe y cambia lo que quieras: nada de esto afecta a nadie real.',
  },
  'demo.do': { en: 'Continue as {handle}', es: 'Continuar como {handle}' },

  'lock.title': { en: 'Locked', es: 'Bloqueado' },
  'lock.text': {
    en: 'This browser belongs to {handle}. Enter the password to go on.',
    es: 'Este navegador pertenece a {handle}. Escribe la contraseña para seguir.',
  },
  'lock.unlock': { en: 'Unlock', es: 'Desbloquear' },
  'lock.other': {
    en: 'Not you? Sign out and remove what is kept here',
    es: '¿No eres tú? Sal y quita lo que se guarda aquí',
  },
  'broken.title': { en: 'This can’t be opened', es: 'No se puede abrir' },
  'broken.remove': { en: 'Remove it and sign in again', es: 'Quitarlo y entrar de nuevo' },
  'broken.remove.sure': {
    en: 'Messages that were sent come back. What was written and not yet sent on this device is lost.',
    es: 'Los mensajes enviados vuelven. Lo escrito y aún no enviado en este dispositivo se pierde.',
  },
} as const satisfies Entries;
