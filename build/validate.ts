import { CelEngine, type Engine, TemplateFile } from "@aws/cloudformation-validate";

const TEMPLATE = ".serverless/cloudformation-template-update-stack.json";

/** What AWS's own validator objects to: errors, and values outside an enumeration. */
export function objectionsTo(file: string, engine: Engine): string[] {
  // osls writes out dependencies that already follow from references.
  const { diagnostics } = engine.validateStandard(new TemplateFile(file), { exclude: { ids: ["W3005"] } });
  return diagnostics
    .filter(({ severity, ruleId }) => severity === "FATAL" || severity === "ERROR" || ruleId === "W3030")
    .map(({ ruleId, message }) => `${ruleId} ${message}`);
}

if (import.meta.main) {
  const objections = objectionsTo(TEMPLATE, new CelEngine());
  for (const objection of objections) console.error(objection);
  process.exitCode = objections.length > 0 ? 1 : 0;
}
