import { minuteMs } from "../values/durations";
import type { ScopeFacts } from "../scopes";
import type { Vendor } from "./vendor";
import { factsOf, type WordsOf, wordsOf } from "./words";

/** The subjects of scopes, by the verbs that they have. */
const subjects = {
  "create delete read update": [
    "access_settings.whitelist alerts api_keys asm.groups billing categories ips.pools ips.pools.ips ips.warmup mail.batch",
    "marketing_campaigns subusers subusers.credits subusers.credits.remaining subusers.monitor suppression",
    "suppression.blocks suppression.bounces suppression.invalid_emails suppression.spam_reports suppression.unsubscribes",
    "teammates templates templates.versions templates.versions.activate user.email user.multifactor_authentication",
    "user.scheduled_sends user.webhooks.parse.settings whitelabel",
  ],
  "read update": [
    "mail_settings.address_whitelist mail_settings.bounce_purge mail_settings.footer mail_settings.forward_bounce",
    "mail_settings.forward_spam mail_settings.plain_content mail_settings.template partner_settings.new_relic",
    "tracking_settings.click tracking_settings.google_analytics tracking_settings.open tracking_settings.subscription",
    "user.password user.profile user.settings.enforced_tls user.timezone user.username user.webhooks.event.settings",
  ],
  read: [
    "access_settings.activity browsers.stats categories.stats categories.stats.sums clients.desktop.stats",
    "clients.phone.stats clients.stats clients.tablet.stats clients.webmail.stats devices.stats email_activity geo.stats",
    "ips ips.assigned mail_settings mailbox_providers.stats partner_settings stats stats.global subusers.reputations",
    "subusers.stats subusers.stats.monthly subusers.stats.sums subusers.summary tracking_settings user.account",
    "user.credits user.webhooks.parse.stats",
  ],
  "create read update": ["user.webhooks.event.test"],
  send: ["mail"],
} as const;

type Subjects = typeof subjects;
type Permission = {
  [Verbs in keyof Subjects]: `${WordsOf<Subjects[Verbs][number]>}.${WordsOf<Verbs>}`;
}[keyof Subjects];

const permissions = Object.entries(subjects).flatMap(([verbs, lines]) =>
  wordsOf(lines).flatMap((subject) => verbs.split(" ").map((verb) => `${subject}.${verb}` as Permission)),
);

/** Every permission in SendGrid's list. */
const scopes = {
  ...factsOf(permissions, {}),
  // A key that can change keys can give itself every scope.
  "api_keys.create": { level: "admin", mintsKeys: true },
  "api_keys.update": { level: "admin", mintsKeys: true },
  // Someone who can add a teammate, or become one, gets that teammate's keys.
  "teammates.create": { level: "admin" },
  "teammates.update": { level: "admin" },
  "subusers.create": { level: "admin" },
  "user.password.update": { level: "admin" },
  "user.multifactor_authentication.update": { level: "admin" },
  "user.multifactor_authentication.delete": { level: "admin" },
} as const satisfies Readonly<Record<string, ScopeFacts>>;

export const sendgrid = {
  name: "sendgrid",
  defaultUrl: "https://api.sendgrid.com",
  capabilities: {
    parent: "credential",
    // `PUT` could widen a key in place; here every change replaces the key.
    scopes: "mutable",
    // The key's id is the part between the dots.
    secret: { shape: "(?<prefix>SG\\.)(?<id>[A-Za-z0-9_-]{22})\\.[A-Za-z0-9_-]{43}" },
    rename: true,
    maxActiveKeys: 100,
    absence: "status",
    // "Some small propagation delay": SendGrid does not document how long.
    revocationLagMs: minuteMs,
    // The longest name is not documented.
    limits: { nameLength: 64 },
  },
  /**
   * SendGrid's list of permissions (https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions). Accounts
   * have more than it lists, so any other word of that form is accepted too.
   */
  catalogue: {
    scopes,
    open: { pattern: "^[a-z0-9_]+(\\.[a-z0-9_]+)+$", example: "mail.send" },
  },
} as const satisfies Vendor;
