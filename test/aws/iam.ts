/** The part of IAM's language that our roles and the deployer's policy use. What isn't known here is an error, never an allowance. */
export interface Statement {
  Effect: "Allow" | "Deny";
  Action: string | readonly string[];
  Resource: string | readonly string[];
  Condition?: Record<string, Record<string, string | readonly string[]>>;
}

/** Somebody does something to each of the resources. */
export interface Call {
  caller: string;
  /** `service:Operation` */
  action: string;
  resources: readonly string[];
  /** What conditions may ask for. */
  context?: Record<string, readonly string[]> | undefined;
}

/** The resources on which the call isn't allowed. */
export function refused(statements: readonly Statement[], call: Call): string[] {
  return call.resources.filter((resource) => {
    const matching = statements.filter((statement) => matches(statement, call, resource));
    return matching.length === 0 || matching.some(({ Effect }) => Effect === "Deny");
  });
}

/** The actions that no call needs, as `action on resources`: without any one of them, all would be allowed that is allowed now. */
export function unneeded(statements: readonly Statement[], all: readonly Call[]): string[] {
  const calls = all.filter((call) => refused(statements, call).length === 0);
  return statements.flatMap((statement, index) =>
    listed(statement.Action).flatMap((action) => {
      const without = statements.map((other, place) =>
        place === index ? { ...other, Action: listed(other.Action).filter((it) => it !== action) } : other,
      );
      const isNeeded = calls.some((call) => refused(without, call).length > 0);
      return isNeeded ? [] : [`${action} on ${listed(statement.Resource).join(", ")}`];
    }),
  );
}

function matches({ Action, Resource, Condition = {} }: Statement, call: Call, resource: string): boolean {
  return (
    listed(Action).some((pattern) => isLike(pattern.toLowerCase(), call.action.toLowerCase())) &&
    listed(Resource).some((pattern) => isLike(pattern, resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => isMet(operator, call.context?.[key], listed(wanted))),
    )
  );
}

function isMet(operator: string, given: readonly string[] | undefined, wanted: readonly string[]): boolean {
  switch (operator) {
    case "StringEquals":
      return (given ?? []).some((value) => wanted.includes(value));
    case "ForAllValues:StringEquals":
      return (given ?? []).every((value) => wanted.includes(value));
    default:
      throw new Error(`the condition ${operator} can't be judged`);
  }
}

function isLike(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

const listed = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);
