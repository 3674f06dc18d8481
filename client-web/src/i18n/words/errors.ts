import type { Entries, Entry } from '../entry';

/*
 * What happened, and what to do: one sentence or two for every `PortError.code`. Codes that a person can do nothing
 * different about share their sentence.
 */

const ours = {
  en: 'Something went wrong on our side. Nothing you wrote is lost. Please try again; if it stays like this, tell your practice.',
  es: 'Algo falló de nuestro lado. No se pierde nada de lo que escribiste. Inténtalo de nuevo; si sigue igual, avisa a tu consulta.',
} as const satisfies Entry;
const later = {
  en: 'The server can’t do this right now. What you wrote is saved here. Please try again in a little while.',
  es: 'El servidor no puede hacerlo ahora. Lo que escribiste está guardado aquí. Inténtalo de nuevo en un rato.',
} as const satisfies Entry;
const changed = {
  en: 'Something changed in the meantime. Please try again.',
  es: 'Algo cambió mientras tanto. Inténtalo de nuevo.',
} as const satisfies Entry;
const notRight = {
  en: 'Something about this conversation is not right, so nothing more is sent. Please call your practice.',
  es: 'Algo en esta conversación no está bien, así que no se envía nada más. Por favor, llama a tu consulta.',
} as const satisfies Entry;
const notHere = {
  en: 'You are no longer part of this conversation. If that surprises you, please call your practice.',
  es: 'Ya no formas parte de esta conversación. Si te sorprende, llama a tu consulta.',
} as const satisfies Entry;
const notAllowed = {
  en: 'This isn’t possible with your account. Ask the owner of the practice if you need it.',
  es: 'Esto no es posible con tu cuenta. Pregunta a quien lleva la consulta si lo necesitas.',
} as const satisfies Entry;
const wait = {
  en: 'Too many attempts in a short time. Please wait {wait}, then try again.',
  es: 'Demasiados intentos en poco tiempo. Espera {wait} e inténtalo de nuevo.',
} as const satisfies Entry;
const update = {
  en: 'This page is older than the server. Please reload it.',
  es: 'Esta página es más antigua que el servidor. Por favor, recárgala.',
} as const satisfies Entry;
const tooLong = {
  en: 'This is too long to send at once. Please split it. It is still here.',
  es: 'Es demasiado largo para enviarlo de una vez. Divídelo. Sigue aquí.',
} as const satisfies Entry;
const signInAgain = {
  en: 'Please sign in again. Everything that was sent comes back.',
  es: 'Entra de nuevo, por favor. Todo lo que se envió vuelve.',
} as const satisfies Entry;
const linkDamaged = {
  en: 'This link is not complete. A messenger may have cut it. Copy the whole of it, or ask for it to be sent again.',
  es: 'Este enlace no está completo. Puede que una aplicación lo haya cortado. Cópialo entero o pide que te lo envíen de nuevo.',
} as const satisfies Entry;

