// The contract suite, as node's own test runner runs it for scripts/live.
import { createRequire } from "node:module";
import { harnessOf } from "./vendors.mjs";

const { describeBackend } = createRequire(import.meta.url)("../../dist/testing/index.js");
const { vendor, fields, url } = JSON.parse(process.env.APIKEYS_LIVE);
const token = process.env.APIKEYS_LIVE_TOKEN;

describeBackend(vendor, async () => ({ ...harnessOf(vendor), url, token, close: async () => undefined }), fields);
