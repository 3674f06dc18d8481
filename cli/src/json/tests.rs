use super::*;
use sotto_protocol::ids::{EraNumber, Version};
use sotto_protocol::link::Origin;
use sotto_protocol::roster::Role;
use sotto_protocol::sign::PublicKey;

pub(crate) fn space_view() -> SpaceView {
    let member = |byte, name: &str, role, me| MemberView {
        account: AccountId([byte; 16]),
        name: Some(name.into()),
        role,
        me,
    };
    SpaceView {
        id: SpaceId([5; 16]),
        members: vec![
            member(1, "Client", Role::Client, true),
            member(2, "Therapist", Role::Therapist, false),
        ],
        confirmed: true,
        member: true,
        unread: 2,
        unanswered: 1,
        waiting: 0,
        needs_consent: false,
        seq: Seq(4),
        head: Head([6; 32]),
        era: EraNumber(1),
        alarm: None,
        total: 0,
        last: None,
        attention: Vec::new(),
        settings: Vec::new(),
        era_at: None,
        draft: String::new(),
        edit: None,
        complete: true,
        partial: false,
        verified: 70_001,
        told: 70_001,
    }
}

pub(crate) fn message_view() -> MessageView {
    MessageView {
        id: MessageId { author: AccountId([1; 16]), record: RecordId([9; 16]) },
        seq: Some(Seq(3)),
        author_name: Some("Client".into()),
        mine: true,
        sent_at: Millis(1_772_460_605_123),
        stored_at: Some(Millis(1_772_460_605_200)),
        show_at: None,
        body: BodyView::Text("hello".into()),
        edited: true,
        read_by: vec![AccountId([2; 16])],
        bring: false,
        held: false,
        refused: false,
    }
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_message_has_this_shape() {
    let expected = serde_json::json!({
        "space": "05".repeat(16),
        "id": "09".repeat(16),
        "seq": 3,
        "author": "01".repeat(16),
        "author_name": "Client",
        "mine": true,
        "sent_at": "2026-03-02T14:10:05.123Z",
        "sent_at_ms": 1_772_460_605_123_u64,
        "stored_at": "2026-03-02T14:10:05.200Z",
        "stored_at_ms": 1_772_460_605_200_u64,
        "text": "hello",
        "edited": true,
        "taken_back": false,
        "read_by": ["02".repeat(16)],
        "bring": false,
        "held": false,
        "state": "delivered",
    });
    assert_eq!(json(&MessageJson::new(SpaceId([5; 16]), &message_view())), expected);
}

#[test]
fn a_message_tells_its_state_and_why_it_has_no_text() {
    let shape = |change: fn(&mut MessageView)| {
        let mut view = message_view();
        change(&mut view);
        json(&MessageJson::new(SpaceId([5; 16]), &view))
    };
    let waiting = shape(|view| view.seq = None);
    assert_eq!((&waiting["state"], &waiting["seq"]), (&"waiting".into(), &serde_json::Value::Null));
    assert_eq!(shape(|view| view.refused = true)["state"], "refused");
    let taken_back = shape(|view| view.body = BodyView::TakenBack);
    assert_eq!((&taken_back["taken_back"], &taken_back["text"]), (&true.into(), &serde_json::Value::Null));
    for (body, problem) in
        [(BodyView::Resending, "resending"), (BodyView::Newer, "newer"), (BodyView::Unreadable, "unreadable")]
    {
        let mut view = message_view();
        view.body = body;
        let shaped = json(&MessageJson::new(SpaceId([5; 16]), &view));
        assert_eq!((&shaped["problem"], &shaped["text"]), (&problem.into(), &serde_json::Value::Null));
    }
}

#[test]
fn a_space_has_this_shape() {
    let mut view = space_view();
    view.alarm = Some(Alarm::Uninvited(AccountId([2; 16])));
    let shaped = json(&SpaceJson::from(&view));
    assert_eq!(shaped["members"][1]["role"], "therapist");
    assert_eq!(shaped["members"][0]["me"], true);
    assert_eq!(shaped["unread"], 2);
    assert_eq!(shaped["alarm"]["kind"], "uninvited");
    assert_eq!(shaped["alarm"]["account"], "02".repeat(16));
    assert_eq!(shaped["era"], 1);
}

#[test]
fn an_invitation_tells_what_became_of_it() {
    let open = InvitationView {
        id: InvitationId([3; 16]),
        role: Role::FrontDesk,
        expires_at: Millis(1000),
        used_by: None,
        revoked: false,
    };
    let state = |view: &InvitationView, now| InvitationJson::new(view, Millis(now)).state;
    assert_eq!(state(&open, 999), "open");
    assert_eq!(state(&open, 1000), "expired");
    assert_eq!(state(&InvitationView { revoked: true, ..open.clone() }, 2000), "revoked");
    assert_eq!(state(&InvitationView { used_by: Some(AccountId([4; 16])), ..open.clone() }, 2000), "used");
    assert_eq!(json(&InvitationJson::new(&open, Millis(0)))["role"], "front-desk");
}

#[test]
fn an_account_and_a_device_have_these_shapes() {
    let account = AccountView {
        account: AccountId([1; 16]),
        handle: Handle::parse("thera").unwrap(),
        device: DeviceId([2; 16]),
        role: Role::OwnerTherapist,
        practice: "P".into(),
        name: "T".into(),
        origin: Origin::parse("https://practice.example").unwrap(),
        identity: PublicKey([3; 32]),
        online: true,
        removed: false,
        password_needed: false,
        password_at: None,
        eras_due: 0,
        sheet_at: None,
        factors: Vec::new(),
        factors_since: None,
        factor_due: None,
    };
    let expected = serde_json::json!({
        "account": "01".repeat(16), "handle": "thera", "name": "T", "role": "owner-therapist", "practice": "P",
        "identity": "03".repeat(32), "device": "02".repeat(16), "server": "https://practice.example",
        "removed": false,
    });
    assert_eq!(json(&AccountJson::from(&account)), expected);

    let device = DeviceView {
        id: DeviceId([2; 16]),
        name: "laptop".into(),
        this: true,
        added_at: Millis(0),
        removed_in: Some(Version(2)),
        model: "laptop".into(),
        weeks_ago: Some(5),
    };
    assert!(DeviceJson::new(&DeviceView { removed_in: None, ..device.clone() }, true).removed);
    assert!(!DeviceJson::new(&DeviceView { removed_in: None, this: false, ..device.clone() }, true).removed);
    let expected = serde_json::json!({
        "id": "02".repeat(16), "name": "laptop", "this": true, "added_at": "1970-01-01T00:00:00.000Z",
        "added_at_ms": 0, "removed": true, "weeks_ago": 5,
    });
    assert_eq!(json(&DeviceJson::new(&device, false)), expected);
}
