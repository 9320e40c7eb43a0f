// The contract suite, as node's own test runner runs it for scripts/live.
import { describeBackend } from "../../dist/testing/index.js";
import { harnessOf } from "./vendors.mjs";

const { vendor, fields, url } = JSON.parse(process.env.APIKEYS_LIVE);
const token = process.env.APIKEYS_LIVE_TOKEN;

describeBackend(vendor, async () => ({ ...harnessOf(vendor), url, token, close: async () => undefined }), fields);
