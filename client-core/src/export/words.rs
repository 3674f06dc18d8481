//! The words of the file, in English and Spanish.
//!
//! The file is made here for every host, so its words stand here and not in the web app's catalogue, by the same rules.
//! Owns every sentence that people read in it. Refuses to know where it stands. `{}` is filled in order; what is filled
//! in is escaped, these words are not: they are HTML.

use sotto_protocol::roster::Role;

/// In which language the file speaks. What people wrote stays as they wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Its code (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// Reads [`Language::code`].
    pub fn parse(code: &str) -> Option<Self> {
        [Self::English, Self::Spanish].into_iter().find(|language| language.code() == code)
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &EN,
            Self::Spanish => &ES,
        }
    }
}

/// Every sentence.
pub(super) struct Words {
    pub(super) weekdays: &'static str,
    pub(super) months: &'static str,
    pub(super) date_of: &'static str,
    pub(super) no_time: &'static str,
    pub(super) title: &'static str,
    pub(super) open_title: &'static str,
    pub(super) open: &'static str,
    pub(super) made: &'static str,
    pub(super) made_by: &'static str,
    pub(super) practice: &'static str,
    pub(super) times: &'static str,
    pub(super) period: &'static str,
    pub(super) period_whole: &'static str,
    pub(super) period_from: &'static str,
    pub(super) period_until: &'static str,
    pub(super) contains: &'static str,
    pub(super) conversations: &'static str,
    pub(super) messages: &'static str,
    pub(super) taken_back_count: &'static str,
    pub(super) settings: &'static str,
    pub(super) missing: &'static str,
    pub(super) missing_notes: &'static str,
    pub(super) missing_taken_back: &'static str,
    pub(super) missing_waiting: &'static str,
    pub(super) missing_part: &'static str,
    pub(super) missing_absent: &'static str,
    pub(super) missing_unsure: &'static str,
    pub(super) missing_doubt: &'static str,
    pub(super) devices: &'static str,
    pub(super) device_since: &'static str,
    pub(super) device_removed: &'static str,
    pub(super) device_this: &'static str,
    pub(super) with: &'static str,
    pub(super) alone: &'static str,
    pub(super) readers: &'static str,
    pub(super) you: &'static str,
    pub(super) nothing: &'static str,
    pub(super) began: &'static str,
    pub(super) added: &'static str,
    pub(super) removed: &'static str,
    pub(super) named: &'static str,
    pub(super) published: &'static str,
    pub(super) edited: &'static str,
    pub(super) earlier: &'static str,
    pub(super) taken_back: &'static str,
    pub(super) taken_back_at: &'static str,
    pub(super) shown_from: &'static str,
    pub(super) read: &'static str,
    pub(super) brought: &'static str,
    pub(super) held: &'static str,
    pub(super) resending: &'static str,
    pub(super) newer: &'static str,
    pub(super) unreadable: &'static str,
    pub(super) machine_title: &'static str,
    pub(super) machine: &'static str,
    roles: [&'static str; 6],
}

impl Words {
    pub(super) fn role(&self, role: Role) -> &'static str {
        let [owner, therapist, prescriber, front_desk, client, owner_therapist] = self.roles;
        match role {
            Role::Owner => owner,
            Role::Therapist => therapist,
            Role::Prescriber => prescriber,
            Role::FrontDesk => front_desk,
            Role::Client => client,
            Role::OwnerTherapist => owner_therapist,
        }
    }
}

