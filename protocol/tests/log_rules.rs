//! Each rule of "What may stand where" in `docs/PROTOCOL.md`, with a record that breaks exactly it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

mod support;

use sotto_protocol::card::{Card, CardDevice, VerifiedCard};
use sotto_protocol::codec;
use sotto_protocol::ids::{
    ApprovalId, DeviceId, EraId, EraNumber, Hash, Head, RecordId, Seq, SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::log::{Effect, Refusal};
use sotto_protocol::record::{Approval, Cause, Drop, EraBody, Kind, Seen};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::Signed;
use support::log::{Draft, Space, anna, approval, approval_by, frieda, petra, thera};
use support::people::Person;
use support::samples::{AT, no_signature};

fn rule(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Rule(text) => text,
        other => panic!("not a rule: {other:?}"),
    }
}

/// The next card: the first device is removed, a second one takes its place.
fn without_first_device(person: &Person) -> VerifiedCard {
    let card = person.card_of(2, |card: &mut Card| {
        let first = card.devices.remove(0);
        let second = CardDevice {
            id: DeviceId([0xEE; 16]),
            key: Person::new(0xE0).device_public(),
            added_in: Version(2),
            ..first.clone()
        };
        card.devices.extend([CardDevice { removed_in: Some(Version(2)), ..first }, second]);
    });
    VerifiedCard::verify(person.sign_object(&card)).unwrap()
}

/// The next card with the same devices.
fn next_card(person: &Person) -> VerifiedCard {
    person.card(2)
}

// 1. Authenticity.

#[test]
fn what_the_rules_allow_is_admitted() {
    let mut space = Space::founded();
    space.append(&space.join(&anna(), &thera()));
    space.append(&space.content(&thera()));
    let dropped = space.content(&anna());
    space.append(&dropped);
    let body = Drop { target: dropped.header.id, payload_hash: dropped.header.payload_hash };
    space.append(&space.draft(&anna(), Kind::Drop, codec::encode(&body)));
    space.append(&space.era(&thera(), Cause::Age, |_| {}));
    space.append(&space.era(&anna(), Cause::Void, |_| {}));
    space.learn(next_card(&anna()));
    let raised = space.pin(&anna(), Role::Client, 2);
    space.append(&space.era(&thera(), Cause::Card, |body| {
        body.members.iter_mut().filter(|m| m.account == anna().account).for_each(|m| *m = raised.clone());
    }));
    space.append(&space.removing(&anna(), &thera()));
    assert_eq!(space.state.seq(), Seq(9));
    assert_eq!(space.state.era().unwrap().number, EraNumber(4));
}

#[test]
fn a_payload_is_the_one_signed() {
    let space = Space::founded();
    let mut draft = space.content(&anna());
    draft.payload.push(0);
    assert_eq!(space.refusal(&draft), Refusal::PayloadMismatch);
}

#[test]
fn content_may_come_without_payload_but_an_era_may_not() {
    let space = Space::founded();
    assert!(space.judge_signed(&space.content(&anna()).sign().without_payload()).is_ok());
    let era = space.era(&anna(), Cause::Age, |_| {}).sign().without_payload();
    assert_eq!(space.judge_signed(&era).unwrap_err(), Refusal::PayloadMissing);
}

#[test]
fn a_card_as_new_as_the_header_says_is_needed() {
    let space = Space::founded();
    let draft = space.content(&anna()).header(|h| h.card_version = Version(2));
    let unknown = Refusal::CardUnknown { account: anna().account, version: Version(2) };
    assert_eq!(space.refusal(&draft), unknown);
}

#[test]
fn a_device_is_on_the_card() {
    let space = Space::founded();
    let draft = space.content(&anna()).header(|h| h.device = thera().device);
    assert_eq!(space.refusal(&draft), Refusal::DeviceNotListed);
}

#[test]
fn a_device_was_active_at_the_card_version() {
    let mut space = Space::founded();
    space.learn(without_first_device(&anna()));
    let draft = space.content(&anna()).header(|h| h.card_version = Version(2));
    assert_eq!(space.refusal(&draft), Refusal::DeviceNotListed);
}

