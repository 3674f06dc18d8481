//! Questions to the server that change nothing here.
//!
//! Owns asking for people, the owner's glance, and where notices go. Refuses to remember an answer: it is handed to
//! whoever listens. Invariant: every question ends in one event, even when the connection does.

use crate::client::Client;
use crate::io::{Event, Failure, Rejected};
use crate::session::Pending;
use sotto_protocol::frame::{ClientFrame, PushEndpoint, ServerBody};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    People,
    Glance,
    PushKey,
    PushTo(Option<PushEndpoint>),
    RequireFactors(bool),
}

impl Client {
    pub(crate) fn ask(&mut self, question: Question) -> Result<(), Rejected> {
        self.signed_in()?;
        let frame = question.clone();
        let asked = self.request(Pending::Question(question), |req| match frame {
            Question::People => ClientFrame::PeopleList { req },
            Question::Glance => ClientFrame::GlanceGet { req },
            Question::PushKey => ClientFrame::PushKeyGet { req },
            Question::PushTo(endpoint) => ClientFrame::PushPut { req, endpoint },
            Question::RequireFactors(required) => ClientFrame::FactorPolicyPut { req, required },
        });
        if asked.is_none() {
            self.event(Event::Failed(Failure::Unreachable));
        }
        Ok(())
    }

    /// An answer that fits its question; any other ends the connection.
    pub(crate) fn question_answered(&mut self, question: &Question, body: ServerBody) {
        let event = match (question, body) {
            (Question::People, ServerBody::People { people, .. }) => Event::People(people),
            (Question::Glance, ServerBody::Glance { tables, .. }) => Event::Glance(tables),
            (Question::PushKey, ServerBody::PushKey { key, .. }) => Event::PushKey(key),
            (Question::PushTo(_), ServerBody::Done { .. }) => Event::PushSet,
            (Question::RequireFactors(required), ServerBody::Done { .. }) => {
                Event::FactorsRequired(*required)
            }
            _ => return self.hang_up(),
        };
        self.event(event);
    }
}
