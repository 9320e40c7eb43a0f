/** `pulumi-apikeys/backend`: everything that your own backend needs. */
export { connectionFields, type ConnectionField } from "./backends/connection-fields";
export { everyPage } from "./backends/every-page";
export { type AnswerForm, type FieldsOf, fieldsOf } from "./backends/fields-of";
export { halfMade } from "./backends/half-made";
export { parseAnswer } from "./backends/parse-answer";
export { secondsToLive } from "./backends/seconds-to-live";
export { unlessGone } from "./backends/unless-gone";
export { defined } from "./values/defined";
export { checkClient } from "./backends/check-client";
export { defineBackend } from "./backends/define-backend";
export type * from "./backends/definition";
export * from "./errors";
export { createHttpClient } from "./http/client";
export { path, type HttpMethod, type HttpRequest, type HttpResponse } from "./http/request";
export { redact } from "./secrets/redact";
export type { ScopeCatalogue, ScopeFacts, ScopeLevel } from "./scopes";
export { formatTime, normaliseTime, parseTime } from "./values/times";
export { fingerprintOf } from "./values/fingerprint";
