import type { Entries } from '../entry';

/** Taking a record along. The words inside the file are the core's: `client-core/src/export/words.rs`. */
export const record = {
  'record.open': { en: 'Record', es: 'Historial' },
  'record.title': { en: 'Take my record with me', es: 'Llevarme mi historial' },
  'record.title.client': { en: 'Record of {name}', es: 'Historial de {name}' },
  'record.entry': {
    en: 'One file with everything that is yours here. It opens in any browser, also without the server.',
    es: 'Un archivo con todo lo que es tuyo aquí. Se abre en cualquier navegador, también sin el servidor.',
  },
  'record.entry.do': { en: 'What it contains', es: 'Qué contiene' },

  'record.contents': { en: 'What is in it', es: 'Qué contiene' },
  'record.contents.text': {
    en: 'The messages, with who wrote them and when, who said that they were read, and what was changed or taken back. Besides, for programs, what each author’s device signed. It is made on this device; nothing is sent anywhere.',
    es: 'Los mensajes, con quién los escribió y cuándo, quién dijo que se leyeron, y qué se cambió o se retiró. Además, para programas, lo que firmó el dispositivo de cada autor. Se crea en este dispositivo; no se envía nada a ninguna parte.',
  },
  'record.messages': {
    en: { one: '{count} message with {name}', other: '{count} messages with {name}' },
    es: { one: '{count} mensaje con {name}', other: '{count} mensajes con {name}' },
  },
  'record.notNotes': {
    en: 'My notes, and whatever else only you read, are not in it.',
    es: 'Mis notas, y todo lo demás que solo tú lees, no están en él.',
  },
  'record.part': {
    en: 'Not everything has arrived on this device yet: {have} of {told} entries with {name} are here. The file will say so.',
    es: 'Aún no ha llegado todo a este dispositivo: están {have} de {told} entradas con {name}. El archivo lo dirá.',
  },
  'record.unsure': {
    en: 'Without a connection nobody can say whether everything with {name} is here. The file will say so.',
    es: 'Sin conexión nadie puede decir si está todo lo de {name}. El archivo lo dirá.',
  },
  'record.waiting': {
    en: 'What is not sent yet is not in it.',
    es: 'Lo que aún no se ha enviado no está en él.',
  },

  'record.open.title': { en: 'The file is not locked', es: 'El archivo no está cerrado' },
  'record.open.text': {
    en: 'Whoever has it can read it, without a password. Keep it where you would keep a diary.',
    es: 'Quien lo tenga puede leerlo, sin contraseña. Guárdalo donde guardarías un diario.',
  },
  'record.borrowed': {
    en: 'This isn’t your computer. The file stays on it when you leave, and somebody else may find it: better make it on a device of your own.',
    es: 'Este no es tu ordenador. El archivo se queda en él cuando te vas y alguien podría encontrarlo: mejor créalo en un dispositivo tuyo.',
  },

  'record.from': { en: 'From (empty: the first day)', es: 'Desde (vacío: el primer día)' },
  'record.until': { en: 'Until (empty: today)', es: 'Hasta (vacío: hoy)' },
  'record.password.hint': {
    en: 'Asked again, so that nobody who finds this device open can take everything along.',
    es: 'Se pide otra vez para que nadie que encuentre este dispositivo abierto pueda llevárselo todo.',
  },
  'record.do': { en: 'Make the file', es: 'Crear el archivo' },
  'record.making': { en: 'Making the file: {percent} %', es: 'Creando el archivo: {percent} %' },
  'record.progress': { en: 'How much of the file is made', es: 'Cuánto del archivo está hecho' },
  'record.stop': { en: 'Stop', es: 'Parar' },
  'record.done': {
    en: 'The file {file} is made. Your browser has put it where it puts downloads.',
    es: 'El archivo {file} está creado. Tu navegador lo ha puesto donde pone las descargas.',
  },
} as const satisfies Entries;
