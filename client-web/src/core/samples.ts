// Made by client-core (src/wire/samples.rs says how), checked against the types by the compiler.

import type { Command, Core, CoreError, Event } from './api';
import type { AccountView, Alarm, DeviceView, InvitationView, SpaceView, Strength } from './types';

export const account: AccountView = {
  "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
  "device": "04040404040404040404040404040404",
  "erasDue": 3,
  "factorDue": null,
  "factors": [
    {
      "app": true,
      "createdAt": 1800000000000,
      "id": "09090909090909090909090909090909"
    }
  ],
  "factorsSince": 1800000000000,
  "handle": "anna",
  "identity": "0808080808080808080808080808080808080808080808080808080808080808",
  "name": "Anna",
  "online": true,
  "origin": "https://practice.example",
  "passwordAt": 1800000000000,
  "passwordNeeded": false,
  "practice": "Practice",
  "removed": false,
  "role": "front_desk",
  "sheetAt": 1800000000000
};

export const spaces: SpaceView[] = [
  {
    "alarm": {
      "kind": "forked"
    },
    "attention": [
      {
        "authorName": "Anna",
        "body": {
          "kind": "text",
          "text": "Guten Abend"
        },
        "bring": true,
        "edited": true,
        "held": false,
        "id": {
          "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
          "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
        },
        "mine": false,
        "readBy": [
          "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
        ],
        "refused": false,
        "sentAt": 1800000000000,
        "seq": 3,
        "showAt": 1800000000090,
        "storedAt": 1800000000040
      }
    ],
    "complete": true,
    "confirmed": true,
    "draft": "Dear",
    "edit": {
      "target": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "text": "Guten Morgen"
    },
    "era": 1,
    "eraAt": 1800000000000,
    "head": "0202020202020202020202020202020202020202020202020202020202020202",
    "id": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    "last": {
      "authorName": "Anna",
      "body": {
        "kind": "takenBack"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [
        "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
      ],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": 3,
      "showAt": 1800000000090,
      "storedAt": 1800000000040
    },
    "member": true,
    "members": [
      {
        "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "me": false,
        "name": "Anna",
        "role": "client"
      },
      {
        "account": "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",
        "me": true,
        "name": null,
        "role": "owner_therapist"
      }
    ],
    "needsConsent": false,
    "partial": false,
    "seq": 9,
    "settings": [
      {
        "author": "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",
        "name": "availability",
        "sentAt": 1800000000000,
        "value": "{}"
      }
    ],
    "told": 70001,
    "total": 4,
    "unanswered": 1,
    "unread": 2,
    "verified": 70001,
    "waiting": 1
  },
  {
    "alarm": null,
    "attention": [
      {
        "authorName": "Anna",
        "body": {
          "kind": "text",
          "text": "Guten Abend"
        },
        "bring": true,
        "edited": true,
        "held": false,
        "id": {
          "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
          "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
        },
        "mine": false,
        "readBy": [
          "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
        ],
        "refused": false,
        "sentAt": 1800000000000,
        "seq": 3,
        "showAt": 1800000000090,
        "storedAt": 1800000000040
      }
    ],
    "complete": true,
    "confirmed": true,
    "draft": "Dear",
    "edit": null,
    "era": 1,
    "eraAt": null,
    "head": "0202020202020202020202020202020202020202020202020202020202020202",
    "id": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    "last": null,
    "member": true,
    "members": [
      {
        "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "me": false,
        "name": "Anna",
        "role": "client"
      },
      {
        "account": "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",
        "me": true,
        "name": null,
        "role": "owner_therapist"
      }
    ],
    "needsConsent": false,
    "partial": false,
    "seq": 9,
    "settings": [
      {
        "author": "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",
        "name": "availability",
        "sentAt": 1800000000000,
        "value": "{}"
      }
    ],
    "told": 70001,
    "total": 4,
    "unanswered": 1,
    "unread": 2,
    "verified": 70001,
    "waiting": 1
  }
];

export const page: ReturnType<Core['page']> = {
  "messages": [
    {
      "authorName": "Anna",
      "body": {
        "kind": "text",
        "text": "Guten Abend"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [
        "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
      ],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": 3,
      "showAt": 1800000000090,
      "storedAt": 1800000000040
    },
    {
      "authorName": "Anna",
      "body": {
        "kind": "takenBack"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [
        "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
      ],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": 3,
      "showAt": 1800000000090,
      "storedAt": 1800000000040
    },
    {
      "authorName": "Anna",
      "body": {
        "kind": "resending"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [
        "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
      ],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": 3,
      "showAt": 1800000000090,
      "storedAt": 1800000000040
    },
    {
      "authorName": "Anna",
      "body": {
        "kind": "newer"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [
        "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
      ],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": 3,
      "showAt": 1800000000090,
      "storedAt": 1800000000040
    },
    {
      "authorName": "Anna",
      "body": {
        "kind": "unreadable"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [
        "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
      ],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": 3,
      "showAt": 1800000000090,
      "storedAt": 1800000000040
    },
    {
      "authorName": null,
      "body": {
        "kind": "text",
        "text": "Waiting"
      },
      "bring": true,
      "edited": true,
      "held": false,
      "id": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "mine": false,
      "readBy": [],
      "refused": false,
      "sentAt": 1800000000000,
      "seq": null,
      "showAt": null,
      "storedAt": null
    }
  ],
  "start": 0,
  "total": 6
};

export const alarms: Alarm[] = [
  {
    "kind": "forked"
  },
  {
    "kind": "forged"
  },
  {
    "kind": "ruleBroken"
  },
  {
    "expected": 7,
    "have": 5,
    "kind": "withheld"
  },
  {
    "kind": "payloadWithheld"
  },
  {
    "kind": "setBack"
  },
  {
    "kind": "oldVault"
  },
  {
    "kind": "oldCard"
  },
  {
    "kind": "oldRoster"
  },
  {
    "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "identityChanged"
  },
  {
    "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "uninvited"
  },
  {
    "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "badEra"
  },
  {
    "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "badContent"
  },
  {
    "kind": "updateNeeded"
  }
];

export const devices: DeviceView[] = [
  {
    "addedAt": 1800000000000,
    "id": "04040404040404040404040404040404",
    "model": "Safari · iPhone",
    "name": "Phone",
    "removedIn": null,
    "this": true,
    "weeksAgo": null
  },
  {
    "addedAt": 1800000000000,
    "id": "04040404040404040404040404040404",
    "model": "Safari · iPhone",
    "name": "Phone",
    "removedIn": null,
    "this": false,
    "weeksAgo": 5
  },
  {
    "addedAt": 1800000000000,
    "id": "04040404040404040404040404040404",
    "model": "Safari · iPhone",
    "name": "Phone",
    "removedIn": 3,
    "this": false,
    "weeksAgo": 5
  }
];

export const invitations: InvitationView[] = [
  {
    "expiresAt": 1800000000000,
    "id": "03030303030303030303030303030303",
    "revoked": false,
    "role": "client",
    "usedBy": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
  },
  {
    "expiresAt": 1800000000000,
    "id": "03030303030303030303030303030303",
    "revoked": true,
    "role": "therapist",
    "usedBy": null
  }
];

export const strengths: Strength[] = [
  {
    "bits": 10,
    "kind": "weak"
  },
  {
    "bits": 45,
    "kind": "fair"
  },
  {
    "bits": 80,
    "kind": "strong"
  }
];

export const errors: CoreError[] = [
  {
    "code": "wrong_password"
  },
  {
    "code": "too_long",
    "max": 65536,
    "what": "The message"
  },
  {
    "code": "limit",
    "what": "open invitations"
  },
  {
    "code": "sheet_word",
    "max": 3
  },
  {
    "code": "sheet_count",
    "max": 7
  }
];

export const events: Event[] = [
  {
    "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "signedIn"
  },
  {
    "code": "handle_taken",
    "kind": "failed",
    "retryAfterMs": 500
  },
  {
    "code": "unreachable",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "code": "dishonest",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "code": "wrong_password",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "inviter": "Thera",
    "kind": "welcome",
    "note": "Hello",
    "practice": "Practice",
    "role": "client"
  },
  {
    "kind": "setupOpen"
  },
  {
    "id": "03030303030303030303030303030303",
    "kind": "invitation",
    "link": "https://…"
  },
  {
    "id": "03030303030303030303030303030303",
    "kind": "revoked"
  },
  {
    "id": {
      "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
    },
    "kind": "queued",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "id": {
      "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
    },
    "kind": "delivered",
    "seq": 4,
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "code": "take_back_too_late",
    "id": {
      "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
    },
    "kind": "refused",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "updated",
    "seq": 4,
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "spaceAdded",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "confirmed",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "readersChanged",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "added": [
      "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
    ],
    "by": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "kind": "eraBegan",
    "removed": [],
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "handedBack",
    "records": 3,
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "restored",
    "messages": 12,
    "spaces": 2
  },
  {
    "kind": "deviceRemoved"
  },
  {
    "device": "04040404040404040404040404040404",
    "kind": "deviceGone"
  },
  {
    "kind": "passwordChanged"
  },
  {
    "kind": "sheet",
    "madeAt": 1800000000000,
    "words": "babahab hifogid"
  },
  {
    "kind": "passwordNeeded"
  },
  {
    "kind": "reopened"
  },
  {
    "code": "wrong_sheet",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "code": "unanswered",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "kind": "factorNeeded",
    "passkey": "{\"challenge\":\"AQ\"}",
    "refused": null,
    "totp": true
  },
  {
    "kind": "factorNeeded",
    "passkey": null,
    "refused": "factor_refused",
    "totp": true
  },
  {
    "kind": "totpOffered",
    "secret": "GEZDGNBVGY3TQOJQ"
  },
  {
    "factors": [
      {
        "app": true,
        "createdAt": 1800000000000,
        "id": "09090909090909090909090909090909"
      }
    ],
    "kind": "factors"
  },
  {
    "kind": "factorRequired"
  },
  {
    "kind": "factorsRequired",
    "required": true
  },
  {
    "kind": "deviceIdle"
  },
  {
    "kind": "woken"
  },
  {
    "devices": [
      "04040404040404040404040404040404"
    ],
    "kind": "idleRemoved"
  },
  {
    "kind": "people",
    "people": [
      {
        "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "handle": "anna",
        "role": "client",
        "since": 1800000000000
      }
    ]
  },
  {
    "kind": "glance",
    "tables": [
      {
        "columns": [
          "id",
          "stored_at"
        ],
        "count": 12,
        "name": "records",
        "rows": [
          [
            "a1a1a1a1… (16 B)",
            "2027-01-15T08:00:00Z"
          ]
        ]
      }
    ]
  },
  {
    "key": "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ",
    "kind": "pushKey"
  },
  {
    "key": null,
    "kind": "pushKey"
  },
  {
    "kind": "pushSet"
  },
  {
    "contents": {
      "conversations": 1,
      "incomplete": 1,
      "messages": 12,
      "records": 31,
      "settings": 2,
      "takenBack": 1,
      "waiting": 0
    },
    "export": 1,
    "kind": "exportBegun"
  },
  {
    "done": 3,
    "export": 1,
    "kind": "exportPiece",
    "last": false,
    "of": 55,
    "piece": "<!doctype html>"
  },
  {
    "code": "record_changed",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "code": "record_unreadable",
    "kind": "failed",
    "retryAfterMs": null
  },
  {
    "kind": "synced"
  },
  {
    "kind": "online"
  },
  {
    "kind": "offline"
  },
  {
    "alarm": {
      "kind": "forked"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "forged"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "ruleBroken"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "expected": 7,
      "have": 5,
      "kind": "withheld"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "payloadWithheld"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "setBack"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "oldVault"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "oldCard"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "oldRoster"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "kind": "identityChanged"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "kind": "uninvited"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "kind": "badEra"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "account": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
      "kind": "badContent"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "updateNeeded"
    },
    "kind": "alarm",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "alarm": {
      "kind": "oldVault"
    },
    "kind": "alarm",
    "space": null
  }
];

export const commands: Command[] = [
  {
    "deviceName": "Laptop",
    "handle": "thera",
    "kind": "setup",
    "link": "https://practice.example/setup#AgcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHENaQGQ",
    "name": "Thera",
    "password": "lusab-bifom-gutih",
    "practice": "Practice",
    "role": "owner_therapist"
  },
  {
    "kind": "peek",
    "link": "https://practice.example/join#AQMDAwMDAwMDAwMDAwMDAwMFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGAAAAAXi26HM"
  },
  {
    "kind": "peekSetup",
    "link": "https://practice.example/setup#AgcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHENaQGQ"
  },
  {
    "deviceName": "Phone",
    "handle": "anna",
    "kind": "join",
    "link": "https://practice.example/join#AQMDAwMDAwMDAwMDAwMDAwMFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGAAAAAXi26HM",
    "name": "Anna",
    "password": "lusab-bifom-gutih",
    "sheet": true
  },
  {
    "deviceName": "Phone",
    "handle": "anna",
    "kind": "login",
    "origin": "https://practice.example",
    "password": "lusab-bifom-gutih"
  },
  {
    "kind": "invite",
    "note": "",
    "role": "front_desk",
    "ttlMs": 86400000
  },
  {
    "id": "03030303030303030303030303030303",
    "kind": "revoke"
  },
  {
    "draft": {
      "bring": false,
      "kind": "message",
      "showAt": null,
      "text": "Hello"
    },
    "id": null,
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "bring": true,
      "kind": "message",
      "showAt": 1800000000000,
      "text": "Tomorrow"
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "kind": "edit",
      "target": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      },
      "text": "Hello again"
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "kind": "takeBack",
      "target": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      }
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "kind": "acknowledge",
      "target": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      }
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "kind": "bring",
      "target": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      }
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "kind": "hold",
      "target": {
        "author": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "record": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d"
      }
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "draft": {
      "kind": "setting",
      "name": "availability",
      "value": "{}"
    },
    "id": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "kind": "write",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "keepDraft",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    "target": null,
    "text": "Dear"
  },
  {
    "kind": "keepDraft",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    "target": "1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d",
    "text": "Guten Morgen"
  },
  {
    "kind": "acceptReaders",
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "kind": "markRead",
    "seq": 4,
    "space": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
  },
  {
    "device": "04040404040404040404040404040404",
    "kind": "removeDevice",
    "password": "lusab-bifom-gutih"
  },
  {
    "devices": [
      "04040404040404040404040404040404"
    ],
    "kind": "removeLost",
    "new": "tugad-mosup-hinob",
    "password": "lusab-bifom-gutih"
  },
  {
    "deviceName": "Phone",
    "handle": "anna",
    "kind": "recover",
    "new": "tugad-mosup-hinob",
    "origin": "https://practice.example",
    "words": "babidum famugom hidijib kinulab mofinar popurir sugitog vuruzug"
  },
  {
    "kind": "changePassword",
    "new": "tugad-mosup-hinob",
    "password": "lusab-bifom-gutih"
  },
  {
    "kind": "makeSheet",
    "password": "lusab-bifom-gutih"
  },
  {
    "kind": "sheetKept"
  },
  {
    "kind": "reopen",
    "password": "tugad-mosup-hinob"
  },
  {
    "device": "04040404040404040404040404040404",
    "kind": "renameDevice",
    "name": "The old phone"
  },
  {
    "kind": "wake",
    "password": "lusab-bifom-gutih"
  },
  {
    "code": "287 082",
    "kind": "showCode"
  },
  {
    "assertion": "{}",
    "kind": "showPasskey"
  },
  {
    "kind": "stopFactor"
  },
  {
    "kind": "offerTotp"
  },
  {
    "code": "287082",
    "kind": "addTotp",
    "password": "lusab-bifom-gutih"
  },
  {
    "id": "09090909090909090909090909090909",
    "kind": "removeFactor",
    "password": "lusab-bifom-gutih"
  },
  {
    "kind": "requireFactors",
    "required": true
  },
  {
    "kind": "foundOwn"
  },
  {
    "kind": "people"
  },
  {
    "kind": "glance"
  },
  {
    "kind": "pushKey"
  },
  {
    "endpoint": "https://push.example/a",
    "kind": "pushTo"
  },
  {
    "endpoint": null,
    "kind": "pushTo"
  },
  {
    "form": "html",
    "from": 1800000000000,
    "kind": "export",
    "language": "es",
    "spaces": [
      "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
    ],
    "until": null,
    "zone": {
      "name": "Europe/Madrid",
      "offsets": [
        {
          "from": 0,
          "minutes": 60
        }
      ]
    }
  },
  {
    "form": "json",
    "from": null,
    "kind": "export",
    "language": "en",
    "spaces": null,
    "until": null,
    "zone": {
      "name": "UTC",
      "offsets": []
    }
  },
  {
    "export": 1,
    "kind": "exportMore"
  },
  {
    "export": 1,
    "kind": "exportStop"
  },
  {
    "kind": "sync"
  }
];
