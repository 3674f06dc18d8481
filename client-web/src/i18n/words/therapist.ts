import type { Entries } from '../entry';

/** The therapist's pages: today, clients, hours, away, phrases. */
export const therapist = {
  'today.none.title': { en: 'Nothing waits for you.', es: 'Nada te espera.' },
  'today.none.text': {
    en: 'What your clients write next appears here, in the order you promised to answer.',
    es: 'Lo próximo que escriban tus clientes aparece aquí, en el orden en que prometiste responder.',
  },
  'today.answer': { en: 'To answer', es: 'Por responder' },
  'today.read': { en: 'To read', es: 'Por leer' },
  'today.held': { en: 'Held for session', es: 'Para la sesión' },
  'today.done': { en: 'Done', es: 'Hecho' },
  'today.due': { en: 'by {day} {time}', es: 'antes de las {time}, {day}' },
  'today.since': { en: 'since {day} {time}', es: 'desde {day} a las {time}' },
  'today.open': { en: 'Open', es: 'Abrir' },
  'today.open.name': { en: 'Open messages with {name}', es: 'Abrir los mensajes con {name}' },
  'today.hold': { en: 'Keep for session', es: 'Guardar para la sesión' },
  'today.putAway': { en: 'Done', es: 'Hecho' },
  'today.putBack': { en: 'Put back', es: 'Devolver' },
  'today.answered': { en: 'Answered', es: 'Respondido' },
  'today.wasPutAway': { en: 'Done', es: 'Hecho' },
  'today.brought': { en: 'Brought to the session', es: 'Para hablarlo en la sesión' },
  'today.all': { en: 'Show all of it', es: 'Mostrar todo' },
  'today.hours.title': { en: 'Say when you read messages', es: 'Di cuándo lees los mensajes' },
  'today.hours.text': {
    en: 'Your clients see it before they write, and this page sorts by it.',
    es: 'Tus clientes lo ven antes de escribir, y esta página ordena según ello.',
  },
  'today.away': {
    en: 'You are away until {until}. Your clients see your note.',
    es: 'No estás hasta el {until}. Tus clientes ven tu nota.',
  },

  'clients.none.title': { en: 'No clients yet', es: 'Aún no hay clientes' },
  'clients.none.text': {
    en: 'Invite somebody by link or code. The conversation appears here when they join.',
    es: 'Invita a alguien con un enlace o un código. La conversación aparece aquí cuando se una.',
  },
  'clients.invite': { en: 'Invite a client', es: 'Invitar a un cliente' },
  'clients.new': { en: 'New: hasn’t written yet', es: 'Nuevo: aún no ha escrito' },
  'clients.unconfirmed': { en: 'Not connected yet', es: 'Aún sin enlazar' },
  'clients.alarm': { en: 'Something is not right', es: 'Algo no está bien' },
  'clients.left': { en: 'No longer part of it', es: 'Ya no formas parte' },
  'clients.you': { en: 'You: {text}', es: 'Tú: {text}' },
  'clients.fresh': { en: 'New', es: 'Nuevo' },
  'clients.invited': { en: 'Invited', es: 'Con invitación' },
  'clients.back': { en: 'Back to clients', es: 'Volver a clientes' },

  'colleagues.title': { en: 'The practice', es: 'La consulta' },
  'colleagues.new': { en: 'Nothing written yet', es: 'Todavía nada escrito' },
  'colleagues.none.title': { en: 'No messages yet', es: 'Aún no hay mensajes' },
  'colleagues.none.text': {
    en: 'Your conversation with the practice appears here as soon as you are connected.',
    es: 'Tu conversación con la consulta aparece aquí en cuanto haya conexión.',
  },

  'send.goes': { en: 'Goes {day} at {time}', es: 'Sale {day} a las {time}' },
  'send.now': { en: 'Send now', es: 'Enviar ahora' },

  'phrases.open': { en: 'Quick phrases', es: 'Frases rápidas' },
  'phrases.title': { en: 'Quick phrases', es: 'Frases rápidas' },
  'phrases.text': {
    en: 'Choose one to put it into your message. Only you can see this list.',
    es: 'Elige una para ponerla en tu mensaje. Solo tú ves esta lista.',
  },
  'phrases.none': {
    en: 'Words you write again and again can wait here for you. Only you can see them.',
    es: 'Las palabras que escribes una y otra vez pueden esperarte aquí. Solo tú las ves.',
  },
  'phrases.new': { en: 'New phrase', es: 'Frase nueva' },
  'phrases.add': { en: 'Add', es: 'Añadir' },
  'phrases.change': { en: 'Change the list', es: 'Cambiar la lista' },
  'phrases.use': { en: 'Use phrases', es: 'Usar frases' },
  'phrases.edit': { en: 'Change: {phrase}', es: 'Cambiar: {phrase}' },
  'phrases.remove': { en: 'Remove: {phrase}', es: 'Quitar: {phrase}' },
  'phrases.edit.do': { en: 'Change', es: 'Cambiar' },
  'phrases.full': {
    en: 'The list is full. Remove a phrase to add another.',
    es: 'La lista está llena. Quita una frase para añadir otra.',
  },

  'card.title': { en: 'When I read messages', es: 'Cuándo leo los mensajes' },
  'card.change': { en: 'Change', es: 'Cambiar' },
  'card.text': {
    en: 'Your clients see this above every conversation, before they write.',
    es: 'Tus clientes lo ven sobre cada conversación, antes de escribir.',
  },
  'card.none': {
    en: 'You haven’t said yet when you read messages.',
    es: 'Aún no has dicho cuándo lees los mensajes.',
  },
  'card.preview': { en: 'Your clients see', es: 'Tus clientes ven' },
  'card.zone': { en: 'Time zone', es: 'Zona horaria' },
  'card.line': { en: 'A line of your own', es: 'Una frase tuya' },
  'card.line.hint': {
    en: 'For example: if it can wait, bring it to our session.',
    es: 'Por ejemplo: si puede esperar, tráelo a la sesión.',
  },
  'card.from': { en: '{day}, from', es: '{day}, desde' },
  'card.to': { en: '{day}, to', es: '{day}, hasta' },
  'card.add': { en: 'Add hours', es: 'Añadir horas' },
  'card.add.day': { en: 'Add hours on {day}', es: 'Añadir horas el {day}' },
  'card.drop': { en: 'Remove {hours} on {day}', es: 'Quitar {hours} el {day}' },
  'card.weekdays': { en: 'Same hours Monday to Friday', es: 'Las mismas horas de lunes a viernes' },
  'card.order': {
    en: '{day}: the end must come after the beginning.',
    es: '{day}: el final debe ir después del comienzo.',
  },
  'card.overlap': { en: '{day}: these hours overlap.', es: '{day}: estas horas se solapan.' },
  'card.publishing': {
    en: {
      one: 'Still to reach {count} conversation.',
      other: 'Still to reach {count} conversations.',
    },
    es: {
      one: 'Falta que llegue a {count} conversación.',
      other: 'Falta que llegue a {count} conversaciones.',
    },
  },
  'card.later': {
    en: 'Saved here. Your clients see it once you’re connected.',
    es: 'Guardado aquí. Tus clientes lo verán cuando tengas conexión.',
  },
  'card.published': {
    en: 'Saved. All your clients see it.',
    es: 'Guardado. Todos tus clientes lo ven.',
  },

  'away.title': { en: 'Away', es: 'Ausencia' },
  'away.text': {
    en: 'While you are away your clients see your note instead of your hours. It ends by itself.',
    es: 'Mientras no estás, tus clientes ven tu nota en lugar de tu horario. Termina sola.',
  },
  'away.none': { en: 'You have no time away planned.', es: 'No tienes ninguna ausencia prevista.' },
  'away.planned': { en: 'From {from} until {until}.', es: 'Desde el {from} hasta el {until}.' },
  'away.over': { en: 'Your last time away is over.', es: 'Tu última ausencia ha terminado.' },
  'away.plan': { en: 'Plan time away', es: 'Prever una ausencia' },
  'away.from': { en: 'First day away', es: 'Primer día de ausencia' },
  'away.until': { en: 'Last day away', es: 'Último día de ausencia' },
  'away.message': { en: 'What your clients read', es: 'Lo que leen tus clientes' },
  'away.cover': { en: 'Who covers, and how to reach them', es: 'Quién cubre y cómo contactar' },
  'away.cover.hint': {
    en: 'Only a name and a way to reach them: nobody else can read your messages because of this.',
    es: 'Solo un nombre y cómo contactar: nadie más puede leer tus mensajes por esto.',
  },
  'away.order': {
    en: 'The last day can’t be before the first.',
    es: 'El último día no puede ser anterior al primero.',
  },
  'away.past': { en: 'These days are over already.', es: 'Estos días ya han pasado.' },
  'away.end': { en: 'Remove the note', es: 'Quitar la nota' },
} as const satisfies Entries;