#[test]
fn a_header_is_signed_by_its_device_under_its_label() {
    let space = Space::founded();
    let draft = space.content(&anna());
    let header = codec::encode(&draft.header);
    for signature in [
        no_signature(),
        thera().sign_device(Label::SignHeader, &header),
        anna().sign_device(Label::SignEphemeral, &header),
        anna().sign_device(Label::SignHeader, &header[1..]),
    ] {
        let record = draft.with(header.clone(), signature);
        assert_eq!(space.judge_signed(&record).unwrap_err(), Refusal::Forged);
    }
}

// 2. Space and kind.

#[test]
fn a_record_names_this_space() {
    let space = Space::founded();
    let draft = space.content(&anna()).header(|h| h.space = SpaceId([9; 16]));
    assert_eq!(space.refusal(&draft), Refusal::Malformed("another space"));
}

#[test]
fn an_unknown_kind_asks_for_an_update() {
    for (kind, code) in [(Kind::Unknown(900), 900), (Kind::Rejoin, 5)] {
        let draft = Space::founded().draft(&anna(), kind, vec![0xF6]);
        assert_eq!(Space::founded().refusal(&draft), Refusal::KindUnknown(code));
    }
    let first = Space::new().draft(&anna(), Kind::Unknown(900), vec![0xF6]);
    assert_eq!(Space::new().refusal(&first), Refusal::KindUnknown(900));
}

// 3. Founding.

fn founding(members: &[(&Person, Role)], change: impl FnOnce(&mut EraBody)) -> (Space, Draft) {
    let space = Space::new();
    let draft = space.founding(&anna(), members, change);
    (space, draft)
}

#[test]
fn a_space_begins_with_an_era() {
    let space = Space::new();
    assert_eq!(rule(&space.refusal(&space.content(&anna()))), "a space begins with an era");
    let (space, draft) = founding(&[(&anna(), Role::Client)], |_| {});
    let draft = draft.header(|h| h.era = EraId([1; 32]));
    assert_eq!(rule(&space.refusal(&draft)), "a space begins with an era");
}

#[test]
fn a_founding_era_has_nothing_before_it() {
    let consent = approval(1);
    let changes: [&dyn Fn(&mut EraBody); 5] = [
        &|body| body.prev = EraId([1; 32]),
        &|body| body.number = EraNumber(1),
        &|body| body.cause = Cause::Age,
        &|body| body.approvals = vec![consent.clone()],
        &|body| body.suite = 2,
    ];
    for change in changes {
        let (space, draft) = founding(&[(&anna(), Role::Client), (&thera(), Role::Therapist)], change);
        assert_eq!(space.refusal(&draft), Refusal::Malformed("founding era"));
    }
}

#[test]
fn a_founder_has_seen_nothing_yet() {
    let (space, draft) = founding(&[(&anna(), Role::Client)], |_| {});
    for seen in
        [Seen { seq: Seq(1), head: draft.header.seen.head }, Seen { seq: Seq(0), head: Head([1; 32]) }]
    {
        let draft = draft.clone().header(|h| h.seen = seen);
        assert_eq!(space.refusal(&draft), Refusal::SeenElsewhere);
    }
}

#[test]
fn a_founder_is_a_member_under_her_own_identity() {
    let (space, draft) = founding(&[(&thera(), Role::Therapist)], |_| {});
    assert_eq!(space.refusal(&draft), Refusal::NotMember);
    let (space, draft) = founding(&[(&anna(), Role::Client)], |body| {
        body.members[0].identity = thera().identity();
    });
    assert_eq!(space.refusal(&draft), Refusal::IdentityChanged);
}

