import type { Entries } from '../entry';

/** A conversation: the strip above it, its messages, the composer. */
export const conversation = {
  // `hours` is e.g. "Mon–Thu 9:00 AM–5:00 PM", `within` is `hours.workingDays`.
  'availability.reads': {
    en: '{therapist} reads messages {hours} and usually answers within {within}.',
    es: '{therapist} lee los mensajes {hours} y suele responder en {within}.',
  },
  'availability.line': { en: '{therapist} says: {line}', es: '{therapist} dice: {line}' },
  'availability.nobody': {
    en: 'Nobody watches this outside those hours.',
    es: 'Fuera de ese horario nadie está pendiente.',
  },
  'availability.none': {
    en: '{therapist} hasn’t said yet when messages are read. Nobody watches this around the clock.',
    es: '{therapist} aún no ha dicho cuándo lee los mensajes. Nadie está pendiente a todas horas.',
  },
  'availability.away': { en: '{therapist} is away until {until}.', es: '{therapist} no está hasta el {until}.' },
  'availability.cover': { en: 'Covering: {cover}.', es: 'Cubre: {cover}.' },
  'availability.zone': { en: 'Times in {zone}.', es: 'Horas de {zone}.' },
  'availability.label': { en: 'When messages are read', es: 'Cuándo se leen los mensajes' },

  'conversation.with': { en: 'Messages with {name}', es: 'Mensajes con {name}' },
  'conversation.list': { en: 'Messages', es: 'Mensajes' },
  'conversation.none.title': { en: 'Nothing here yet', es: 'Todavía no hay nada' },
  'conversation.none.text': {
    en: 'Write when you like: a word, a question, something to keep for your session.',
    es: 'Escribe cuando quieras: una palabra, una pregunta, algo para tu sesión.',
  },
  'conversation.none.colleague': {
    en: 'Between you and the practice: for what concerns your work, not for what clients have told you.',
    es: 'Entre tú y la consulta: para lo que toca al trabajo, no para lo que te han contado tus clientes.',
  },
  'conversation.none.textFor': { en: 'Nobody has written yet.', es: 'Nadie ha escrito todavía.' },
  'conversation.failed': {
    en: 'Some messages can’t be shown right now.',
    es: 'Algunos mensajes no se pueden mostrar ahora.',
  },
  'conversation.new': { en: 'New', es: 'Nuevo' },
  'conversation.toNewest': { en: 'Go to the newest', es: 'Ir a lo más reciente' },
  'conversation.toNewest.some': {
    en: { one: '{count} new message', other: '{count} new messages' },
    es: { one: '{count} mensaje nuevo', other: '{count} mensajes nuevos' },
  },

  'message.mine': { en: 'You wrote', es: 'Escribiste' },
  'message.by': { en: '{name} wrote', es: '{name} escribió' },
  'message.edited': { en: 'edited', es: 'editado' },
  'message.takenBack.mine': { en: 'You took this message back.', es: 'Retiraste este mensaje.' },
  'message.takenBack': { en: 'This message was taken back.', es: 'Este mensaje se retiró.' },
  'message.resending': { en: 'This message is being sent again.', es: 'Este mensaje se está enviando de nuevo.' },
  'message.newer': {
    en: 'This was written with a newer version. Reload to read it.',
    es: 'Esto se escribió con una versión más nueva. Recarga para leerlo.',
  },
  'message.unreadable': {
    en: 'This message arrived damaged. Ask {name} to send it again.',
    es: 'Este mensaje llegó dañado. Pide a {name} que lo envíe de nuevo.',
  },

  'state.waiting': { en: 'Waiting to send', es: 'Pendiente de enviar' },
  'state.waitingForYou': { en: 'Waiting for you', es: 'Te espera' },
  'state.delivered': { en: 'Delivered', es: 'Entregado' },
  'state.read': { en: '{name} has read this', es: '{name} lo ha leído' },
  'state.held': { en: 'Kept for your session', es: 'Guardado para tu sesión' },
  'state.heldFor': { en: 'Held for the session', es: 'Guardado para la sesión' },
  'state.bring': { en: 'Bring to session', es: 'Para la sesión' },
  'state.refused': { en: 'Not accepted', es: 'No aceptado' },
  'state.refused.what': {
    en: 'The server did not take this message. Your text is still here: copy it and send it again.',
    es: 'El servidor no aceptó este mensaje. Tu texto sigue aquí: cópialo y envíalo de nuevo.',
  },
  'state.goesAt': { en: 'Goes {day} at {time}', es: 'Sale {day} a las {time}' },
  'state.goesAt.hint': {
    en: 'Until then it can be taken back unread.',
    es: 'Hasta entonces se puede retirar sin que se lea.',
  },
  'state.youRead': { en: 'You’ve read this', es: 'Lo has leído' },

  'message.menu': { en: 'More for this message', es: 'Más para este mensaje' },
  'message.do.edit': { en: 'Edit', es: 'Editar' },
  'message.do.takeBack': { en: 'Take back', es: 'Retirar' },
  'message.do.bring': { en: 'Bring to session', es: 'Llevar a la sesión' },
  'message.do.read': { en: 'I’ve read this', es: 'Lo he leído' },
  'message.do.hold': { en: 'Keep for session', es: 'Guardar para la sesión' },
  'message.do.copy': { en: 'Copy text', es: 'Copiar el texto' },
  'takeBack.title': { en: 'Take this message back?', es: '¿Retirar este mensaje?' },
  'takeBack.text': {
    en: 'Its text is removed for everyone, here and on the server. Someone may have read it already.',
    es: 'Su texto se quita para todos, aquí y en el servidor. Puede que alguien ya lo haya leído.',
  },
  'takeBack.unread': {
    en: 'It hasn’t gone yet, so nobody has read it.',
    es: 'Todavía no ha salido, así que nadie lo ha leído.',
  },
  'takeBack.keep': { en: 'Leave it', es: 'Dejarlo' },

  'composer.label': { en: 'Your message', es: 'Tu mensaje' },
  'composer.placeholder': { en: 'Write to {name}', es: 'Escribe a {name}' },
  'composer.send': { en: 'Send', es: 'Enviar' },
  'composer.bring': { en: 'Bring to session', es: 'Llevar a la sesión' },
  'composer.keys': { en: 'Ctrl or ⌘ with Enter sends.', es: 'Ctrl o ⌘ con Intro envía.' },
  'composer.editing': { en: 'Editing your message', es: 'Editando tu mensaje' },
  'composer.tooLong': {
    en: { one: 'Too long by {count} character.', other: 'Too long by {count} characters.' },
    es: { one: 'Sobra {count} carácter.', other: 'Sobran {count} caracteres.' },
  },
  'composer.offline': {
    en: 'Not sent yet. It’s saved here and will go when you’re connected.',
    es: 'Aún no se ha enviado. Está guardado aquí y saldrá cuando haya conexión.',
  },

  'readers.title': { en: 'Who can read this has changed', es: 'Ha cambiado quién puede leer esto' },
  'readers.text': {
    en: 'What you wrote is waiting until you agree. Now it would be read by: {readers}.',
    es: 'Lo que escribiste espera hasta que estés de acuerdo. Ahora lo leerían: {readers}.',
  },
  'readers.agree': { en: 'I agree, send it', es: 'De acuerdo, enviar' },
  'readers.help': {
    en: 'If this surprises you, don’t send it, and call your practice.',
    es: 'Si te sorprende, no lo envíes y llama a tu consulta.',
  },
  'readers.added': { en: '{name} can read this from now on.', es: 'Desde ahora {name} puede leer esto.' },
  'readers.removed': {
    en: '{name} can’t read what is written from now on.',
    es: '{name} ya no puede leer lo que se escriba desde ahora.',
  },
  'unconfirmed.title': { en: 'Not connected with each other yet', es: 'Aún sin enlazar' },
  'unconfirmed.text': {
    en: 'What is written here can’t be answered until it is certain who joined. This happens by itself when both are connected. If it lasts longer than a day, talk on the phone.',
    es: 'Lo que se escribe aquí no se puede responder hasta que sea seguro quién se unió. Ocurre solo cuando ambos tienen conexión. Si dura más de un día, hablad por teléfono.',
  },
  'conversation.partial': {
    en: 'These are the newest messages. The older ones are on their way; then you can write here.',
    es: 'Estos son los mensajes más recientes. Los anteriores están en camino; después podrás escribir aquí.',
  },
  'notMember.text': {
    en: 'You are no longer part of this conversation. What you could read, you still can.',
    es: 'Ya no formas parte de esta conversación. Lo que podías leer, aún puedes leerlo.',
  },

  'alarm.title': { en: 'Something is not right', es: 'Algo no está bien' },
  'alarm.way': {
    en: 'Nothing more is sent from here until this is looked at. Please call your practice.',
    es: 'No se envía nada más desde aquí hasta que se revise. Por favor, llama a tu consulta.',
  },
  'alarm.call': { en: 'Please call your practice.', es: 'Por favor, llama a tu consulta.' },
  'alarm.forked': {
    en: 'The server shows two different histories of this conversation.',
    es: 'El servidor muestra dos historias distintas de esta conversación.',
  },
  'alarm.forged': {
    en: 'Something in this conversation was not written by the person it names.',
    es: 'Algo en esta conversación no lo escribió la persona que figura.',
  },
  'alarm.ruleBroken': {
    en: 'Something happened in this conversation that its rules don’t allow.',
    es: 'En esta conversación ocurrió algo que sus reglas no permiten.',
  },
  'alarm.withheld': {
    en: 'The server has not handed over everything that was written here.',
    es: 'El servidor no ha entregado todo lo que se escribió aquí.',
  },
  'alarm.payloadWithheld': {
    en: 'The server has not handed over the text of a message.',
    es: 'El servidor no ha entregado el texto de un mensaje.',
  },
  'alarm.setBack': {
    en: 'The server was set back to an earlier state. Your devices are handing back what it lost.',
    es: 'El servidor volvió a un estado anterior. Tus dispositivos le devuelven lo que perdió.',
  },
  'alarm.oldVault': {
    en: 'The server handed over an old copy of your account.',
    es: 'El servidor entregó una copia antigua de tu cuenta.',
  },
  'alarm.oldCard': {
    en: 'The server handed over an old list of somebody’s devices.',
    es: 'El servidor entregó una lista antigua de los dispositivos de alguien.',
  },
  'alarm.oldRoster': {
    en: 'The server handed over an old list of the people in the practice.',
    es: 'El servidor entregó una lista antigua de las personas de la consulta.',
  },
  'alarm.identityChanged': {
    en: '{name} doesn’t appear to be the same person as before.',
    es: '{name} no parece ser la misma persona que antes.',
  },
  'alarm.uninvited': {
    en: '{name} is here without an invitation.',
    es: '{name} está aquí sin invitación.',
  },
  'alarm.badEra': {
    en: 'The device of {name} sent something that can’t be opened.',
    es: 'El dispositivo de {name} envió algo que no se puede abrir.',
  },
  'alarm.badContent': {
    en: 'The device of {name} sent something that doesn’t fit.',
    es: 'El dispositivo de {name} envió algo que no encaja.',
  },
  'alarm.updateNeeded': {
    en: 'Something here was made with a newer version. Please reload this page.',
    es: 'Algo aquí se hizo con una versión más nueva. Recarga esta página.',
  },
} as const satisfies Entries;
