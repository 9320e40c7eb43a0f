import { quoted, quotedList } from "../inert";
import { pluginRelease } from "../ours";
import { canonicalJson } from "../canonical";
import { sha256 } from "../sha256";
import type { ProjectEdit } from "../file-parts";
import type { Problem, Rule, RuleContext } from "./rule";

/** A preview says what the reviewed code would do. This rule tells that the deployment would run other code, or with other credentials. */
export const otherCode: Rule = {
  id: "SR032",
  title: "the engine would run other code, or with other credentials",
  level: "block",
  needs: "command",
  concerns: "stack",
  help: "Read what the file names as you would read a script that gets the job's credentials: a plugin's folder, a registry, an environment, another program. Once somebody has, waive the finding for the stack with the `code` that it names: another edit needs another waiver.",
  check: (context) => [
    ...(context.projectEdits ?? [])
      .filter(({ stack }) => stack === undefined || stack === context.stack)
      .map((edit) => problem(edit, context)),
    ...otherReleases(context),
    ...Object.entries(context.config)
      .filter(([name]) => namesThePlugin.has(name))
      .map((entry) => configured(entry, context)),
  ],
};

/** Settings that the engine reads as the place of the plugin's program where a program names no version of the plugin. */
const namesThePlugin: ReadonlySet<string> = new Set(
  ["name", "version", "pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"].map(
    (setting) => `apikeys:${setting}`,
  ),
);

function configured([name, value]: readonly [string, unknown], { stackUrn, projectFile }: RuleContext): Problem {
  const code = sha256(canonicalJson(value));
  return {
    urn: stackUrn,
    subject: name,
    code,
    message: `the stack's config has ${quoted(name)}, which may decide which plugin the engine runs (${quoted(`code: ${code}`)})`,
    location: projectFile,
  };
}

/** A program may name the release of the plugin that runs a resource, an old one too. */
function otherReleases({ units, changes, stackUrn, projectFile }: RuleContext): Problem[] {
  const providersAt = (at: "before" | "after") =>
    new Map(changes.flatMap((change) => (change[at] ? [[change[at].urn, change[at]] as const] : [])));
  const [old, next] = [providersAt("before"), providersAt("after")];
  const used = new Set(units.flatMap(({ before }) => (before ? (pluginRelease(before.state, old) ?? []) : [])));
  const groups = Map.groupBy(units, ({ after }) => (after ? pluginRelease(after.state, next) : undefined));
  return [...groups].flatMap(([release, followers]): Problem[] => {
    if (release === undefined || used.size === 0 || used.has(release)) return [];
    const names = quotedList(followers.map(({ name }) => name).sort(), 5);
    const code = sha256(release);
    return [
      {
        urn: stackUrn,
        subject: `plugin ${release}`,
        code,
        ...([...used].every((before) => isLater(release, before)) ? { level: "warn" } : {}),
        message: `${followers.length} resource(s), ${names}, would be run by the plugin's release ${quoted(release)}; so far ${quotedList([...used])} (${quoted(`code: ${code}`)})`,
        location: projectFile,
      },
    ];
  });
}

/** By its three numbers. What has none is no later release. */
function isLater(release: string, than: string): boolean {
  const [a, b] = [release, than].map((text) => /^(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number) ?? []);
  const at = a?.findIndex((number, index) => number !== b?.[index]) ?? -1;
  return at >= 0 && b?.length === 3 && Number(a?.[at]) > Number(b[at]);
}

function problem({ file, parts, code, level }: ProjectEdit, { stackUrn }: RuleContext): Problem {
  const what =
    parts.length === 0
      ? "is added, removed, or in no form that the review reads for certain"
      : `has another ${quotedList(parts, 5)} by this change`;
  return {
    urn: stackUrn,
    subject: file,
    code,
    level,
    message: `${quoted(file)} ${what}; it decides which code runs, and with which credentials (${quoted(`code: ${code}`)})`,
    location: { file, line: 1 },
  };
}