#[test]
fn a_founder_pins_cards_that_exist_and_do_not_remove_her_device() {
    let members: [(&Person, Role); 2] = [(&anna(), Role::Client), (&thera(), Role::Therapist)];
    let (space, draft) = founding(&members, |body| body.members[0].card_version = Version(7));
    let unknown = Refusal::CardUnknown { account: thera().account, version: Version(7) };
    assert_eq!(space.refusal(&draft), unknown);
    let (space, draft) = founding(&members, |body| body.members[0].card_hash = Hash([1; 32]));
    assert_eq!(rule(&space.refusal(&draft)), "the era pins a card nobody else knows");
    let (space, draft) = founding(&members, |body| body.members[0].identity = petra().identity());
    assert_eq!(space.refusal(&draft), Refusal::IdentityChanged);
    let mut space = Space::new();
    space.learn(without_first_device(&anna()));
    let pinned = space.pin(&anna(), Role::Client, 2);
    let draft = space.founding(&anna(), &[(&anna(), Role::Client)], |body| body.members = vec![pinned]);
    assert_eq!(space.refusal(&draft), Refusal::DeviceNotListed);
}

#[test]
fn only_some_roles_share_a_space() {
    // Who may stand beside whom; the rows are the founder's roles.
    let fits = |a: Role, b: Role| match (a, b) {
        (Role::Client, other) | (other, Role::Client) => other.treats(),
        (Role::Owner | Role::OwnerTherapist, other) | (other, Role::Owner | Role::OwnerTherapist) => {
            matches!(other, Role::Therapist | Role::Prescriber | Role::FrontDesk)
        }
        (Role::Therapist | Role::Prescriber | Role::FrontDesk, _) => false,
    };
    for mine in Role::ALL {
        let (space, draft) = founding(&[(&anna(), mine)], |_| {});
        assert!(space.judge(&draft).is_ok(), "{mine:?} alone");
        for other in Role::ALL {
            let (space, draft) = founding(&[(&anna(), mine), (&thera(), other)], |_| {});
            match space.judge(&draft) {
                Ok(_) => assert!(fits(mine, other), "{mine:?} with {other:?}"),
                Err(refusal) => {
                    assert_eq!(rule(&refusal), "these roles cannot share a space");
                    assert!(!fits(mine, other), "{mine:?} with {other:?}");
                }
            }
        }
    }
    let three = [(&anna(), Role::Client), (&thera(), Role::Therapist), (&petra(), Role::Prescriber)];
    let (space, draft) = founding(&three, |_| {});
    assert_eq!(rule(&space.refusal(&draft)), "a space is founded by one or two");
}

// 4. Author.

#[test]
fn an_author_is_a_member_with_the_same_identity() {
    let mut space = Space::founded();
    assert_eq!(space.refusal(&space.content(&petra())), Refusal::NotMember);
    // The same account under other keys: what a server would make of it.
    let mut other = Person::new(0x90);
    (other.account, other.device) = (anna().account, anna().device);
    space.learn(other.card(2));
    assert_eq!(space.refusal(&space.content(&other)), Refusal::IdentityChanged);
}

#[test]
fn a_device_removed_in_the_pinned_card_writes_nothing_more() {
    let mut space = Space::founded();
    space.learn(without_first_device(&anna()));
    // Until an era pins that card, the log itself lets the old device in (the server does not).
    assert!(space.judge(&space.content(&anna())).is_ok());
    let pinned = space.pin(&anna(), Role::Client, 2);
    space.append(&space.era(&thera(), Cause::Card, |body| {
        body.members.iter_mut().filter(|m| m.account == anna().account).for_each(|m| *m = pinned.clone());
    }));
    assert_eq!(space.refusal(&space.content(&anna())), Refusal::DeviceNotListed);
}

#[test]
fn a_record_is_written_for_the_current_era() {
    let mut space = Space::founded();
    let content = space.content(&anna());
    space.append(&space.era(&thera(), Cause::Age, |_| {}));
    let current = space.state.era().unwrap().id;
    assert_eq!(space.refusal(&content), Refusal::StaleEra { current });
    let ahead = space.content(&anna()).header(|h| h.era = EraId([1; 32]));
    assert_eq!(space.refusal(&ahead), Refusal::StaleEra { current });
}

// 5. Seen.

