import type { Entries } from '../entry';

/** Need help now? */
export const help = {
  'help.ask': { en: 'Need help now?', es: '¿Necesitas ayuda ahora?' },
  'help.title': { en: 'Need help now?', es: '¿Necesitas ayuda ahora?' },
  'help.text': {
    en: 'This page works without a connection. It calls no one and tells no one by itself.',
    es: 'Esta página funciona sin conexión. No llama ni avisa a nadie por sí sola.',
  },
  'help.us.988': { en: '988 · Suicide & Crisis Lifeline', es: '988 · Línea de Prevención del Suicidio y Crisis' },
  'help.us.988.text': {
    en: 'Someone to talk to, day and night. Free. Call or text 988. Spanish: press 2.',
    es: 'Alguien con quien hablar, día y noche. Gratis. Llama al 988 y pulsa 2, o envía AYUDA al 988.',
  },
  'help.us.911': { en: '911 · Emergency', es: '911 · Emergencias' },
  'help.us.911.text': {
    en: 'If you or someone near you is in danger right now.',
    es: 'Si tú o alguien cercano está en peligro en este momento.',
  },
  'help.call': { en: 'Call {number}', es: 'Llamar al {number}' },
  'help.textTo': { en: 'Text {number}', es: 'Mensaje al {number}' },
  'help.elsewhere': { en: 'Your local emergency number', es: 'El número de emergencias de tu zona' },
  'help.elsewhere.text': {
    en: 'If you or someone near you is in danger right now, call it.',
    es: 'Si tú o alguien cercano está en peligro en este momento, llama.',
  },
  'help.practice': { en: 'Your practice', es: 'Tu consulta' },
  'help.practice.text': {
    en: 'During its hours. It isn’t an emergency line.',
    es: 'En su horario. No es una línea de emergencias.',
  },
  'help.person': { en: 'Your person', es: 'Tu persona' },
  'help.person.none': {
    en: 'Someone you could call. Only you can read this.',
    es: 'Alguien a quien podrías llamar. Solo tú puedes leerlo.',
  },
  'help.person.name': { en: 'Name', es: 'Nombre' },
  'help.person.phone': { en: 'Phone', es: 'Teléfono' },
  'help.plan': { en: 'Your plan', es: 'Tu plan' },
  'help.plan.none': {
    en: 'What has helped before, in your own words. Only you can read this.',
    es: 'Lo que te ha ayudado antes, en tus palabras. Solo tú puedes leerlo.',
  },
  'help.edit': { en: 'Change', es: 'Cambiar' },
  'help.write': { en: 'Write it down', es: 'Escribirlo' },
} as const satisfies Entries;
