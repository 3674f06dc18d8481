//! What goes wrong in a run, and what people do in it.
//!
//! Owns the lanes by name and the rates that belong to each. Refuses to know how a fault is done.

/// A sort of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Nothing goes wrong but time.
    Calm,
    /// Connections, requests, clients, devices and the server fail at any moment.
    Rough,
    /// People come and go: readers added and removed from several sides, devices removed, eras age.
    Membership,
    /// The server is set back to an older copy of its data.
    Restore,
    /// Frames within a connection are lost, doubled and reordered.
    Torn,
    /// A reader is too slow for what is sent.
    Flood,
    /// The server lies to one device.
    Lying,
    /// Passwords are changed, sheets made and used, devices lost, and everything fails meanwhile.
    Ways,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 8] = [
        Self::Calm,
        Self::Rough,
        Self::Membership,
        Self::Restore,
        Self::Torn,
        Self::Flood,
        Self::Lying,
        Self::Ways,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Rough => "rough",
            Self::Membership => "membership",
            Self::Restore => "restore",
            Self::Torn => "torn",
            Self::Flood => "flood",
            Self::Lying => "lying",
            Self::Ways => "ways",
        }
    }

    /// The lane of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.name() == name)
    }

    /// The lane in which a seed runs unless one is named.
    pub fn of_seed(seed: u64) -> Self {
        const TURNS: [Lane; 8] = [
            Lane::Rough,
            Lane::Membership,
            Lane::Restore,
            Lane::Lying,
            Lane::Calm,
            Lane::Membership,
            Lane::Torn,
            Lane::Ways,
        ];
        // Floods are long, and one is like the other.
        if seed % 64 == 63 {
            return Self::Flood;
        }
        usize::try_from(seed % 8).ok().and_then(|turn| TURNS.get(turn)).copied().unwrap_or(Self::Rough)
    }

    /// How things fail.
    pub fn faults(self) -> Faults {
        let rough = Faults {
            delay_ms: 60,
            spike: 20,
            cut: 12,
            http_lost: 60,
            http_twice: 60,
            crash: 4,
            slow_disk: 100,
            ..Faults::NONE
        };
        match self {
            Self::Calm | Self::Flood | Self::Lying => Faults { slow_disk: 50, ..Faults::NONE },
            Self::Rough => rough,
            Self::Ways => Faults { crash: 8, http_lost: 120, ..rough },
            Self::Membership => Faults { cut: 4, crash: 2, http_lost: 20, http_twice: 20, ..rough },
            Self::Restore => Faults { cut: 4, crash: 1, http_lost: 10, http_twice: 10, ..rough },
            Self::Torn => Faults { torn: 15, crash: 1, cut: 2, ..rough },
        }
    }

    /// What people do, as weights.
    pub fn habits(self) -> Habits {
        let usual = Habits {
            acts: 60,
            write: 400,
            change: 200,
            offline: 40,
            crash: 30,
            wipe: 12,
            login: 12,
            invite: 30,
            revoke: 6,
            reuse: 6,
            remove_device: 10,
            own: 8,
            sync: 15,
            server_crash: 10,
            ..Habits::NONE
        };
        match self {
            Self::Calm => Habits { acts: 40, server_crash: 0, wipe: 4, crash: 0, offline: 0, ..usual },
            Self::Lying => Habits {
                server_crash: 0,
                wipe: 0,
                crash: 6,
                offline: 20,
                remove_device: 0,
                revoke: 0,
                ..usual
            },
            Self::Rough | Self::Torn => usual,
            Self::Membership => Habits {
                acts: 80,
                add_member: 80,
                remove_member: 40,
                remove_device: 30,
                jump: 12,
                login: 25,
                ..usual
            },
            Self::Restore => Habits {
                server_crash: 4,
                set_back: 60,
                acts: 80,
                invite: 8,
                reuse: 0,
                wipe: 2,
                login: 6,
                ..usual
            },
            Self::Ways => Habits {
                acts: 80,
                write: 250,
                change: 50,
                login: 60,
                change_password: 60,
                make_sheet: 40,
                recover: 40,
                lose_device: 60,
                ..usual
            },
            Self::Flood => Habits { acts: 12, flood: 300, write: 100, ..Habits::NONE },
        }
    }
}

/// Rates of faults, per mille unless named otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Longest usual delay of a message, milliseconds.
    pub delay_ms: u64,
    /// A delay of up to twenty seconds.
    pub spike: u64,
    /// A connection dies when a frame is sent on it.
    pub cut: u64,
    /// A request or its answer is lost.
    pub http_lost: u64,
    /// A request arrives twice.
    pub http_twice: u64,
    /// A client dies between two outputs.
    pub crash: u64,
    /// The local disk takes its time.
    pub slow_disk: u64,
    /// A frame within a connection is lost, doubled or overtaken, each.
    pub torn: u64,
}

impl Faults {
    /// Nothing fails.
    pub const NONE: Self =
        Self { delay_ms: 20, spike: 0, cut: 0, http_lost: 0, http_twice: 0, crash: 0, slow_disk: 0, torn: 0 };
}

/// How often people do what, as weights; `acts` is a number.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Acts in a run.
    pub acts: u64,
    /// Write a message.
    pub write: u64,
    /// Edit, take back, acknowledge, bring, hold, mark as read.
    pub change: u64,
    /// Lose the network for a while.
    pub offline: u64,
    /// The program dies.
    pub crash: u64,
    /// The device is wiped, its owner signs in again.
    pub wipe: u64,
    /// Sign in on one more device.
    pub login: u64,
    /// Invite somebody.
    pub invite: u64,
    /// Withdraw an invitation.
    pub revoke: u64,
    /// Join with an invitation that somebody has used.
    pub reuse: u64,
    /// Remove another device.
    pub remove_device: u64,
    /// Add a reader.
    pub add_member: u64,
    /// Remove a reader.
    pub remove_member: u64,
    /// Found a space of one's own.
    pub own: u64,
    /// Ask for everything to be sent and fetched.
    pub sync: u64,
    /// More than a week passes.
    pub jump: u64,
    /// The server loses power.
    pub server_crash: u64,
    /// The server is set back.
    pub set_back: u64,
    /// Hundreds of messages at once.
    pub flood: u64,
    /// Choose another password.
    pub change_password: u64,
    /// Make a recovery sheet.
    pub make_sheet: u64,
    /// Sign in with the recovery sheet on one more device.
    pub recover: u64,
    /// Remove another device as lost.
    pub lose_device: u64,
}

impl Habits {
    /// Nobody does anything.
    pub const NONE: Self = Self {
        acts: 0,
        write: 0,
        change: 0,
        offline: 0,
        crash: 0,
        wipe: 0,
        login: 0,
        invite: 0,
        revoke: 0,
        reuse: 0,
        remove_device: 0,
        add_member: 0,
        remove_member: 0,
        own: 0,
        sync: 0,
        jump: 0,
        server_crash: 0,
        set_back: 0,
        flood: 0,
        change_password: 0,
        make_sheet: 0,
        recover: 0,
        lose_device: 0,
    };
}