#[test]
fn what_was_seen_lies_on_this_chain() {
    let mut space = Space::founded();
    space.append(&space.content(&thera()));
    let earlier = space.content(&anna()).header(|h| {
        h.seen = Seen { seq: Seq::ZERO, head: sotto_protocol::hash::head_zero(h.space) };
    });
    assert!(space.judge(&earlier).is_ok());
    let elsewhere = space.content(&anna()).header(|h| h.seen.head = Head([1; 32]));
    assert_eq!(space.refusal(&elsewhere), Refusal::SeenElsewhere);
    let shifted = space.content(&anna()).header(|h| h.seen.seq = Seq(1));
    assert_eq!(space.refusal(&shifted), Refusal::SeenElsewhere);
    let ahead = space.content(&anna()).header(|h| h.seen.seq = Seq(3));
    assert_eq!(space.refusal(&ahead), Refusal::SeenAhead);
    let far = space.content(&anna()).header(|h| h.seen.seq = Seq(u64::MAX));
    assert_eq!(space.refusal(&far), Refusal::SeenAhead);
}

#[test]
fn a_record_stands_once() {
    let mut space = Space::founded();
    let content = space.content(&anna());
    space.append(&content);
    assert_eq!(rule(&space.refusal(&content)), "this record stands in the log already");
    let other = space.content(&anna()).header(|h| h.id = content.header.id);
    assert_eq!(rule(&space.refusal(&other)), "this record stands in the log already");
    // Ids are chosen by authors, each for herself.
    let hers = space.content(&thera()).header(|h| h.id = content.header.id);
    assert!(space.judge(&hers).is_ok());
}

// 6. Eras.

fn changed(cause: Cause, change: impl FnOnce(&mut EraBody)) -> Refusal {
    let space = Space::founded();
    space.refusal(&space.era(&thera(), cause, change))
}

#[test]
fn an_era_continues_the_current_one() {
    let space = Space::founded();
    let current = space.state.era().unwrap().id;
    assert_eq!(changed(Cause::Age, |b| b.prev = EraId([1; 32])), Refusal::StaleEra { current });
    let malformed = Refusal::Malformed("era number or suite");
    assert_eq!(changed(Cause::Age, |b| b.number = EraNumber(2)), malformed);
    assert_eq!(changed(Cause::Age, |b| b.number = EraNumber(0)), malformed);
    assert_eq!(changed(Cause::Age, |b| b.suite = 2), malformed);
    assert_eq!(changed(Cause::Founding, |_| {}), Refusal::Malformed("a founding era comes first"));
}

#[test]
fn the_members_of_an_era_are_sorted_and_each_has_a_wrap() {
    let unsorted = changed(Cause::Age, |b| b.members.reverse());
    assert_eq!(unsorted, Refusal::Malformed("era"));
    let twice = changed(Cause::Age, |b| b.members.push(b.members[1].clone()));
    assert_eq!(twice, Refusal::Malformed("era"));
    assert_eq!(changed(Cause::Membership, |b| b.members.clear()), Refusal::Malformed("era"));
    let space = Space::founded();
    let mut body = EraBody::parse(&space.era(&thera(), Cause::Age, |_| {}).payload).unwrap();
    body.sealed.pop();
    let draft = space.draft(&thera(), Kind::Era, codec::encode(&body));
    assert_eq!(space.refusal(&draft), Refusal::Malformed("era"));
}

#[test]
fn the_maker_of_an_era_stays_in_it() {
    let space = Space::founded();
    for author in [anna(), thera()] {
        let refusal = space.refusal(&space.removing(&author, &author));
        assert_eq!(rule(&refusal), "the maker of an era stays in it");
    }
}

#[test]
fn role_and_identity_of_a_member_stay() {
    let role = changed(Cause::Age, |b| b.members[0].role = Role::OwnerTherapist);
    assert_eq!(rule(&role), "a role cannot change");
    let identity = changed(Cause::Age, |b| b.members[1].identity = petra().identity());
    assert_eq!(identity, Refusal::IdentityChanged);
}

