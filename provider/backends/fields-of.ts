import { ResponseShapeError } from "../errors";

/** Kinds of a field: a list holds anything, `id` is a text or a whole number, which becomes a text, and a `?` allows it to be missing or null. */
interface Kinds {
  readonly text: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly id: string;
  readonly list: readonly unknown[];
  readonly texts: readonly string[];
  readonly object: Readonly<Record<string, unknown>>;
}
type Kind = keyof Kinds;

/** What each field of an answer has to be, such as `{ id: "id", label: "text", expires: "number?" }`. */
export type AnswerForm = Readonly<Record<string, Kind | `${Kind}?`>>;

/** The fields of an answer that has the form. */
export type FieldsOf<Form extends AnswerForm> = {
  readonly [Name in keyof Form]: Form[Name] extends `${infer Optional extends Kind}?`
    ? Kinds[Optional] | undefined
    : Form[Name] extends Kind
      ? Kinds[Form[Name]]
      : never;
};

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasKind: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: isText,
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  // Of a larger number JSON loses digits, and the id would be another object's.
  id: (value) => isText(value) || Number.isSafeInteger(value),
  list: Array.isArray,
  texts: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  object: isObject,
};

/**
 * The named fields of a service's answer, each of its kind. Other fields are left out.
 *
 * @throws ResponseShapeError - names the field, and quotes nothing: the answer may hold a secret.
 */
export function fieldsOf<const Form extends AnswerForm>(answer: unknown, form: Form): FieldsOf<Form> {
  const fields = Object.entries(form).map(([name, given]) => {
    const kind = given.replace("?", "") as Kind;
    const value: unknown = isObject(answer) && Object.hasOwn(answer, name) ? answer[name] : undefined;
    if ((value === undefined || value === null) && given.endsWith("?")) return [name, undefined];
    if (!hasKind[kind](value))
      throw new ResponseShapeError(`The service gave no usable "${name}" (${kind}). Check the connection's url.`);
    return [name, kind === "id" ? String(value) : value];
  });
  return Object.fromEntries(fields) as FieldsOf<Form>;
}