pub(super) const EN: Words = Words {
    weekdays: "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    months: "January February March April May June July August September October November December",
    date_of: "",
    no_time: "at no time",
    title: "Record of {}",
    open_title: "This file is not locked",
    open: "Whoever has this file can read it, without a password. Keep it where you would keep a diary, and delete it \
           where it is not needed.",
    made: "Made",
    made_by: "{}, on the device “{}”",
    practice: "Practice",
    times: "Times are those of {}; the distance from UTC is written beside each.",
    period: "Period",
    period_whole: "everything from the first day on",
    period_from: "from {} on",
    period_until: "until {}",
    contains: "What is in it",
    conversations: "Conversations: {}",
    messages: "Messages: {}",
    taken_back_count: "Messages taken back: {}",
    settings: "Published hours, details and agreements: {}",
    missing: "What is not in it",
    missing_notes: "<i>My notes</i>, and whatever else only {} reads.",
    missing_taken_back: "The words of what was taken back or erased, and what was written while the one who made this file was no \
                         reader.",
    missing_waiting: "Written on this device and not sent yet: {}.",
    missing_part: "“{}” has not arrived on this device completely: {} of {} entries are here, everything up to {}.",
    missing_absent: "Conversations of which nothing has arrived on this device yet: {}.",
    missing_unsure: "“{}”: everything up to {}. Whether there is more could not be asked without a connection.",
    missing_doubt: "“{}”: something about this conversation is not as it must be. The app says what.",
    devices: "Devices of {}",
    device_since: "since {}",
    device_removed: "removed",
    device_this: "this file was made on it",
    with: "With {}",
    alone: "Only {}",
    readers: "Can read it: {}",
    you: "you",
    nothing: "Nothing was written here in this period.",
    began: "The conversation began. Can read it: {}",
    added: "Can read from here on: {}",
    removed: "Can’t read any longer from here on: {}",
    named: "{} gave this name: {}",
    published: "{} published: {}",
    edited: "Changed by its author, {}",
    earlier: "Earlier wording",
    taken_back: "Taken back by its author.",
    taken_back_at: "Taken back {}",
    shown_from: "Shown to the others from {} on",
    read: "{} said that this was read, {}",
    brought: "Bring to session: {}, {}",
    held: "Kept for the session: {}, {}",
    resending: "This had not arrived readably when the file was made; its author sends it again.",
    newer: "This was written with a newer version of Sotto, and could not be shown.",
    unreadable: "This could not be opened: it was locked wrongly.",
    machine_title: "For programs, and for checking",
    machine: "The same is in this file once more in machine-readable form (JSON, in the element “record”), together with what each \
              author’s device signed: who wrote what, in which order, and that nothing is missing in between. Sotto’s page \
              docs/EXPORT.md says how to read it, and what it proves.",
    roles: ["owner", "therapist", "prescriber", "front desk", "client", "owner and therapist"],
};