#[test]
fn a_pin_never_goes_back() {
    let mut space = Space::founded();
    space.learn(next_card(&anna()));
    let (old, new) = (space.pin(&anna(), Role::Client, 1), space.pin(&anna(), Role::Client, 2));
    space.append(&space.era(&thera(), Cause::Card, |body| body.members[1] = new));
    let back = space.era(&thera(), Cause::Age, |body| body.members[1] = old);
    assert_eq!(rule(&space.refusal(&back)), "an era cannot pin an older card");
}

#[test]
fn a_pin_has_hash_and_identity_of_that_card() {
    let unknown = Refusal::CardUnknown { account: thera().account, version: Version(9) };
    assert_eq!(changed(Cause::Card, |b| b.members[0].card_version = Version(9)), unknown);
    let other = changed(Cause::Age, |b| b.members[0].card_hash = Hash([1; 32]));
    assert_eq!(rule(&other), "the era pins a card nobody else knows");
}

#[test]
fn a_removed_device_cannot_pin_the_card_that_removed_it() {
    let mut space = Space::founded();
    space.learn(without_first_device(&thera()));
    let pinned = space.pin(&thera(), Role::Therapist, 2);
    let draft = space.era(&thera(), Cause::Card, |body| body.members[0] = pinned);
    assert_eq!(space.refusal(&draft), Refusal::DeviceNotListed);
}

#[test]
fn the_cause_fits_the_change() {
    let misfit = "the cause of the era does not fit what it changes";
    assert_eq!(rule(&changed(Cause::Membership, |_| {})), misfit);
    assert_eq!(rule(&changed(Cause::Card, |_| {})), misfit);
    let space = Space::with_prescriber();
    for cause in [Cause::Card, Cause::Age, Cause::Void] {
        let removing =
            space.era(&anna(), cause.clone(), |b| b.members.retain(|m| m.account != petra().account));
        assert_eq!(rule(&space.refusal(&removing)), misfit);
    }
    let space = Space::founded();
    for cause in [Cause::Card, Cause::Age, Cause::Void] {
        let adding = space.era(&anna(), cause.clone(), |body| {
            body.members.insert(0, space.pin(&petra(), Role::Prescriber, 1));
            body.approvals = vec![approval(1)];
        });
        assert_eq!(rule(&space.refusal(&adding)), misfit);
    }
}

#[test]
fn age_and_void_eras_may_raise_pins() {
    for cause in [Cause::Age, Cause::Void] {
        let mut space = Space::founded();
        space.learn(next_card(&anna()));
        let raised = space.pin(&anna(), Role::Client, 2);
        let draft = space.era(&thera(), cause, |body| body.members[1] = raised);
        assert!(space.judge(&draft).is_ok());
    }
}

#[test]
fn who_may_remove_whom() {
    let cannot = "this member cannot be removed by the author";
    let space = Space::founded();
    assert_eq!(rule(&space.refusal(&space.removing(&thera(), &anna()))), cannot);
    let space = Space::with_prescriber();
    assert!(space.judge(&space.removing(&anna(), &thera())).is_ok());
    assert!(space.judge(&space.removing(&thera(), &petra())).is_ok());
    assert_eq!(rule(&space.refusal(&space.removing(&petra(), &anna()))), cannot);
    // An owner and her front desk.
    let mut space = Space::new();
    let both = [(&anna(), Role::Owner), (&frieda(), Role::FrontDesk)];
    space.append(&space.founding(&anna(), &both, |_| {}));
    assert_eq!(rule(&space.refusal(&space.removing(&frieda(), &anna()))), cannot);
    assert!(space.judge(&space.removing(&anna(), &frieda())).is_ok());
}

// 6. Approvals.

fn adding_prescriber(approvals: &[Signed<Approval>]) -> Refusal {
    let space = Space::founded();
    space.refusal(&space.adding(&thera(), &[(&petra(), Role::Prescriber)], approvals))
}

#[test]
fn every_new_reader_has_one_approval() {
    let space = Space::founded();
    assert_eq!(rule(&adding_prescriber(&[])), "every new reader needs one approval");
    let two = [approval(1), approval(2)];
    assert_eq!(rule(&adding_prescriber(&two)), "every new reader needs one approval");
    let nobody = space.era(&thera(), Cause::Age, |body| body.approvals = vec![approval(1)]);
    assert_eq!(rule(&space.refusal(&nobody)), "every new reader needs one approval");
}

