import { Refusal } from "../http/answer";
import type { Dialect } from "../http/dialect";

/** Laravel's form: a message and, for validation, the problems of every field. */
export const pulseapiDialect: Dialect = {
  problem: (status, message) => ({ status, body: { message } }),
  invalid: ({ field, problem }) => {
    const message = `The ${field.replace("_", " ")} field ${problem}.`;
    return { status: 422, body: { message, errors: { [field]: [message] } } };
  },
};

export function refusal(status: number, message: string): Refusal {
  return new Refusal(pulseapiDialect.problem(status, message));
}
