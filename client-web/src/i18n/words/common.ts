import type { Entries } from '../entry';

/** Said in more than one part of the app. */
export const common = {
  'app.name': { en: 'Sotto', es: 'Sotto' },
  'app.loading': { en: 'One moment…', es: 'Un momento…' },
  'app.skip': { en: 'Go to the content', es: 'Ir al contenido' },
  'app.reload': { en: 'Reload', es: 'Recargar' },
  'app.update': {
    en: 'A newer version is ready. It comes when you reload.',
    es: 'Hay una versión más nueva. Llega cuando recargues.',
  },
  'app.newMessageFrom': { en: 'New message from {name}', es: 'Nuevo mensaje de {name}' },

  'exit.do': { en: 'Exit', es: 'Salida' },
  'exit.hint': {
    en: 'Hides this at once and goes to another page. So does pressing Escape three times.',
    es: 'Oculta esto enseguida y va a otra página. También pulsando Escape tres veces.',
  },
  'exit.title': { en: 'Notes', es: 'Notas' },
  'exit.plain': { en: 'Give this page a neutral title', es: 'Dar a esta página un título neutro' },
  'exit.plain.text': {
    en: 'The tab is called “Notes”. The address stays what it is, and your browser’s history may show it.',
    es: 'La pestaña se llama «Notas». La dirección sigue siendo la que es, y el historial del navegador puede mostrarla.',
  },

  'do.back': { en: 'Back', es: 'Atrás' },
  'do.cancel': { en: 'Cancel', es: 'Cancelar' },
  'do.close': { en: 'Close', es: 'Cerrar' },
  'do.copy': { en: 'Copy', es: 'Copiar' },
  'do.copied': { en: 'Copied', es: 'Copiado' },
  'do.save': { en: 'Save', es: 'Guardar' },
  'do.saved': { en: 'Saved', es: 'Guardado' },
  'do.tryAgain': { en: 'Try again', es: 'Intentar de nuevo' },
  'do.remove': { en: 'Remove', es: 'Quitar' },

  'language.name': { en: 'English', es: 'Español' },
  'language.choose': { en: 'Language', es: 'Idioma' },
  'language.en': { en: 'English', es: 'English' },
  'language.es': { en: 'Español', es: 'Español' },

  'day.today': { en: 'Today', es: 'Hoy' },
  'day.yesterday': { en: 'Yesterday', es: 'Ayer' },
  'day.tomorrow': { en: 'Tomorrow', es: 'Mañana' },
  'wait.seconds': {
    en: { one: '{count} second', other: '{count} seconds' },
    es: { one: '{count} segundo', other: '{count} segundos' },
  },
  'wait.minutes': {
    en: { one: '{count} minute', other: '{count} minutes' },
    es: { one: '{count} minuto', other: '{count} minutos' },
  },

  'role.owner': { en: 'Owner', es: 'Responsable' },
  'role.therapist': { en: 'Therapist', es: 'Terapeuta' },
  'role.prescriber': { en: 'Prescriber', es: 'Prescriptor' },
  'role.front_desk': { en: 'Front desk', es: 'Recepción' },
  'role.client': { en: 'Client', es: 'Cliente' },
  'role.owner_therapist': { en: 'Owner and therapist', es: 'Responsable y terapeuta' },

  'place.messages': { en: 'Messages', es: 'Mensajes' },
  'place.me': { en: 'My page', es: 'Mi página' },
  'place.today': { en: 'Today', es: 'Hoy' },
  'place.clients': { en: 'Clients', es: 'Clientes' },
  'place.practice': { en: 'Practice', es: 'Consulta' },
  'place.all': { en: 'Places', es: 'Lugares' },
  'place.unknown.title': { en: 'There is nothing here', es: 'Aquí no hay nada' },
  'place.unknown.text': {
    en: 'This page doesn’t exist, or not for you. Everything you wrote is where it was.',
    es: 'Esta página no existe, o no para ti. Todo lo que escribiste sigue en su sitio.',
  },
  'place.unknown.way': { en: 'Go to the first page', es: 'Ir a la primera página' },
  'place.notLoaded': {
    en: 'This page could not be fetched. Check your connection and try again.',
    es: 'No se pudo cargar esta página. Revisa tu conexión e inténtalo de nuevo.',
  },

  'person.you': { en: 'You', es: 'Tú' },
  'person.someone': { en: 'Someone', es: 'Alguien' },
  'person.yourTherapist': { en: 'your therapist', es: 'tu terapeuta' },

  'phone.malformed': {
    en: 'This doesn’t look like a phone number. Use digits, spaces and + ( ) - only.',
    es: 'No parece un número de teléfono. Usa solo cifras, espacios y + ( ) -.',
  },

  'password.show': { en: 'Show', es: 'Mostrar' },
  'password.hide': { en: 'Hide', es: 'Ocultar' },

  'offline.line': {
    en: 'Not connected. What you write is saved here and goes later.',
    es: 'Sin conexión. Lo que escribas se guarda aquí y sale después.',
  },
  'storage.clearable': {
    en: 'This browser may clear what it keeps when it runs short of space. Nothing is lost: signing in brings everything back.',
    es: 'Este navegador puede borrar lo que guarda si le falta espacio. No se pierde nada: al entrar de nuevo, todo vuelve.',
  },
  'storage.full': {
    en: 'This device is out of space, so nothing new can be saved here. Free some space, then try again.',
    es: 'Este dispositivo no tiene espacio y no se puede guardar nada nuevo. Libera espacio e inténtalo de nuevo.',
  },
  'storage.blocked': {
    en: 'This browser doesn’t let us keep anything, perhaps because the window is private. You can go on, but what hasn’t been sent is gone when you close this page.',
    es: 'Este navegador no deja guardar nada, quizá porque la ventana es privada. Puedes seguir, pero lo que no se haya enviado se pierde al cerrar la página.',
  },
  'idle.title': { en: 'Sign in on this device again', es: 'Entra de nuevo en este dispositivo' },
  'idle.text': {
    en: 'It wasn’t used for 60 days. Nothing is lost: what you wrote and haven’t sent is kept here and goes afterwards.',
    es: 'No se usó durante 60 días. No se pierde nada: lo que escribiste y no enviaste se guarda aquí y sale después.',
  },
  'idle.do': { en: 'Sign in again', es: 'Entrar de nuevo' },
  'idle.removed': {
    en: {
      one: '{count} of your devices was removed because it wasn’t used for 60 days.',
      other: '{count} of your devices were removed because they weren’t used for 60 days.',
    },
    es: {
      one: 'Se quitó {count} de tus dispositivos porque no se usó durante 60 días.',
      other: 'Se quitaron {count} de tus dispositivos porque no se usaron durante 60 días.',
    },
  },
  'storage.borrowed': {
    en: 'This isn’t your computer, so nothing is kept here. What hasn’t been sent is gone when you exit or close this page.',
    es: 'Este no es tu ordenador, así que aquí no se guarda nada. Lo que no se haya enviado se pierde al salir o al cerrar la página.',
  },
  'clock.off': {
    en: 'This device’s clock is wrong by about {minutes} minutes. Please set it, or times here will not fit.',
    es: 'El reloj de este dispositivo se equivoca en unos {minutes} minutos. Ajústalo, o las horas aquí no coincidirán.',
  },
} as const satisfies Entries;