export const errors = {
  'error.unknown': ours,

  // The server's.
  'error.malformed': ours,
  'error.version_unsupported': update,
  'error.limit_exceeded': {
    en: 'This is more than can be done at once. Please try with less, or a little later.',
    es: 'Es más de lo que se puede hacer de una vez. Prueba con menos, o un poco más tarde.',
  },
  'error.rate_limited': wait,
  'error.unexpected_frame': ours,
  'error.unavailable': later,
  'error.internal': ours,
  'error.shutting_down': later,
  'error.forged': signInAgain,
  'error.device_not_listed': {
    en: 'This device was removed from your account. Sign in again to go on.',
    es: 'Este dispositivo se quitó de tu cuenta. Entra de nuevo para seguir.',
  },
  'error.account_unknown': {
    en: 'This account is not on this server. Check the address, or call your practice.',
    es: 'Esta cuenta no está en este servidor. Revisa la dirección o llama a tu consulta.',
  },
  'error.sign_in_failed': {
    en: 'The sign-in name or the password is not right. Please try again.',
    es: 'El nombre de acceso o la contraseña no son correctos. Inténtalo de nuevo.',
  },
  'error.device_idle': {
    en: 'This device wasn’t used for 60 days. Please sign in on it again; what you wrote is kept here.',
    es: 'Este dispositivo no se usó durante 60 días. Entra de nuevo en él; lo que escribiste se guarda aquí.',
  },
  'error.factor_refused': {
    en: 'This code isn’t right, or was used before. Please enter the one that is shown now.',
    es: 'Este código no es correcto o ya se usó. Escribe el que se muestra ahora.',
  },
  'error.factor_required': {
    en: 'Your practice asks for a second step at sign-in. Please set it up to go on; what you wrote is kept here.',
    es: 'Tu consulta pide un segundo paso al entrar. Configúralo para continuar; lo que escribiste se guarda aquí.',
  },
  'error.stopped': { en: 'This was stopped. Nothing was changed.', es: 'Se detuvo. No se cambió nada.' },
  'error.throttled': wait,
  'error.token_invalid': signInAgain,
  'error.handle_taken': {
    en: 'Somebody already uses this sign-in name. Please choose another.',
    es: 'Alguien ya usa este nombre de acceso. Elige otro, por favor.',
  },
  'error.role_forbids': notAllowed,
  'error.stale_era': changed,
  'error.era_required': changed,
  'error.stale_card': changed,
  'error.card_unknown': later,
  'error.identity_changed': notRight,
  'error.seen_elsewhere': notRight,
  'error.seen_ahead': later,
  'error.payload_mismatch': ours,
  'error.rule_forbids': notAllowed,
  'error.kind_unknown': update,
  'error.target_unknown': {
    en: 'This message can’t be changed any more.',
    es: 'Este mensaje ya no se puede cambiar.',
  },
  'error.take_back_too_late': {
    en: 'A message can be taken back for 24 hours. This one is older. You can write another to say so.',
    es: 'Un mensaje se puede retirar durante 24 horas. Este es más antiguo. Puedes escribir otro para aclararlo.',
  },
  'error.restore_refused': later,
  'error.space_exists': changed,
  'error.invitation_unknown': {
    en: 'This invitation isn’t known here. Ask your practice to send you a new one.',
    es: 'Esta invitación no se conoce aquí. Pide a tu consulta que te envíe una nueva.',
  },
  'error.invitation_used': {
    en: 'This invitation has been used. If that was you, sign in. If it was not you, please call your practice.',
    es: 'Esta invitación ya se usó. Si fuiste tú, entra con tu nombre. Si no fuiste tú, llama a tu consulta.',
  },
  'error.invitation_expired': {
    en: 'This invitation is too old. Ask your practice to send you a new one.',
    es: 'Esta invitación es demasiado antigua. Pide a tu consulta que te envíe una nueva.',
  },
  'error.invitation_revoked': {
    en: 'This invitation was withdrawn. Ask your practice to send you a new one.',
    es: 'Esta invitación se retiró. Pide a tu consulta que te envíe una nueva.',
  },
  'error.setup_refused': {
    en: 'This set-up link has been used, or a newer one has taken its place. If you have set up the practice already, sign in.',
    es: 'Este enlace de configuración ya se usó, o uno más nuevo ocupó su lugar. Si ya configuraste la consulta, entra con tu nombre.',
  },
  'error.account_exists': changed,
  'error.vault_conflict': changed,
  'error.version_stale': changed,
  'error.push_refused': {
    en: 'This server can’t send notices to this browser. Messages still arrive whenever you look.',
    es: 'Este servidor no puede enviar avisos a este navegador. Los mensajes llegan igual cuando miras.',
  },

  // The core's.
  'error.not_signed_in': signInAgain,
  'error.signed_in': {
    en: 'This browser already belongs to an account. Sign out first if you want to use another.',
    es: 'Este navegador ya pertenece a una cuenta. Sal primero si quieres usar otra.',
  },
  'error.record_changed': {
    en: 'Something in the record changed while the file was being made. Please make it again.',
    es: 'Algo en el historial cambió mientras se creaba el archivo. Créalo otra vez.',
  },
  'error.record_unreadable': {
    en: 'A part of the record that is stored on this device can’t be read, so no file was made. Sign in on another device, and make it there.',
    es: 'Una parte del historial guardada en este dispositivo no se puede leer, así que no se creó ningún archivo. Entra en otro dispositivo y créalo allí.',
  },
  'error.busy': {
    en: 'Something like this is still under way. Please wait a moment.',
    es: 'Algo así aún está en marcha. Espera un momento.',
  },
  'error.space_unknown': {
    en: 'This conversation isn’t here. It may still be on its way.',
    es: 'Esta conversación no está aquí. Puede que aún esté llegando.',
  },
  'error.message_unknown': {
    en: 'This message isn’t here any more.',
    es: 'Este mensaje ya no está aquí.',
  },
  'error.unconfirmed': {
    en: 'We don’t know yet who joined, so this can’t be answered. It sorts itself out when you are both connected.',
    es: 'Aún no sabemos quién se unió, así que no se puede responder. Se aclara solo cuando ambos tengan conexión.',
  },
  'error.alarmed': notRight,
  'error.not_member': notHere,
  'error.too_long': tooLong,
  'error.empty': { en: 'There is nothing in it yet.', es: 'Todavía no hay nada escrito.' },
  'error.weak_password': {
    en: 'This password would be easy to guess. Take a few unrelated words, or the one we suggest.',
    es: 'Esta contraseña sería fácil de adivinar. Usa unas palabras sin relación, o la que te proponemos.',
  },
  'error.limit': {
    en: 'There is too much waiting on this device. Please wait until some of it has gone.',
    es: 'Hay demasiado en espera en este dispositivo. Espera a que salga una parte.',
  },
  'error.not_allowed': notAllowed,

  'error.sheet_word': {
    en: 'The {nth} word is not right. Please compare it letter by letter with your sheet.',
    es: 'La {nth} palabra no es correcta. Compárala letra por letra con tu hoja.',
  },
  'error.sheet_count': {
    en: 'A recovery sheet has eight words; here are {count}.',
    es: 'Una hoja de recuperación tiene ocho palabras; aquí hay {count}.',
  },
  'error.wrong_sheet': {
    en: 'The sign-in name and the words don’t belong together, or the sheet was replaced by a newer one.',
    es: 'El nombre de acceso y las palabras no van juntos, o la hoja se cambió por una más nueva.',
  },
  'error.unanswered': {
    en: 'No answer came, so we don’t know whether the new password holds. Reload when you are connected; if you are asked for a password, try the new one first.',
    es: 'No llegó respuesta, así que no sabemos si la contraseña nueva vale. Recarga cuando tengas conexión; si se te pide una contraseña, prueba primero la nueva.',
  },

  // The engine's.
  'error.unreachable': {
    en: 'The server can’t be reached. Check your connection and try again. What you wrote is still here.',
    es: 'No se puede llegar al servidor. Revisa tu conexión e inténtalo de nuevo. Lo que escribiste sigue aquí.',
  },
  'error.dishonest': {
    en: 'The server’s answer did not fit, so we stopped. Please call your practice before you go on.',
    es: 'La respuesta del servidor no encajaba y nos detuvimos. Llama a tu consulta antes de seguir.',
  },
  'error.wrong_password': {
    en: 'The password is not right. Please try again.',
    es: 'La contraseña no es correcta. Inténtalo de nuevo.',
  },
  'error.link_damaged': linkDamaged,
  'error.link_newer': update,
  'error.link_wrong_sort': {
    en: 'This link is for something else. Open it in your browser, as it was sent to you.',
    es: 'Este enlace es para otra cosa. Ábrelo en tu navegador tal como te lo enviaron.',
  },
  'error.not_a_link': linkDamaged,
  'error.link_elsewhere': {
    en: 'This link belongs to another practice’s server. Open it in your browser, as it was sent to you.',
    es: 'Este enlace es del servidor de otra consulta. Ábrelo en tu navegador tal como te lo enviaron.',
  },
  'error.handle_malformed': {
    en: 'A sign-in name begins with a letter and has 3 to 64 letters (without accents), digits, dots or hyphens.',
    es: 'Un nombre de acceso empieza con una letra y tiene de 3 a 64 letras (sin acento), cifras, puntos o guiones.',
  },
  'error.locked': {
    en: 'This is locked. Enter your password to go on.',
    es: 'Está bloqueado. Escribe tu contraseña para seguir.',
  },
  'error.waiting': {
    en: 'Something you wrote has not been sent yet. Connect first, and it will go.',
    es: 'Algo que escribiste aún no se ha enviado. Conéctate primero y saldrá.',
  },
  // Said by the engine of this device, and by the server of its own disk.
  'error.storage_full': {
    en: 'This could not be saved: there is no space left, on this device or on the server. Free some space here and try again; if it stays like this, tell your practice. Your text is still here.',
    es: 'No se pudo guardar: no queda espacio, en este dispositivo o en el servidor. Libera espacio aquí e inténtalo de nuevo; si sigue igual, avisa a tu consulta. Tu texto sigue aquí.',
  },
  'error.storage_blocked': {
    en: 'This browser doesn’t let us keep anything. Leave the private window or allow storage for this site, then reload.',
    es: 'Este navegador no deja guardar nada. Sal de la ventana privada o permite el almacenamiento de este sitio y recarga.',
  },
  'error.storage_damaged': {
    en: 'What this browser had kept can’t be read any more. Remove it and sign in again: everything that was sent comes back.',
    es: 'Lo que guardaba este navegador ya no se puede leer. Quítalo y entra de nuevo: todo lo que se envió vuelve.',
  },
  'error.storage_newer': {
    en: 'A newer version of this page was used here. Please reload.',
    es: 'Aquí se usó una versión más nueva de esta página. Por favor, recarga.',
  },
  'error.crashed': {
    en: 'Something stopped in the middle. What was saved is safe. Please reload and try again.',
    es: 'Algo se detuvo a medias. Lo guardado está a salvo. Recarga e inténtalo de nuevo.',
  },
} as const satisfies Entries;
