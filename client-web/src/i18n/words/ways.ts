import type { Entries } from '../entry';

/** The ways into an account: recovery sheet, password, lost devices. */
export const ways = {
  'sheet.title': { en: 'Recovery sheet', es: 'Hoja de recuperación' },
  'sheet.yours': { en: 'Your recovery sheet', es: 'Tu hoja de recuperación' },
  'sheet.why': {
    en: 'With this sheet and without your password you can set a new password, and everything is restored. Without both, nobody can bring it back, not even your practice.',
    es: 'Con esta hoja y sin tu contraseña puedes poner una contraseña nueva, y todo vuelve. Sin ninguna de las dos, nadie puede recuperarlo, tampoco tu consulta.',
  },
  'sheet.take': {
    en: 'Print it, save it or write the eight words down, then say that you have it. After that they aren’t kept here.',
    es: 'Imprímela, guárdala o apunta las ocho palabras, y luego di que la tienes. Después ya no se guardan aquí.',
  },
  'sheet.words': { en: 'The eight words', es: 'Las ocho palabras' },
  'sheet.for': { en: 'For {handle}', es: 'Para {handle}' },
  'sheet.practice': { en: 'Practice', es: 'Consulta' },
  'sheet.address': { en: 'Address', es: 'Dirección' },
  'sheet.madeOn': { en: 'Made on', es: 'Hecha el' },
  'sheet.print': { en: 'Print', es: 'Imprimir' },
  'sheet.showCode': { en: 'Show as a code to scan', es: 'Mostrar como código para escanear' },
  'sheet.hideCode': { en: 'Hide the code', es: 'Ocultar el código' },
  'sheet.code': {
    en: 'Your recovery sheet as a code to scan',
    es: 'Tu hoja de recuperación como código para escanear',
  },
  'sheet.copy': { en: 'Copy the words', es: 'Copiar las palabras' },
  'sheet.save': { en: 'Save as a file', es: 'Guardar como archivo' },
  'sheet.save.name': { en: 'recovery-sheet', es: 'hoja-de-recuperacion' },
  'sheet.kept': { en: 'I have it', es: 'Ya la tengo' },
  'sheet.kept.text': {
    en: 'Only press this when the words are on paper or in a place of your own: they aren’t shown again.',
    es: 'Púlsalo solo cuando las palabras estén en papel o en un lugar tuyo: no se vuelven a mostrar.',
  },
  'sheet.later': { en: 'Later', es: 'Más tarde' },
  'sheet.opens.title': { en: 'What this sheet opens', es: 'Qué abre esta hoja' },
  'sheet.opens': {
    en: 'With this sheet and without your password you can set a new password, and everything is restored. So can anybody else who has it.',
    es: 'Con esta hoja y sin tu contraseña puedes poner una contraseña nueva, y todo vuelve. También puede hacerlo cualquiera que la tenga.',
  },
  'sheet.how': {
    en: 'Open {address}, choose “I lost my password” and enter the sign-in name and the words, or scan the code. Once you have used it, make a new sheet.',
    es: 'Abre {address}, elige «Perdí mi contraseña» y escribe el nombre de acceso y las palabras, o escanea el código. Después de usarla, haz una hoja nueva.',
  },
  'sheet.where.title': { en: 'Where not to keep it', es: 'Dónde no guardarla' },
  'sheet.where.1': { en: 'Not with your phone or computer.', es: 'No junto al teléfono ni al ordenador.' },
  'sheet.where.2': {
    en: 'Not as a photo, and not in a cloud or a mailbox.',
    es: 'No como foto, ni en una nube o un buzón de correo.',
  },
  'sheet.where.3': {
    en: 'Not where somebody finds it who should not read your messages.',
    es: 'No donde la encuentre alguien que no deba leer tus mensajes.',
  },
  'sheet.ends': {
    en: 'A new sheet makes this one stop working.',
    es: 'Una hoja nueva hace que esta deje de servir.',
  },

  'me.sheet.none': {
    en: 'You have no recovery sheet yet. Without one, a forgotten password can’t be replaced.',
    es: 'Todavía no tienes una hoja de recuperación. Sin ella, una contraseña olvidada no se puede cambiar.',
  },
  'me.sheet.waiting': {
    en: 'Your recovery sheet isn’t done yet: it waits until you have printed or saved it.',
    es: 'Tu hoja de recuperación no está lista: espera a que la imprimas o la guardes.',
  },
  'me.sheet.made': { en: 'Made on {date}.', es: 'Hecha el {date}.' },
  'me.sheet.open': { en: 'Show the sheet', es: 'Mostrar la hoja' },
  'me.sheet.make': { en: 'Make a sheet', es: 'Hacer una hoja' },
  'me.sheet.again': { en: 'Make a new one', es: 'Hacer una nueva' },
  'sheet.make.text': {
    en: 'Eight words on paper, with which you get back in when the password is lost.',
    es: 'Ocho palabras en papel, con las que vuelves a entrar si se pierde la contraseña.',
  },
  'sheet.make.ends': {
    en: 'The sheet you made on {date} stops working as soon as the new one is made. Destroy it then.',
    es: 'La hoja que hiciste el {date} deja de servir en cuanto se haga la nueva. Destrúyela entonces.',
  },

  'me.password': { en: 'Change password', es: 'Cambiar la contraseña' },
  'password.change.text': {
    en: 'Nothing is signed out, and nothing is lost. This browser opens with the new password from then on. Other devices on which you are signed in still unlock with the earlier one.',
    es: 'No se cierra nada ni se pierde nada. Desde entonces este navegador se abre con la contraseña nueva. Otros dispositivos donde ya entraste se siguen desbloqueando con la anterior.',
  },
  'field.password.present': { en: 'Present password', es: 'Contraseña actual' },
  'password.choose.new': { en: 'Choose a new password', es: 'Elige una contraseña nueva' },
  'password.change.do': { en: 'Change password', es: 'Cambiar la contraseña' },
  'password.changed': {
    en: 'Your password is changed. Use the new one from now on.',
    es: 'Tu contraseña ha cambiado. Desde ahora usa la nueva.',
  },
  'do.working': { en: 'This takes a few seconds…', es: 'Tarda unos segundos…' },

  'step.title': { en: 'One more step', es: 'Un paso más' },
  'step.app': {
    en: 'Enter the code that your authenticator app shows now.',
    es: 'Escribe el código que muestra ahora tu aplicación de autenticación.',
  },
  'step.code': { en: 'Code of six digits', es: 'Código de seis cifras' },
  'step.do': { en: 'Go on', es: 'Continuar' },
  'step.passkey': { en: 'Use your passkey', es: 'Usar tu llave de acceso' },
  'step.passkey.none': {
    en: 'This account also has a passkey, which this browser can’t use.',
    es: 'Esta cuenta tiene también una llave de acceso, que este navegador no puede usar.',
  },
  'step.lost': {
    en: 'Not at hand any more? Your recovery sheet signs you in without it.',
    es: '¿Ya no la tienes? Con tu hoja de recuperación entras sin ella.',
  },
  'step.stop': { en: 'Not now', es: 'Ahora no' },
  'step.page': { en: 'Second step', es: 'Segundo paso' },
  'step.page.text': {
    en: 'After your password, you can be asked for a code from an app on your phone. Somebody who knows your password then still gets nothing.',
    es: 'Después de tu contraseña se te puede pedir un código de una aplicación del teléfono. Quien sepa tu contraseña sigue sin conseguir nada.',
  },
  'step.have': { en: 'Asked for after your password', es: 'Se pide después de tu contraseña' },
  'step.kind.app': { en: 'Authenticator app', es: 'Aplicación de autenticación' },
  'step.kind.passkey': { en: 'Passkey', es: 'Llave de acceso' },
  'step.since': { en: 'since {date}', es: 'desde el {date}' },
  'step.remove': { en: 'Remove', es: 'Quitar' },
  'step.add': { en: 'Set up an authenticator app', es: 'Configurar una aplicación de autenticación' },
  'step.scan': {
    en: 'Scan this with the app, then enter the code that it shows.',
    es: 'Escanéalo con la aplicación y escribe el código que muestra.',
  },
  'step.scan.label': { en: 'Code for your authenticator app', es: 'Código para tu aplicación de autenticación' },
  'step.type': { en: 'Or type it in:', es: 'O escríbelo:' },
  'step.add.do': { en: 'Set it up', es: 'Configurarla' },
  'step.added': {
    en: 'It is set up. From now on a code is asked for when you sign in on a new device, or change something about your account.',
    es: 'Está configurada. Desde ahora se pide un código al entrar en un dispositivo nuevo o al cambiar algo de tu cuenta.',
  },
  'step.sheet': {
    en: 'Your recovery sheet works without it.',
    es: 'Tu hoja de recuperación funciona sin ella.',
  },
  'step.due.title': { en: 'A second step at sign-in', es: 'Un segundo paso al entrar' },
  'step.due.text': {
    en: 'Your practice asks everybody on the staff for it. Please set it up before {date}.',
    es: 'Tu consulta se lo pide a todo el equipo. Configúralo antes del {date}.',
  },
  'step.due.now': {
    en: 'Your practice asks everybody on the staff for it, and from now on the server waits until you have set it up. What you wrote is saved here.',
    es: 'Tu consulta se lo pide a todo el equipo, y desde ahora el servidor espera hasta que lo configures. Lo que escribiste está guardado aquí.',
  },
  'step.due.do': { en: 'Set it up', es: 'Configurarlo' },
  'step.staff.title': { en: 'Signing in', es: 'Entrar' },
  'step.staff': { en: 'Ask the staff for a second step', es: 'Pedir al equipo un segundo paso' },
  'step.staff.hint': {
    en: 'Everybody but clients, with a week to set it up. The server can see who has.',
    es: 'A todos menos a los clientes, con una semana para configurarlo. El servidor ve quién lo tiene.',
  },

  'signIn.lost': { en: 'I lost my password', es: 'Perdí mi contraseña' },
  'recover.title': { en: 'Set a new password', es: 'Poner una contraseña nueva' },
  'recover.text': {
    en: 'You need your recovery sheet: the page with eight words that you printed or saved.',
    es: 'Necesitas tu hoja de recuperación: la página con ocho palabras que imprimiste o guardaste.',
  },
  'recover.scanned': {
    en: 'The words on your sheet were read from the code.',
    es: 'Las palabras de tu hoja se leyeron del código.',
  },
  'recover.words': { en: 'The eight words', es: 'Las ocho palabras' },
  'recover.words.hint': {
    en: 'In their order. Capital letters and what stands between the words don’t matter.',
    es: 'En su orden. No importan las mayúsculas ni lo que haya entre las palabras.',
  },
  'recover.do': { en: 'Set it and sign in', es: 'Ponerla y entrar' },
  'recover.neither.title': { en: 'Neither password nor sheet?', es: '¿Ni contraseña ni hoja?' },
  'recover.neither': {
    en: 'Ask your therapist to invite you again, face to face.',
    es: 'Pide a tu terapeuta que te vuelva a invitar, en persona.',
  },

  'me.devices.remove.lost': { en: 'Is it lost or stolen?', es: '¿Se perdió o te lo robaron?' },
  'me.devices.lost.do': { en: 'Remove as lost', es: 'Quitar como perdido' },
  'lost.title': { en: 'Remove {device} as lost', es: 'Quitar {device} como perdido' },
  'lost.text': {
    en: 'It is signed out at once, and everything gets new locks, so that whatever was copied from it opens nothing new. You choose a new password, and your other devices ask for it once.',
    es: 'Se cierra enseguida y todo recibe cerraduras nuevas, así que lo que copiaron de él no abre nada nuevo. Eliges una contraseña nueva, y tus otros dispositivos te la piden una vez.',
  },
  'lost.sheet': {
    en: 'Was your recovery sheet with it? Then make a new one afterwards.',
    es: '¿Estaba con él tu hoja de recuperación? Entonces haz una nueva después.',
  },
  'lost.invitations': {
    en: 'Invitations that nobody has used yet are withdrawn.',
    es: 'Se retiran las invitaciones que nadie ha usado todavía.',
  },
  'lost.done.title': { en: 'It is signed out', es: 'Está cerrado' },
  'lost.done': {
    en: 'Your new password holds. Every conversation has new locks.',
    es: 'Tu contraseña nueva ya vale. Todas las conversaciones tienen cerraduras nuevas.',
  },
  'lost.gone': {
    en: 'This device isn’t among yours any more.',
    es: 'Este dispositivo ya no está entre los tuyos.',
  },
  'lost.progress': {
    en: 'New locks for your conversations: {done} of {all} done. You can go on meanwhile, and close this page.',
    es: 'Cerraduras nuevas para tus conversaciones: {done} de {all} hechas. Mientras tanto puedes seguir, y cerrar esta página.',
  },

  'reopen.title': {
    en: 'Your password was changed on another device',
    es: 'Tu contraseña se cambió en otro dispositivo',
  },
  'reopen.text': {
    en: 'Enter the new one to go on. Nothing you wrote is lost.',
    es: 'Escribe la nueva para seguir. No se pierde nada de lo que escribiste.',
  },
  'reopen.field': { en: 'New password', es: 'Contraseña nueva' },
  'reopen.do': { en: 'Go on', es: 'Seguir' },

  'lock.earlier': {
    en: 'If you changed it on another device, this browser still opens with the earlier one.',
    es: 'Si la cambiaste en otro dispositivo, este navegador se sigue abriendo con la anterior.',
  },

  'place.nth.1': { en: 'first', es: 'primera' },
  'place.nth.2': { en: 'second', es: 'segunda' },
  'place.nth.3': { en: 'third', es: 'tercera' },
  'place.nth.4': { en: 'fourth', es: 'cuarta' },
  'place.nth.5': { en: 'fifth', es: 'quinta' },
  'place.nth.6': { en: 'sixth', es: 'sexta' },
  'place.nth.7': { en: 'seventh', es: 'séptima' },
  'place.nth.8': { en: 'eighth', es: 'octava' },
} as const satisfies Entries;