#[test]
fn two_approvals_of_one_reader_do_not_let_a_second_in() {
    let space = Space::founded();
    let people = [(&petra(), Role::Prescriber), (&frieda(), Role::Therapist)];
    let draft = space.adding(&thera(), &people, &[approval(1), approval(2)]);
    assert_eq!(rule(&space.refusal(&draft)), "every new reader needs one approval");
}

#[test]
fn an_approval_is_used_once() {
    let mut space = Space::with_prescriber();
    space.append(&space.removing(&anna(), &petra()));
    let again = space.adding(&thera(), &[(&petra(), Role::Prescriber)], &[approval(1)]);
    assert_eq!(rule(&space.refusal(&again)), "this approval was used before");
    let fresh = space.adding(&thera(), &[(&petra(), Role::Prescriber)], &[approval(2)]);
    assert!(space.judge(&fresh).is_ok());
    // Twice in one era.
    let space = Space::founded();
    let second = approval_by(&anna(), |a| {
        (a.account, a.identity, a.role) = (frieda().account, frieda().identity(), Role::Therapist);
    });
    let people = [(&petra(), Role::Prescriber), (&frieda(), Role::Therapist)];
    let draft = space.adding(&thera(), &people, &[approval(1), second]);
    assert_eq!(rule(&space.refusal(&draft)), "this approval was used before");
}

#[test]
fn an_approval_holds_between_two_instants() {
    let space = Space::founded();
    let timed = |starts: u64, ends: u64| {
        approval_by(&anna(), |a| (a.starts_at, a.expires_at) = (AT.plus(starts), AT.plus(ends)))
    };
    for (starts, ends) in [(1, 1000), (0, 0)] {
        assert_eq!(
            rule(&adding_prescriber(&[timed(starts, ends)])),
            "the approval is not valid at this time"
        );
    }
    let draft = space.adding(&thera(), &[(&petra(), Role::Prescriber)], &[timed(0, 1)]);
    assert!(space.judge(&draft).is_ok());
}

#[test]
fn an_approval_names_space_account_identity_and_role() {
    let changes: [&dyn Fn(&mut Approval); 4] = [
        &|a| a.space = SpaceId([9; 16]),
        &|a| a.account = frieda().account,
        &|a| a.identity = frieda().identity(),
        &|a| a.role = Role::Therapist,
    ];
    for change in changes {
        let refusal = adding_prescriber(&[approval_by(&anna(), change)]);
        assert_eq!(rule(&refusal), "the approval names somebody else");
    }
}

#[test]
fn only_the_client_approves_in_a_space_with_one() {
    let by_therapist = approval_by(&thera(), |_| {});
    assert_eq!(rule(&adding_prescriber(&[by_therapist])), "this member cannot approve a new reader");
    let by_stranger = approval_by(&petra(), |_| {});
    assert_eq!(rule(&adding_prescriber(&[by_stranger])), "the approver is not a member");
    let forged = approval_by(&thera(), |a| a.approver = anna().account);
    assert_eq!(adding_prescriber(&[forged]), Refusal::Forged);
}

#[test]
fn without_a_client_who_treats_or_owns_approves() {
    for (mine, other, may) in [
        (Role::Owner, Role::FrontDesk, true),
        (Role::OwnerTherapist, Role::Prescriber, true),
        (Role::FrontDesk, Role::Owner, false),
    ] {
        let mut space = Space::new();
        let both = [(&anna(), mine), (&frieda(), other)];
        space.append(&space.founding(&anna(), &both, |_| {}));
        let draft = space.adding(&anna(), &[(&petra(), Role::Prescriber)], &[approval(1)]);
        match space.judge(&draft) {
            Ok(admission) => assert!(may && matches!(admission.effect, Effect::Era(..))),
            Err(refusal) => {
                assert!(!may && rule(&refusal) == "this member cannot approve a new reader");
            }
        }
    }
}