pub(super) const ES: Words = Words {
    weekdays: "lunes martes miércoles jueves viernes sábado domingo",
    months: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    date_of: "de ",
    no_time: "sin fecha",
    title: "Historial de {}",
    open_title: "Este archivo no está cerrado",
    open: "Quien tenga este archivo puede leerlo, sin contraseña. Guárdalo donde guardarías un diario y bórralo donde no haga \
           falta.",
    made: "Creado",
    made_by: "{}, en el dispositivo «{}»",
    practice: "Consulta",
    times: "Las horas son las de {}; al lado de cada una está la diferencia con UTC.",
    period: "Período",
    period_whole: "todo, desde el primer día",
    period_from: "desde el {}",
    period_until: "hasta el {}",
    contains: "Qué contiene",
    conversations: "Conversaciones: {}",
    messages: "Mensajes: {}",
    taken_back_count: "Mensajes retirados: {}",
    settings: "Horarios, datos y acuerdos publicados: {}",
    missing: "Qué no contiene",
    missing_notes: "<i>Mis notas</i>, y todo lo demás que solo lee {}.",
    missing_taken_back: "Las palabras de lo que se retiró o se borró, y lo que se escribió mientras quien creó este archivo no \
                         podía leer.",
    missing_waiting: "Escrito en este dispositivo y aún no enviado: {}.",
    missing_part: "«{}» no ha llegado completa a este dispositivo: hay {} de {} entradas, todo hasta {}.",
    missing_absent: "Conversaciones de las que aún no ha llegado nada a este dispositivo: {}.",
    missing_unsure: "«{}»: todo hasta {}. Sin conexión no se pudo preguntar si hay más.",
    missing_doubt: "«{}»: algo en esta conversación no es como debe ser. La aplicación dice qué.",
    devices: "Dispositivos de {}",
    device_since: "desde el {}",
    device_removed: "retirado",
    device_this: "este archivo se creó en él",
    with: "Con {}",
    alone: "Solo {}",
    readers: "Pueden leerla: {}",
    you: "tú",
    nothing: "Aquí no se escribió nada en este período.",
    began: "Comenzó la conversación. Pueden leerla: {}",
    added: "Pueden leer desde aquí: {}",
    removed: "Ya no pueden leer desde aquí: {}",
    named: "{} dio este nombre: {}",
    published: "{} publicó: {}",
    edited: "Cambiado por su autor, {}",
    earlier: "Texto anterior",
    taken_back: "Retirado por su autor.",
    taken_back_at: "Retirado {}",
    shown_from: "Visible para los demás desde {}",
    read: "{} dijo que esto se leyó, {}",
    brought: "Llevar a la sesión: {}, {}",
    held: "Guardado para la sesión: {}, {}",
    resending: "Esto aún no había llegado legible cuando se creó el archivo; su autor lo envía otra vez.",
    newer: "Esto se escribió con una versión más nueva de Sotto y no se pudo mostrar.",
    unreadable: "Esto no se pudo abrir: se cerró mal.",
    machine_title: "Para programas, y para comprobarlo",
    machine: "Lo mismo está otra vez en este archivo en forma legible por máquinas (JSON, en el elemento «record»), junto con lo que \
              firmó el dispositivo de cada autor: quién escribió qué, en qué orden, y que en medio no falta nada. La página \
              docs/EXPORT.md de Sotto dice cómo leerlo y qué demuestra.",
    roles: ["responsable", "terapeuta", "prescriptor", "recepción", "cliente", "responsable y terapeuta"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::too_many_lines, reason = "a list of fields")]
    fn sentences(words: &Words) -> Vec<&'static str> {
        // Every field; a new one does not compile until it is named here.
        let Words {
            weekdays,
            months,
            date_of,
            no_time,
            title,
            open_title,
            open,
            made,
            made_by,
            practice,
            times,
            period,
            period_whole,
            period_from,
            period_until,
            contains,
            conversations,
            messages,
            taken_back_count,
            settings,
            missing,
            missing_notes,
            missing_taken_back,
            missing_waiting,
            missing_part,
            missing_absent,
            missing_unsure,
            missing_doubt,
            devices,
            device_since,
            device_removed,
            device_this,
            with,
            alone,
            readers,
            you,
            nothing,
            began,
            added,
            removed,
            named,
            published,
            edited,
            earlier,
            taken_back,
            taken_back_at,
            shown_from,
            read,
            brought,
            held,
            resending,
            newer,
            unreadable,
            machine_title,
            machine,
            roles,
        } = words;
        let mut all = vec![
            *weekdays,
            months,
            date_of,
            no_time,
            title,
            open_title,
            open,
            made,
            made_by,
            practice,
            times,
            period,
            period_whole,
            period_from,
            period_until,
            contains,
            conversations,
            messages,
            taken_back_count,
            settings,
            missing,
            missing_notes,
            missing_taken_back,
            missing_waiting,
            missing_part,
            missing_absent,
            missing_unsure,
            missing_doubt,
            devices,
            device_since,
            device_removed,
            device_this,
            with,
            alone,
            readers,
            you,
            nothing,
            began,
            added,
            removed,
            named,
            published,
            edited,
            earlier,
            taken_back,
            taken_back_at,
            shown_from,
            read,
            brought,
            held,
            resending,
            newer,
            unreadable,
            machine_title,
            machine,
        ];
        all.extend(roles);
        all
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let (english, spanish) = (sentences(&EN), sentences(&ES));
        for (en, es) in english.iter().zip(&spanish) {
            assert_eq!(en.matches("{}").count(), es.matches("{}").count(), "{en} / {es}");
            assert!(en == &"" || en != es, "{en} is the same in both");
        }
        for words in [&EN, &ES] {
            assert_eq!(words.weekdays.split(' ').count(), 7);
            assert_eq!(words.months.split(' ').count(), 12);
        }
    }

    #[test]
    fn the_words_are_those_of_the_product() {
        for sentence in sentences(&EN) {
            let said = sentence.to_lowercase();
            for never in ["key", "verify", "verif", "seen", "streak", "score", "healed", "breakthrough"] {
                assert!(!said.contains(never), "{sentence} says {never}");
            }
        }
    }
}