#[test]
fn only_who_treats_is_added_to_a_care_space_and_a_client_nowhere() {
    let space = Space::founded();
    for role in Role::ALL {
        let consent = approval_by(&anna(), |a| a.role = role);
        let judged = space.judge(&space.adding(&thera(), &[(&petra(), role)], &[consent]));
        match judged {
            Ok(_) => assert!(role.treats()),
            Err(refusal) => {
                assert!(!role.treats() && rule(&refusal) == "this role cannot be added as a reader");
            }
        }
    }
    let mut space = Space::new();
    space.append(&space.founding(&anna(), &[(&anna(), Role::OwnerTherapist)], |_| {}));
    let consent = approval_by(&anna(), |a| (a.id, a.role) = (ApprovalId([3; 16]), Role::Client));
    let draft = space.adding(&anna(), &[(&petra(), Role::Client)], &[consent]);
    assert_eq!(rule(&space.refusal(&draft)), "this role cannot be added as a reader");
}

// 7. Drop and join.

fn drop_of(target: &Draft) -> Vec<u8> {
    codec::encode(&Drop { target: target.header.id, payload_hash: target.header.payload_hash })
}

#[test]
fn a_drop_names_content_of_its_author() {
    let mut space = Space::founded();
    let founding_id = RecordId([1; 16]);
    let content = space.content(&anna());
    space.append(&content);
    let judge = |author: &Person, payload: Vec<u8>| space.judge(&space.draft(author, Kind::Drop, payload));
    assert!(matches!(judge(&anna(), drop_of(&content)).unwrap().effect, Effect::Drop(_)));
    assert_eq!(judge(&thera(), drop_of(&content)).unwrap_err(), Refusal::TargetUnknown);
    let absent = Drop { target: RecordId([0x99; 16]), payload_hash: content.header.payload_hash };
    assert_eq!(judge(&anna(), codec::encode(&absent)).unwrap_err(), Refusal::TargetUnknown);
    let other_hash = Drop { target: content.header.id, payload_hash: Hash([1; 32]) };
    assert_eq!(judge(&anna(), codec::encode(&other_hash)).unwrap_err(), Refusal::TargetUnknown);
    let founding =
        Space::new().founding(&anna(), &[(&anna(), Role::Client), (&thera(), Role::Therapist)], |_| {});
    assert_eq!(founding.header.id, founding_id);
    assert_eq!(judge(&anna(), drop_of(&founding)).unwrap_err(), Refusal::TargetUnknown);
    assert_eq!(judge(&anna(), vec![0xF6]).unwrap_err(), Refusal::Malformed("drop"));
}

#[test]
fn a_join_is_the_second_record_and_the_founders() {
    let only = "only the founder joins, with the second record";
    let mut space = Space::founded();
    assert_eq!(rule(&space.refusal(&space.join(&thera(), &anna()))), only);
    assert_eq!(rule(&space.refusal(&space.join(&anna(), &petra()))), only);
    let malformed = space.draft(&anna(), Kind::Join, vec![0xF6]);
    assert_eq!(space.refusal(&malformed), Refusal::Malformed("join"));
    space.append(&space.join(&anna(), &thera()));
    assert_eq!(rule(&space.refusal(&space.join(&anna(), &thera()))), only);
    let mut space = Space::founded();
    space.append(&space.content(&anna()));
    assert_eq!(rule(&space.refusal(&space.join(&anna(), &thera()))), only);
}

// The state itself.

#[test]
fn a_state_goes_through_storage_unchanged() {
    let mut space = Space::with_prescriber();
    space.append(&space.removing(&anna(), &petra()));
    let bytes = codec::encode(&space.state);
    space.state = codec::decode(&bytes, "state").unwrap();
    let again = space.adding(&thera(), &[(&petra(), Role::Prescriber)], &[approval(1)]);
    assert_eq!(rule(&space.refusal(&again)), "this approval was used before");
    assert!(space.judge(&space.content(&anna())).is_ok());
}
